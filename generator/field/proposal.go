package field

import (
	"slices"
	"strings"

	"github.com/banyan-go/banyan/generator/name"
)

// Refuse returns an Error about a field, with a proposal: what is left of the field when words are taken away until the rest is taken, or exchanged for
// those that were meant. The words without are not in it.
func Refuse(text, reason string, without ...string) *Error {
	fieldName, rest, _ := strings.Cut(text, ":")
	typeText, modText := splitType(rest)
	proposal := fieldName + ":" + meantType(typeText)
	switch short := strings.TrimSuffix(fieldName, "_id") + ":" + meantType(typeText); { // a name may say that nobody is to read the value
	case taken(proposal):
	case taken(short):
		proposal = short
	case strings.HasSuffix(fieldName, "password"):
		proposal = fieldName + ":" + string(Password)
	case secretName(fieldName):
		proposal += ":secret"
	}
	mods := slices.DeleteFunc(splitMods(modText), func(mod string) bool { return slices.Contains(without, mod) })
	for found := true; found; { // one that was in the way of nothing but the order of words fits the next time
		found = false
		for i, mod := range mods {
			joint := ":"
			if strings.Count(proposal, ":") > 1 {
				joint = ","
			}
			for _, meant := range meantMods(mod) {
				if longer := proposal + joint + meant; short(longer) && taken(longer) {
					proposal, mods, found = longer, slices.Delete(mods, i, i+1), true
					break
				}
			}
			if found {
				break
			}
		}
	}
	return &Error{Field: text, Reason: reason, Proposal: proposal}
}

// splitType separates a type from its modifiers, also where a comma joins them: "image=thumb.320,max=5MiB".
func splitType(text string) (typeText, modText string) {
	typeText, modText, _ = strings.Cut(text, ":")
	before, after, _ := strings.Cut(typeText, ",")
	first, _, _ := strings.Cut(after, ",")
	if word, _, _ := strings.Cut(first, "="); slices.Contains(Modifiers(), word) {
		return before, strings.TrimSuffix(after+","+modText, ",")
	}
	return typeText, modText
}

func taken(text string) bool {
	_, err := parse(text)
	return err == nil
}

// short reports whether a field can stand in a message: on a line with a reason, in characters that every terminal has.
func short(text string) bool {
	return len(text) <= 80 && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// meantType returns the type that somebody meant who wrote this.
func meantType(text string) string {
	if short(text) && taken("title:"+text) {
		return text
	}
	word, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(text)), "=")
	switch word, _, _ = strings.Cut(word, "("); word {
	case "boolean":
		return string(Bool)
	case "integer", "number", "int32", "smallint":
		return string(Int)
	case "bigint", "long":
		return string(Int64)
	case "double", "real", "float64", "float32":
		return string(Float)
	case "decimal", "numeric":
		return string(Decimal) + "=12.2"
	case "datetime", "timestamp", "timestamptz":
		return string(Time)
	case "blob", "binary", "bytea":
		return string(Bytes)
	case "jsonb", "object", "map":
		return string(JSON)
	case "guid", "id":
		return string(UUID)
	case "ref", "belongs_to", "references":
		return string(Ref) + "=post"
	case "xref":
		return string(XRef) + "=accounts.user"
	case "enum":
		return string(Enum) + "=draft+published"
	case "image", "picture", "photo":
		return string(Image) + "=thumb.320+hero.1280"
	case "upload", "attachment", "document":
		return string(File)
	}
	if slices.Contains(Types(), Type(word)) {
		return word
	}
	return string(String)
}

// meantMods returns what somebody may have meant who wrote this modifier, the nearest first.
func meantMods(mod string) []string {
	word, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(mod)), "=")
	if word == "" {
		return nil
	}
	meant := []string{mod, word}
	switch word {
	case "hidden":
		meant = append(meant, "hidden,null")
	case "max":
		meant = append(meant, strings.Replace(mod, "MB", "MiB", 1))
	case "types":
		if types := meantTypes(strings.TrimPrefix(mod, word)); types != "" {
			meant = append(meant, "types="+types)
		}
	case "filter", "sort", "unique", "index":
		meant = append(meant, word+",max=255")
	}
	return meant
}

// shown writes a proposal into a message.
func shown(proposal string) string {
	if strings.ContainsAny(proposal, ` "'&;|*?~#%!<>()[]`) {
		return name.Quote(proposal)
	}
	return proposal
}

// renamed proposes another name for a field that has one in common with others.
func renamed(f Field, others []Field) string {
	_, rest, _ := strings.Cut(Refuse(f.Text, "").Proposal, ":")
	for _, end := range []string{"_2", "_3", "_4", "_5", "_6", "_7", "_8", "_9"} {
		snake := f.Name.Snake[:min(len(f.Name.Snake), 22)]
		g, err := parse(strings.TrimRight(snake, "_") + end + ":" + rest)
		if err == nil && !slices.ContainsFunc(others, g.clashes) {
			return g.Text
		}
	}
	return "title:" + rest
}
