package resource

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/banyan-go/banyan/generator/field"
)

// Tests are the values of the generated tests.
type Tests struct {
	Body   string // a JSON object that obeys every rule
	Least  string // one with only what has to be there
	Left   string // what becomes of the rest: a JSON object; empty when nothing can be left out
	Change string // a JSON object that changes whatever may change
	Bad    []Bad

	// Seen and SeenChange are Go expressions of JSON: what answers show of Body and of Change.
	Seen, SeenChange string

	Private string // quoted: what of Body logs must not have

	// References are the quoted names of the relations, Rereferences of those that can be changed. LeastRefers and ChangeRefers say that Least
	// and Change have an id of something else in them.
	References, Rereferences  string
	LeastRefers, ChangeRefers bool

	Missing, Fixed, Hidden string // quoted names of the fields that have to be there, that never change, that nobody sees

	// Twice says that sending Body twice breaks a unique index, Taken has the pointers to it as further arguments.
	Twice bool
	Taken string
	// Other, a Go expression of JSON, obeys every rule beside Body, until Retake changes it to what Body has; Retaken points at that. All are
	// empty when no unique index allows it.
	Other, Retake, Retaken string
}

// Bad is a value, a Go expression of JSON, that has to be refused.
type Bad struct{ Field, Value, Pointer string }

func (v *View) tests(fields []field.Field) Tests {
	var t Tests
	body, least, left, change := object{}, object{}, object{}, object{}
	for _, f := range fields {
		c := v.code(f)
		name := quote(f.Name.Snake)
		if f.Hidden {
			t.Hidden = join(t.Hidden, name)
			continue
		}
		if f.Type.Uploaded() {
			left.add(name, "null")
			continue
		}
		body.add(name, c.json(0))
		switch {
		case f.MustBeGiven():
			least.add(name, c.json(0))
			t.Missing = join(t.Missing, name)
		case f.Shown():
			left.add(name, c.leftOut())
		}
		if private := strings.Trim(c.json(0), `"`); f.PII && (f.Type.Textual() || f.Type.Sized() || f.Type == field.UUID) && len(private) >= findable {
			t.Private = join(t.Private, quote(private))
		}
		if f.Guarded() {
			t.Seen = without(t.Seen, v.Body, name)
			if !f.Immutable {
				t.SeenChange = without(t.SeenChange, v.Change, name)
			}
		}
		if f.Type.Refers() {
			t.References = join(t.References, name)
			if !f.Immutable {
				t.Rereferences = join(t.Rereferences, name)
			}
		}
		if f.Immutable {
			t.Fixed = join(t.Fixed, name)
		} else {
			change.add(name, c.other())
		}
		for _, bad := range c.bad() {
			t.Bad = append(t.Bad, Bad{Field: f.Name.Snake, Value: bad.value, Pointer: "/" + f.Name.Snake + bad.at})
		}
	}
	t.Seen, t.SeenChange = cmp.Or(t.Seen, v.Body), cmp.Or(t.SeenChange, v.Change)
	t.Body, t.Least, t.Change = body.String(), least.String(), change.String()
	t.LeastRefers, t.ChangeRefers = strings.Contains(t.Least, "`+r."), strings.Contains(t.Change, "`+r.")
	if len(left) > 0 {
		t.Left = left.String()
	}
	v.collide(&t, fields)
	return t
}

// without is the expression of an object, what comes before or else whole, without a member.
func without(before, whole, name string) string {
	return fmt.Sprintf("apptest.Without(%s, %s)", cmp.Or(before, whole), name)
}

// collide works out what breaks the unique indexes, as far as requests can break them.
func (v *View) collide(t *Tests, fields []field.Field) {
	var broken []Unique
	for _, u := range v.Uniques {
		if !slices.ContainsFunc(u.fields, func(f field.Field) bool { return f.Hidden || v.refersToItself(f) }) {
			broken = append(broken, u)
		}
	}
	t.Twice = len(broken) > 0
	if len(broken) == 1 { // of several, the engine chooses the one that it names
		t.Taken = broken[0].pointers()
	}
	differs := func(f field.Field) bool { return v.code(f).json(1) != "" }
	other := v.Body
	for _, f := range fields {
		if differs(f) && slices.ContainsFunc(broken, func(u Unique) bool { return u.has(f) }) {
			other = fmt.Sprintf("apptest.With(%s, %q, `%s`)", other, f.Name.Snake, v.code(f).json(1))
		}
	}
	for _, u := range broken {
		retake := object{}
		for _, f := range u.fields {
			if differs(f) && !f.Immutable {
				retake.add(quote(f.Name.Snake), v.code(f).json(0))
			}
		}
		if fixed := func(f field.Field) bool { return differs(f) && f.Immutable }; len(retake) > 0 && !slices.ContainsFunc(u.fields, fixed) {
			t.Other, t.Retake, t.Retaken = other, retake.String(), u.pointers()
			return
		}
	}
}

// object is a JSON object.
type object []string

// add adds a member, unless the value is none.
func (o *object) add(name, value string) {
	if value != "" {
		*o = append(*o, name+":"+value)
	}
}

func (o object) String() string { return "{" + strings.Join(o, ",") + "}" }

// span is a range of whole numbers: units for a decimal and an amount.
type span struct{ low, size *big.Int }

// numbers returns the range of values of a numeric field, of at most 2^30 of them, beginning at the least one or, where only max is given, at
// 0 or as far below max as the range is long.
func (c code) numbers() span {
	low, high := big.NewInt(0), big.NewInt(math.MaxInt32)
	if c.Type == field.Decimal {
		high = new(big.Int).Sub(power(c.Precision), big.NewInt(1))
	}
	most := big.NewInt(1 << 30)
	if c.Max != nil {
		high = c.units(*c.Max)
		if c.Min == nil && high.Sign() < 0 {
			low = new(big.Int).Sub(high, big.NewInt(1000))
		}
	}
	if c.Min != nil {
		low = c.units(*c.Min)
		if c.Max == nil {
			high = new(big.Int).Add(low, most)
		}
	}
	switch c.Type {
	case field.Int:
		low, high = clamp(low, math.MinInt32), clamp(high, math.MaxInt32)
	case field.Int64, field.Money:
		low, high = clamp(low, math.MinInt64), clamp(high, math.MaxInt64)
	}
	size := new(big.Int).Sub(high, low)
	size.Add(size, big.NewInt(1))
	if size.Cmp(most) > 0 {
		size = most
	}
	if size.Sign() <= 0 {
		size = big.NewInt(1)
	}
	return span{low, size}
}

// clamp keeps a number inside its type.
func clamp(v *big.Int, limit int64) *big.Int {
	l := big.NewInt(limit)
	if limit < 0 && v.Cmp(l) < 0 || limit > 0 && v.Cmp(l) > 0 {
		return l
	}
	return v
}

// units reads min, max and default as whole numbers of the smallest unit.
func (c code) units(s string) *big.Int {
	r, _ := new(big.Rat).SetString(s) // checked
	r.Mul(r, new(big.Rat).SetInt(power(c.scale())))
	return new(big.Int).Quo(r.Num(), r.Denom())
}

// scale is how many digits values have behind the point. A float has as many as its bounds, but at least 3.
func (c code) scale() int {
	if c.Type != field.Float {
		return c.Scale
	}
	most := 3
	for _, s := range []*string{c.Min, c.Max, c.Default} {
		if s != nil {
			_, behind, _ := strings.Cut(*s, ".")
			most = max(most, len(behind))
		}
	}
	return most
}

func power(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

// number returns the k-th number of the range as JSON, or "" when there is none.
func (c code) number(k int64) string {
	s := c.numbers()
	if s.size.Cmp(big.NewInt(k)) <= 0 {
		return ""
	}
	n := new(big.Int).Add(s.low, big.NewInt(k))
	switch c.Type {
	case field.Decimal:
		return quote(shortest(n, c.Scale))
	case field.Float:
		return shortest(n, c.scale())
	case field.Money:
		return fmt.Sprintf(`{"amount":%s,"currency":"EUR"}`, n)
	default:
		return n.String()
	}
}

// shortest writes n units of a scale without zeros at the end.
func shortest(n *big.Int, scale int) string {
	s := new(big.Rat).SetFrac(n, power(scale)).FloatString(scale)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// text returns the k-th text that obeys the rules, different ones for 0 and 1.
func (c code) text(k int) string {
	letter := string(rune('a' + k))
	if p, ok := c.Pattern(); ok {
		return p.Examples[k]
	}
	switch c.Type {
	case field.Email:
		return letter + "@example.com"
	case field.URL:
		return "https://example.com/" + letter
	case field.Slug:
		return "slug-" + letter
	}
	s := strings.ToUpper(c.Name.Words[:1]) + c.Name.Words[1:] + " " + letter
	least, most := c.minLength(), c.MaxLength()
	if len(s) > most {
		s = strings.Repeat(letter, max(least, 1))
	}
	return s + strings.Repeat(letter, max(0, least-len(s)))
}

// json returns the k-th value, 0 or 1, as JSON; "" when there is no second one.
func (c code) json(k int) string {
	switch c.Type {
	case field.Bool:
		return strconv.FormatBool(k == 0)
	case field.Date:
		return fmt.Sprintf(`"2026-0%d-02"`, k+1)
	case field.Time:
		return fmt.Sprintf(`"2026-0%d-02T03:04:05.006Z"`, k+1)
	case field.Ref, field.XRef:
		return c.v.target(c.Field, k)
	case field.UUID:
		return fmt.Sprintf(`"0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f%02d"`, k+1)
	case field.Enum:
		if k >= len(c.Words) {
			return ""
		}
		return quote(c.Words[k])
	}
	switch {
	case c.Type.Numeric():
		return c.number(int64(k))
	case c.Type == field.JSON:
		return c.plainText(k)
	case c.Type == field.Bytes:
		return quote(base64.StdEncoding.EncodeToString([]byte(c.plainText(k))))
	case c.Type == field.Password:
		return quote(c.plainText(k))
	}
	return quote(c.text(k))
}

// other is a value to change the field to.
func (c code) other() string {
	if c.Null {
		return "null"
	}
	return c.json(1)
}

// leftOut is the value of a field that a request does not mention, as JSON.
func (c code) leftOut() string {
	switch {
	case c.Null:
		return "null"
	case c.Default == nil && (c.Type.Textual() || c.Type == field.Bytes):
		return `""`
	case c.Default == nil && c.Type == field.Decimal:
		return `"0"`
	case c.Default == nil:
		return c.zero()
	}
	value := *c.Default
	switch c.Type {
	case field.Bool, field.Int, field.Int64:
		return value
	case field.Float:
		return shortest(c.units(value), c.scale())
	case field.Decimal:
		return quote(shortest(c.units(value), c.Scale))
	case field.Time:
		t, _ := time.Parse(time.RFC3339, value) // checked
		return t.UTC().Format(`"2006-01-02T15:04:05.000Z"`)
	default:
		text, _ := json.Marshal(value) // a text
		return string(text)
	}
}

// wrong is a value to refuse, and where below the field the answer points.
type wrong struct{ value, at string }

func (c code) bad() []wrong {
	var list []wrong
	add := func(json, at string) { list = append(list, wrong{"`" + json + "`", at}) }
	if !c.Null {
		add("null", "")
	}
	switch c.Type {
	case field.String, field.Text, field.Password:
		add(`7`, "")
		if c.Match != nil {
			add(`"-"`, "")
		}
	case field.JSON:
		list = append(list, wrong{fmt.Sprintf("`\"` + strings.Repeat(\"x\", %d) + `\"`", max(c.MaxLength()-1, 0)), ""})
	case field.Bytes:
		add(`7`, "")
		add(`"not base64"`, "")
		list = append(list, wrong{zeros(c.MaxLength() + 1), ""})
		if least := c.minLength(); least > 0 {
			list = append(list, wrong{zeros(least - 1), ""})
		}
	case field.Bool:
		add(`"yes"`, "")
	case field.Date:
		add(`"2026-02-30"`, "")
	case field.Time:
		add(`"yesterday"`, "")
	case field.UUID, field.Ref, field.XRef:
		add(`"not-a-uuid"`, "")
	case field.Enum:
		add(`"no such word"`, "")
	case field.Email:
		add(`"nobody"`, "")
	case field.URL:
		add(`"ftp://example.com"`, "")
	case field.Slug:
		add(`"Two Words"`, "")
	case field.Decimal:
		add(`1.5`, "")
		add(`"1e5"`, "")
		add(quote(strings.Repeat("9", c.Precision-c.Scale+1)), "")
	case field.Money:
		add(`{"amount":1}`, "/currency")
		add(`{"amount":1.5,"currency":"EUR"}`, "/amount")
		add(`{"amount":1,"currency":"euro"}`, "/currency")
	case field.Int:
		add(`1.5`, "")
		add(`2147483648`, "")
	case field.Int64:
		add(`1.5`, "")
		add(`9223372036854775808`, "")
	case field.Float:
		add(`"1"`, "")
		add(`1e400`, "")
	}
	if c.Type == field.String || c.Type == field.Text || c.Type == field.Password {
		for _, n := range []int{c.minLength() - 1, c.MaxLength() + 1} {
			switch {
			case n == 0:
				add(`""`, "")
			case n > 0:
				list = append(list, wrong{"`\"` + strings.Repeat(\"x\", " + strconv.Itoa(n) + ") + `\"`", ""})
			}
		}
	}
	for _, b := range c.bounds() {
		if !c.Type.Numeric() {
			break
		}
		switch n := shortest(b.beyond, c.scale()); c.Type {
		case field.Decimal:
			add(quote(n), "")
		case field.Money:
			add(`{"amount":`+n+`,"currency":"EUR"}`, "/amount")
		default:
			add(n, "")
		}
	}
	return list
}
