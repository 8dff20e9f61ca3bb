package resource

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/banyan-go/banyan/generator/field"
)

// examples works out the values of the tests.
func (v *View) examples(fields []field.Field) {
	var body, changes []string
	for _, f := range fields {
		if f.Hidden {
			continue
		}
		c := v.code(f)
		body = append(body, member(f, c.exampleJSON()))
		if other := c.other(); other != "" && !f.Immutable {
			changes = append(changes, member(f, other))
		}
		for _, bad := range c.bad() {
			v.Bad = append(v.Bad, Bad{Field: f.Name.Snake, Value: bad.value, Pointer: "/" + f.Name.Snake + bad.at})
		}
		if f.MustBeGiven() {
			v.Missing = join(v.Missing, quote(f.Name.Snake))
		}
	}
	v.Body = "{" + strings.Join(body, ",") + "}"
	if len(changes) > 0 {
		v.Changes = "{" + strings.Join(changes, ",") + "}"
	}
}

func member(f field.Field, value string) string { return quote(f.Name.Snake) + ":" + value }

// span is a range of whole numbers: units for a decimal and an amount.
type span struct{ low, size *big.Int }

// numbers returns the range of values of a numeric field, of at most 2^30 of them, beginning at the least one or, where only max is given, at
// 0 or as far below max as the range is long.
func (c code) numbers() span {
	low, high := big.NewInt(0), big.NewInt(math.MaxInt32)
	if c.Type == field.Decimal {
		high = new(big.Int).Sub(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(c.Precision)), nil), big.NewInt(1))
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

// units reads min and max as whole numbers of the smallest unit. A float counts in thousandths.
func (c code) units(s string) *big.Int {
	scale := c.Scale
	if c.Type == field.Float {
		scale = floatScale
	}
	r, _ := new(big.Rat).SetString(s) // checked
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
	return new(big.Int).Quo(r.Num(), r.Denom())
}

const floatScale = 3

// at returns the k-th number of the range as JSON, or "" when there is none.
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
		return shortest(n, floatScale)
	case field.Money:
		return fmt.Sprintf(`{"amount":%s,"currency":"EUR"}`, n)
	default:
		return n.String()
	}
}

// shortest writes n units of a scale without zeros at the end.
func shortest(n *big.Int, scale int) string {
	s := new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)).FloatString(scale)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}

// text returns the k-th text that obeys the rules, different ones for 0 and 1.
func (c code) text(k int) string {
	letter := string(rune('a' + k))
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

// value returns the k-th value, 0 or 1, as JSON; "" when there is no second one.
func (c code) json(k int) string {
	switch c.Type {
	case field.Bool:
		return strconv.FormatBool(k == 0)
	case field.Date:
		return fmt.Sprintf(`"2026-0%d-02"`, k+1)
	case field.Time:
		return fmt.Sprintf(`"2026-0%d-02T03:04:05.006Z"`, k+1)
	case field.UUID:
		return fmt.Sprintf(`"0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f%02d"`, k+1)
	case field.Enum:
		if k >= len(c.Words) {
			return ""
		}
		return quote(c.Words[k])
	}
	if c.Type.Numeric() {
		return c.number(int64(k))
	}
	return quote(c.text(k))
}

func (c code) exampleJSON() string { return c.json(0) }

// example is what an answer holds for exampleJSON.
func (c code) example() string { return c.json(0) }

func (c code) other() string { return c.json(1) }

// wrong is a value to refuse, and where below the field the answer points.
type wrong struct{ value, at string }

// longest is the longest text that a test spells out.
const longest = 300

func (c code) bad() []wrong {
	var list []wrong
	add := func(value, at string) { list = append(list, wrong{value, at}) }
	if !c.Null {
		add("null", "")
	}
	switch c.Type {
	case field.Bool:
		add(`"yes"`, "")
	case field.Date:
		add(`"2026-02-30"`, "")
	case field.Time:
		add(`"yesterday"`, "")
	case field.UUID:
		add(`"not-a-uuid"`, "")
	case field.Enum:
		add(`"no_such_word"`, "")
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
	case field.Int, field.Int64:
		add(`1.5`, "")
		add(`9223372036854775808`, "")
	case field.Float:
		add(`"1"`, "")
		add(`1e400`, "")
	}
	c.badBounds(add)
	return list
}

// badBounds are the values just outside.
func (c code) badBounds(add func(value, at string)) {
	if c.Type.Textual() {
		if least := c.minLength(); least > 0 {
			text, _ := json.Marshal(strings.Repeat("x", least-1)) // a text
			add(string(text), "")
		}
		if c.MaxLength() <= longest && (c.Type == field.String || c.Type == field.Text) {
			add(quote(strings.Repeat("x", c.MaxLength()+1)), "")
		}
		return
	}
	for _, bound := range []struct {
		text *string
		step int64
	}{{c.Min, -1}, {c.Max, 1}} {
		if bound.text == nil || !c.Type.Numeric() {
			continue
		}
		n := new(big.Int).Add(c.units(*bound.text), big.NewInt(bound.step))
		switch c.Type {
		case field.Decimal:
			add(quote(shortest(n, c.Scale)), "")
		case field.Float:
			add(shortest(n, floatScale), "")
		case field.Money:
			add(fmt.Sprintf(`{"amount":%s,"currency":"EUR"}`, n), "/amount")
		default:
			add(n.String(), "")
		}
	}
}
