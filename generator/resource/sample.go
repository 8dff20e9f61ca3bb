package resource

import (
	"fmt"
	"strings"

	"github.com/banyan-go/banyan/generator/field"
)

// sample is a Go expression over n for an invented value. What is unique depends on all of n, everything else repeats.
func (c code) sample() string {
	expr := c.sampleValue()
	if c.Null {
		return "orNull(n, " + expr + ")"
	}
	return expr
}

// turn is the expression of the number that a value is made of, below most; "0" when there is only that one. What lists are sorted by does
// not rise with n: a list in the order of another field would look right.
func (c code) turn(most int64) string {
	switch drawn := c.v.drawn[c.Name.Snake]; {
	case drawn && most > 1<<30:
		return "n"
	case drawn:
		return fmt.Sprintf("n%%%d", most)
	}
	most = min(most, 1000)
	switch {
	case most == 1:
		return "0"
	case c.Sort:
		return fmt.Sprintf("n*%d%%%d", strides()[len(c.v.SortNames)%len(strides())], most)
	default:
		return fmt.Sprintf("n%%%d", most)
	}
}

// strides are primes that spread rising numbers over what is left of a division by 1000.
func strides() []int { return []int{617, 389, 743, 271, 523, 857} }

// Where samples of a field begin again. Dates end with the calendar, texts with the digits that they have room for.
const (
	manyDates   = 2_900_000
	manyTargets = 1000 // what the seed draws from what is referred to
	unlimited   = 1 << 40
)

// distinct is how many values samples of the field can have.
func (c code) distinct() int64 {
	switch {
	case c.Type == field.Bool:
		return 2
	case c.Type.Refers():
		return manyTargets
	case c.Type == field.Enum:
		return int64(len(c.Words))
	case c.Type == field.Date:
		return manyDates
	case c.Match != nil:
		p, _ := c.Pattern() // checked
		return p.Distinct
	case c.Type.Numeric():
		return c.numbers().size.Int64()
	case c.Type.Textual() && c.MaxLength() < digits:
		return power(c.MaxLength()).Int64()
	default:
		return unlimited
	}
}

func (c code) sampleValue() string {
	switch c.Type {
	case field.Bool:
		return "n%2 == 0"
	case field.UUID, field.Ref, field.XRef:
		return "id.New()"
	case field.Date:
		return "clock.Date{Year: 2026, Month: 1, Day: 1}.AddDays(" + c.turn(manyDates) + ")"
	case field.Time:
		return "time.Unix(int64(1_767_225_600+" + c.turn(unlimited) + "), 0).UTC()"
	case field.Enum:
		var words []string
		for _, w := range c.Words {
			words = append(words, c.literal(w))
		}
		if len(words) == 1 {
			return words[0]
		}
		return fmt.Sprintf("[]%s{%s}[n%%%d]", c.plainType(true), strings.Join(words, ", "), len(words))
	}
	switch {
	case c.Type.Numeric():
		return c.sampleNumber()
	case c.Type.Sized():
		return c.sampleSized()
	}
	return c.sampleText()
}

func (c code) sampleNumber() string {
	s := c.numbers()
	sum := c.turn(s.size.Int64())
	switch {
	case s.low.Sign() != 0 && sum == "0":
		sum = s.low.String()
	case s.low.Sign() != 0:
		sum = s.low.String() + " + " + sum
	}
	switch c.Type {
	case field.Int:
		return "int32(" + sum + ")"
	case field.Int64:
		return "int64(" + sum + ")"
	case field.Float:
		return fmt.Sprintf("float64(%s) / %s", sum, power(c.scale()))
	case field.Decimal:
		return fmt.Sprintf("decimal.FromScaled(int64(%s), %d)", sum, c.Scale)
	default:
		return "money.Amount{Minor: int64(" + sum + "), Currency: \"EUR\"}"
	}
}

// digits is the longest decimal number that a text of n takes.
const digits = 10

// sampleSized is of what has a size. Bytes are as many as have to be, three digits at least where there is room.
func (c code) sampleSized() string {
	least, most := c.minLength(), c.MaxLength()
	const room = 20
	switch {
	case c.Type == field.JSON && most < room:
		return `json.RawMessage("0")`
	case c.Type == field.JSON:
		return "json.RawMessage(fmt.Sprintf(`{\"number\":%d}`, " + c.turn(1000) + "))"
	case least > 3 || most < 3:
		return fmt.Sprintf("make([]byte, %d)", max(least, 1))
	default:
		return fmt.Sprintf(`fmt.Appendf(nil, "%%03d", %s)`, c.turn(1000))
	}
}

func (c code) sampleText() string {
	if p, ok := c.Pattern(); ok {
		turn := c.turn(p.Distinct)
		alone := strings.ReplaceAll(p.Sample, "{n})", turn+")") // the rest is part of a sum
		return strings.ReplaceAll(alone, "{n}", "("+turn+")")
	}
	format := c.sampleFormat()
	fixed := len(format) - len("%d")
	if c.MaxLength()-fixed < digits {
		format, fixed = "%d", 0
	}
	if width := c.minLength() - fixed; width > 1 {
		format = strings.Replace(format, "%d", fmt.Sprintf("%%0%dd", width), 1)
	}
	return fmt.Sprintf("fmt.Sprintf(%q, %s)", format, c.turn(c.distinct()))
}

func (c code) sampleFormat() string {
	switch c.Type {
	case field.Email:
		return "u%d@example.com"
	case field.URL:
		return "https://example.com/%d"
	case field.Slug:
		return "slug-%d"
	default:
		return strings.ToUpper(c.Name.Words[:1]) + c.Name.Words[1:] + " %d"
	}
}
