package plan

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// textRules are the limits of a text. The zero value is not useful: see readTextRules.
type textRules struct {
	minLength, maxLength int // in code points; -1: none
	pattern              *regexp.Regexp
	format               string
	wellFormed           func(string) bool
	enum                 map[string]string // each word to itself
	enumText             string
}

// readTextRules takes minLength, maxLength and pattern and adds them to the schema, which must not have them yet.
func readTextRules(w *words, s *Schema) (r textRules, err error) {
	if s.MinLength != "" || s.MaxLength != "" || s.Pattern != "" {
		for _, key := range []string{"minLength", "maxLength", "pattern"} {
			if text, ok := w.take(key); ok {
				return r, w.wrong(key, text, "the type itself says how its text looks")
			}
		}
	}
	r.minLength, r.maxLength, err = w.span("minLength", "maxLength")
	if err != nil {
		return r, err
	}
	if r.minLength >= 0 {
		s.MinLength = strconv.Itoa(r.minLength)
	}
	if r.maxLength >= 0 {
		s.MaxLength = strconv.Itoa(r.maxLength)
	}
	text, ok := w.take("pattern")
	if !ok {
		return r, nil
	}
	if why := unportable(text); why != "" {
		return r, w.wrong("pattern", text, why)
	}
	if r.pattern, err = regexp.Compile(text); err != nil {
		return r, w.wrong("pattern", text, err.Error())
	}
	s.Pattern = text
	return r, nil
}

func (r *textRules) readFormat(w *words, s *Schema) error {
	name, ok := w.take("format")
	if !ok {
		return nil
	}
	if r.wellFormed = formatCheck(name); r.wellFormed == nil {
		return w.wrong("format", name, "the formats that are checked are "+strings.Join(formats(), " "))
	}
	r.format, s.Format = name, name
	return nil
}

// readEnum comes last: the words of the enum have to keep the other rules.
func (r *textRules) readEnum(w *words, s *Schema) error {
	values, err := w.enum()
	if err != nil || values == nil {
		return err
	}
	enum := make(map[string]string, len(values))
	for _, v := range values {
		if p := r.check(v); p.found() {
			return w.wrong("enum", v, p.detail)
		}
		enum[v] = v
		s.Enum = append(s.Enum, appendString(nil, v))
	}
	r.enum, r.enumText = enum, strings.Join(values, ", ")
	return nil
}

// any reports whether there is a rule at all.
func (r *textRules) any() bool {
	return r.minLength > 0 || r.maxLength >= 0 || r.pattern != nil || r.wellFormed != nil || r.enum != nil
}

func (r *textRules) check(s string) problem {
	switch {
	case r.minLength > 0 && !hasLength(s, r.minLength):
		return problem{CodeMinLength, "must be at least " + plural(r.minLength, "character") + " long"}
	case r.maxLength >= 0 && hasLength(s, r.maxLength+1):
		return problem{CodeMaxLength, "must be at most " + plural(r.maxLength, "character") + " long"}
	case r.pattern != nil && !r.pattern.MatchString(s):
		return problem{CodePattern, "must match the pattern " + r.pattern.String()}
	case r.wellFormed != nil && !r.wellFormed(s):
		return problem{CodeFormat, formatSentence(r.format)}
	case r.enum != nil && r.enum[s] == "":
		return problem{CodeEnum, "must be one of " + r.enumText}
	default:
		return problem{}
	}
}

// hasLength reports whether s has at least n code points, without counting where the number of bytes already tells.
func hasLength(s string, n int) bool {
	switch {
	case len(s) < n:
		return false
	case len(s) >= n*utf8.UTFMax:
		return true
	default:
		return utf8.RuneCountInString(s) >= n
	}
}

// unportable says why a pattern would mean something else, or nothing, to those who read it in the document, where it is an ECMA-262
// expression with the flag u (JSON Schema 2020-12, section 6.4). It returns "" for what both languages share.
func unportable(pattern string) string {
	for i := 0; i < len(pattern); i++ {
		rest := pattern[i:]
		switch {
		case strings.HasPrefix(rest, "(?") && !strings.HasPrefix(rest, "(?:"):
			return "groups may begin with ( or (?: alone, as in JavaScript"
		case strings.HasPrefix(rest, "[[:"):
			return "JavaScript has no classes like [[:alpha:]]"
		case rest[0] == '\\' && len(rest) > 1:
			if !portableEscape(rest[1:]) {
				return `JavaScript does not know \` + rest[1:2] + ` in this meaning`
			}
			i++
		}
	}
	return ""
}

// portableEscape reports whether what follows a backslash means the same in both languages.
func portableEscape(s string) bool {
	switch s[0] {
	case 'p', 'P': // general categories, \p{L} or \p{Lu}; the names of scripts differ
		end := strings.IndexByte(s, '}')
		return strings.HasPrefix(s[1:], "{") && (end == 3 || end == 4)
	case 'x':
		return !strings.HasPrefix(s[1:], "{")
	default:
		return strings.IndexByte(`bBdDfnrtvwWsS\^$.*+?()[]{}|/`, s[0]) >= 0
	}
}
