package name

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Error is a name that was refused.
type Error struct {
	What     string // "module", "resource", "field", "application"
	Name     string
	Reason   string
	Proposal string // a name that would be taken
}

// Error returns one line.
func (e *Error) Error() string {
	return fmt.Sprintf("%s name %s: %s; try %s", e.What, Quote(e.Name), e.Reason, e.Proposal)
}

// Quote writes what a person typed into a message: on one line, in visible characters, and cut when it is long.
func Quote(s string) string {
	const most = 60
	for n := min(len(s), most); ; n-- {
		quoted := strconv.QuoteToASCII(s[:n])
		switch {
		case len(quoted) > most+len(`""`):
		case n < len(s):
			return quoted + "..."
		default:
			return quoted
		}
	}
}

// CheckModule refuses what cannot be the name of a module: of a Go package, a prefix of tables, a part of a path.
func CheckModule(s string) error { return check("module", s, badModule, "catalog") }

// CheckResource refuses what cannot be the name of a resource.
func CheckResource(s string) error { return check("resource", s, badResource, "product") }

// CheckField refuses what cannot be the name of a field.
func CheckField(s string) error { return check("field", s, badField, "title") }

// CheckRelation refuses what cannot be the name of a field that refers to a resource. It may be a reserved word of SQL: its column has _id at the
// end.
func CheckRelation(s string) error { return check("field", s, badRelation, "author") }

// CheckMany refuses what cannot be the name of the other side of a relation, a list that refers to a resource. It has no column at all.
func CheckMany(s string) error { return check("field", s, badMember, "comments") }

// CheckApp refuses what cannot be the name of an application: of a binary, a folder, a module path's last element.
func CheckApp(s string) error { return check("application", s, badApp, "shop") }

// check proposes, for a bad name, the first of its proposals, or of theirs, that is no bad name itself, and else the example.
func check(what, s string, bad func(string) (reason string, proposals []string), example string) error {
	reason, proposals := bad(s)
	if reason == "" {
		return nil
	}
	for tries := 10; tries > 0 && len(proposals) > 0; tries-- { // a proposal may lead back to where it came from
		p := proposals[0]
		again, more := bad(p)
		if again == "" {
			return &Error{What: what, Name: s, Reason: reason, Proposal: p}
		}
		proposals = append(proposals[1:], more...)
	}
	return &Error{What: what, Name: s, Reason: reason, Proposal: example}
}

// The lengths of a name. With the longest of each, a table and its module stay below the 63 bytes at which PostgreSQL cuts names. Names of
// one letter are those of variables in the generated code.
const (
	minLength = 2
	maxLength = 24
)

var (
	moduleSyntax = regexp.MustCompile(`^[a-z][a-z0-9]*$`)
	snakeSyntax  = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	appSyntax    = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
)

func badModule(s string) (reason string, proposals []string) {
	switch {
	case len(s) > maxLength:
		return tooLong(s, "")
	case !moduleSyntax.MatchString(s):
		return "has to be letters a to z and digits, beginning with a letter", []string{squeeze(s, "")}
	case len(s) < minLength:
		return tooShort, nil
	case reserved(s):
		return needed, []string{s + "s", "my" + s}
	case slices.Contains(tables(), s):
		return "begins the names of tables that the framework or the database has itself", []string{s + "s", "my" + s}
	case strings.HasSuffix(s, "wire"), strings.HasSuffix(s, "event") && s != "event":
		return "looks like the folder of another module's wiring or events", []string{s + "s"}
	case strings.HasSuffix(s, "test"):
		return "looks like a test package", []string{s + "s"}
	}
	return "", nil
}

func badResource(s string) (reason string, proposals []string) {
	i := strings.LastIndexByte(s, '_')
	switch {
	case len(s) > maxLength:
		return tooLong(s, "_")
	case !snakeSyntax.MatchString(s):
		return "has to be words of letters a to z and digits, joined by _", []string{squeeze(s, "_")}
	case len(s) < minLength:
		return tooShort, nil
	case i > 0 && suffixOfFile(s[i+1:]):
		return "ends like a file that Go builds on some systems or in tests only", []string{s + "_item", s[:i]}
	case reserved(strings.ReplaceAll(s, "_", "")), slices.Contains(files(), strings.ReplaceAll(s, "_", "")):
		return needed, []string{s + "_item"}
	}
	if one, ok := singularOf(s[i+1:]); ok {
		return "is a plural", []string{s[:i+1] + one}
	}
	return "", nil
}

func badField(s string) (reason string, proposals []string) {
	if reason, proposals := badMember(s); reason != "" {
		return reason, proposals
	}
	if reservedColumn(s) {
		return "is a reserved word of SQL", []string{s + "_value"}
	}
	return "", nil
}

func badRelation(s string) (reason string, proposals []string) {
	if len(s) > maxLength-len("_id") {
		return fmt.Sprintf("is longer than %d characters, with the _id that its column gets", maxLength), []string{squeeze(s[:min(len(s), maxLength-len("_id"))], "_")}
	}
	return badMember(s)
}

// badMember is what is bad of any name in JSON and Go.
func badMember(s string) (reason string, proposals []string) {
	switch {
	case len(s) > maxLength:
		return tooLong(s, "_")
	case !snakeSyntax.MatchString(s):
		return "has to be words of letters a to z and digits, joined by _", []string{squeeze(s, "_")}
	case StandardField(s):
		return "is one of the fields that every resource has", []string{"own_" + s}
	case New(s).Pascal == "TableName":
		return "would clash with a method of the generated code", []string{"own_" + s}
	}
	return "", nil
}

// StandardField reports whether Go would have one name for s and for a field that every resource has: i_d is ID.
func StandardField(s string) bool {
	return slices.ContainsFunc([]string{"id", "version", "created_at", "updated_at", "deleted_at", "bucket"}, func(standard string) bool {
		return New(standard).Pascal == New(s).Pascal
	})
}

func badApp(s string) (reason string, proposals []string) {
	switch {
	case len(s) > maxLength:
		return tooLong(s, "-")
	case !appSyntax.MatchString(s):
		return "has to be words of letters a to z and digits, joined by -", []string{squeeze(s, "-")}
	case slices.Contains([]string{"banyan", "go", "test", "internal", "vendor", "main"}, s):
		return "is the name of something else", []string{s + "-app"}
	}
	return "", nil
}

const (
	needed   = "is a word that Go, or the generated code, needs itself"
	tooShort = "is a single letter"
)

func tooLong(s, joint string) (reason string, proposals []string) {
	return fmt.Sprintf("is longer than %d characters", maxLength), []string{squeeze(s, joint)}
}

// squeeze makes a name of what is written in another way, or too long: "UnitPrice" becomes unit_price.
func squeeze(s, joint string) string {
	var words []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	previous := rune(0)
	for _, r := range s {
		switch {
		case r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
		case unicode.IsUpper(r) && unicode.IsLower(previous):
			flush()
			fallthrough
		default:
			word.WriteRune(unicode.ToLower(r))
		}
		previous = r
	}
	flush()
	all := strings.TrimLeft(strings.Join(words, joint), "0123456789_-")
	return strings.TrimRight(all[:min(len(all), maxLength)], "_-")
}
