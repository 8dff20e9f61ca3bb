package config

import (
	"encoding"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// scalar is one value as it was written.
type scalar struct {
	text   string
	quoted bool   // in quotes, so that a number is wanted to be a text
	null   bool   // nothing was written
	where  string // where a problem with it is
}

// input is what a layer holds for one key, before it has a type.
type input struct {
	where   string
	scalars []scalar
	isList  bool
	fromVar bool   // a single text that is split when the key wants a list
	other   string // what it is when it is neither a scalar nor a list of scalars: "a mapping"
}

// textInput is the input of a variable or of --set.
func textInput(where, text string) input {
	return input{where: where, fromVar: true, scalars: []scalar{{text: text, where: where}}}
}

// decode checks what a layer holds for a key and returns it with its type, or nil after it has noted what is wrong.
func (l *loader) decode(f *field, key string, in input) *value {
	list := isList(f.typ)
	if p := f.misshapen(in, list); p != nil {
		p.Key, p.Where = key, in.where
		l.problem(*p)
		return nil
	}
	elem := f.elem()
	if list && in.fromVar {
		in.scalars = splitList(in.scalars[0])
	}
	vs := make([]reflect.Value, 0, len(in.scalars))
	for _, sc := range in.scalars {
		v, p := f.convert(elem, sc)
		if p != nil {
			p.Key, p.Where = key, sc.where
			l.problem(*p)
			continue
		}
		vs = append(vs, v)
	}
	switch {
	case len(vs) < len(in.scalars):
		return nil
	case list:
		all := reflect.MakeSlice(f.typ, 0, len(vs))
		return &value{v: reflect.Append(all, vs...), origin: in.where}
	default:
		return &value{v: vs[0], origin: in.where}
	}
}

// misshapen returns what is wrong with an input that is neither the one value nor the list that the field takes.
func (f *field) misshapen(in input, list bool) *Problem {
	switch {
	case in.other != "":
		return &Problem{Got: in.other, Want: wanted(f.typ)}
	case !list && in.isList:
		return &Problem{Got: "a list", Want: wanted(f.typ)}
	case !list || in.isList:
		return nil
	case in.scalars[0].null:
		return &Problem{Got: "nothing", Want: "a list", Hint: "remove the key, or write [] for an empty list"}
	case !in.fromVar:
		return &Problem{Got: f.quote(in.scalars[0].text), Want: "a list", Hint: "put it in [ ]"}
	case slices.ContainsFunc(splitList(in.scalars[0]), func(sc scalar) bool { return sc.text == "" }):
		return &Problem{Got: f.quote(in.scalars[0].text), Want: "a list separated by commas, with no element empty"}
	default:
		return nil
	}
}

// quote returns the text in quotes, or the mask for a secret.
func (f *field) quote(text string) string {
	if f.secret {
		return mask
	}
	return quote(text)
}

// splitList splits a text at its commas; an empty text is an empty list.
func splitList(sc scalar) []scalar {
	if sc.text == "" {
		return nil
	}
	var parts []scalar
	for part := range strings.SplitSeq(sc.text, ",") {
		parts = append(parts, scalar{text: strings.TrimSpace(part), where: sc.where})
	}
	return parts
}

// convert returns the value of a scalar type, which is the field's or that of its elements, or what is wrong with the text.
func (f *field) convert(t reflect.Type, sc scalar) (reflect.Value, *Problem) {
	v := reflect.New(t)
	p := &Problem{Got: f.quote(sc.text), Want: wanted(t)}
	if sc.null {
		p.Got, p.Hint = "nothing", "remove the key"
		if t.Kind() == reflect.String {
			p.Hint += `, or write "" for an empty text`
		}
		return v, p
	}
	if f.secret && strings.ContainsAny(sc.text, "\x00\r\n") {
		p.Want = "one line without NUL, CR or LF"
		return v, p
	}
	if !f.knows(t, sc.text) {
		p.Want = oneOf(f.words)
		if !f.secret { // the nearest word tells about the text
			p.Hint = didYouMean(suggest(sc.text, f.words))
		}
		return v, p
	}
	if u, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v); ok {
		if err := u.UnmarshalText([]byte(sc.text)); err != nil {
			p.Got, p.Want = p.Got+" is not accepted", ""
			if !f.secret { // the error may quote the text
				p.Hint = err.Error()
			}
			return v, p
		}
		return v.Elem(), nil
	}
	v = v.Elem()
	if t.Kind() == reflect.String {
		v.SetString(sc.text)
		return v, nil
	}
	if sc.quoted && t != reflect.TypeFor[time.Duration]() {
		p.Hint = "remove the quotes"
		return v, p
	}
	hint, ok := parse(v, sc.text)
	if !ok {
		p.Hint = hint
		return v, p
	}
	return v, nil
}

// knows reports whether a text is one of the words that the field may be. A type that reads its own text decides about upper and lower
// case itself.
func (f *field) knows(t reflect.Type, text string) bool {
	return len(f.words) == 0 || slices.ContainsFunc(f.words, func(word string) bool {
		return word == text || isText(t) && strings.EqualFold(word, text)
	})
}

// oneOf writes words as a choice: "auto, on or off".
func oneOf(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// parse sets v, which is no text, from its text. Where it reports false, the hint says how to write what was probably meant.
func parse(v reflect.Value, text string) (hint string, ok bool) {
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		d, hint, ok := parseDuration(text)
		v.SetInt(int64(d))
		return hint, ok
	case v.Kind() == reflect.Bool:
		v.SetBool(text == "true")
		return "", text == "true" || text == "false"
	case v.CanInt():
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		v.SetInt(n)
		return numberHint(err), err == nil && isDecimal(text)
	case v.CanUint():
		n, err := strconv.ParseUint(text, 10, v.Type().Bits())
		v.SetUint(n)
		return numberHint(err), err == nil && isDecimal(text)
	default:
		x, err := strconv.ParseFloat(text, v.Type().Bits())
		v.SetFloat(x)
		return numberHint(err), err == nil && isDecimal(text)
	}
}

// parseDuration parses a duration that says its unit, or "0". The rules are those of unit.ParseDuration.
func parseDuration(text string) (d time.Duration, hint string, ok bool) {
	d, err := time.ParseDuration(text)
	switch {
	case strings.HasPrefix(text, "-"):
		return 0, "it cannot be negative", false
	case strings.HasPrefix(text, "+"):
		return 0, "write it without a sign", false
	case text != "0" && text != "" && strings.Trim(text, "0123456789.") == "":
		return 0, "needs a unit, 10s for instance", false
	case err != nil:
		return 0, "the units are h, m, s, ms, us and ns; a day is 24h", false
	default:
		return d, "", true
	}
}

// isDecimal reports whether a number that strconv understands is written plainly. What it refuses means one thing to one reader
// and another to the next: 010 is eight or ten, 1_000 a number or a text.
func isDecimal(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	if len(digits) > 1 && digits[0] == '0' && digits[1] != '.' && digits[1] != 'e' && digits[1] != 'E' {
		return false
	}
	return digits != "" && '0' <= digits[0] && digits[0] <= '9'
}

func numberHint(err error) string {
	if errors.Is(err, strconv.ErrRange) {
		return "it does not fit"
	}
	return "decimal digits only, without leading zeros"
}

// wanted says what a type takes.
func wanted(t reflect.Type) string {
	switch {
	case isText(t):
		return "a text"
	case isList(t):
		return "a list"
	case t == reflect.TypeFor[time.Duration]():
		return "a duration"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Int8, reflect.Int16, reflect.Int32:
		top := int64(1)<<(t.Bits()-1) - 1
		return "a whole number from " + strconv.FormatInt(-top-1, 10) + " to " + strconv.FormatInt(top, 10)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return "a whole number from 0 to " + strconv.FormatUint(1<<t.Bits()-1, 10)
	case reflect.Uint, reflect.Uint64:
		return "a whole number, 0 or more"
	default:
		return "a text"
	}
}

// quote returns a text in quotes, control characters escaped, and cut when it is long.
func quote(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) > most {
		s = string([]rune(s)[:most]) + "…"
	}
	return strconv.Quote(s)
}
