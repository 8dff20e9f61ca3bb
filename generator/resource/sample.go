package resource

import (
	"fmt"
	"math/big"
	"strconv"
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

// turn is the expression of the number that a value is made of, below most.
func (c code) turn(most int64) string {
	drawn := c.v.drawn[c.Name.Snake]
	if drawn && most > 1<<30 {
		return "n"
	}
	if !drawn {
		most = min(most, 1000)
	}
	return "n%" + strconv.FormatInt(most, 10)
}

func (c code) sampleValue() string {
	switch c.Type {
	case field.Bool:
		return "n%2 == 0"
	case field.UUID:
		return "id.New()"
	case field.Date:
		return "clock.Date{Year: 2026, Month: 1, Day: 1}.AddDays(" + c.turn(2_900_000) + ")"
	case field.Time:
		return "time.Unix(int64(1_767_225_600+" + c.turn(1<<40) + "), 0).UTC()"
	case field.Enum:
		var words []string
		for _, w := range c.Words {
			words = append(words, c.literal(w))
		}
		return fmt.Sprintf("[]%s{%s}[n%%%d]", c.plainType(true), strings.Join(words, ", "), len(words))
	}
	if c.Type.Numeric() {
		return c.sampleNumber()
	}
	return c.sampleText()
}

func (c code) sampleNumber() string {
	s := c.numbers()
	sum := c.turn(s.size.Int64())
	if s.low.Sign() != 0 {
		sum = s.low.String() + " + " + sum
	}
	switch c.Type {
	case field.Int:
		return "int32(" + sum + ")"
	case field.Int64:
		return "int64(" + sum + ")"
	case field.Float:
		return "float64(" + sum + ") / 1000"
	case field.Decimal:
		return fmt.Sprintf("decimal.FromScaled(int64(%s), %d)", sum, c.Scale)
	default:
		return "money.Amount{Minor: int64(" + sum + "), Currency: \"EUR\"}"
	}
}

// digits is the longest decimal number that a text of n takes.
const digits = 10

func (c code) sampleText() string {
	most, least := c.MaxLength(), c.minLength()
	format := c.sampleFormat()
	room := most - (len(format) - len("%d"))
	switch {
	case room >= digits:
		expr := fmt.Sprintf("fmt.Sprintf(%q, %s)", format, c.turn(1<<40))
		if least > len(format)-1 {
			return c.padded(expr, least, most, len(format)-len("%d"))
		}
		return expr
	case most >= digits:
		return fmt.Sprintf(`fmt.Sprintf("%%0%dd", %s)`, max(least, 1), c.turn(1<<40))
	default:
		limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(most)), nil)
		return fmt.Sprintf(`fmt.Sprintf("%%0%dd", %s)`, max(least, 1), c.turn(limit.Int64()))
	}
}

// padded fills a text up to its least length with zeros before the number.
func (c code) padded(expr string, least, most, fixed int) string {
	if least-fixed > digits && least > most-digits {
		return fmt.Sprintf(`fmt.Sprintf("%%0%dd", %s)`, least, c.turn(1<<40))
	}
	return strings.Replace(expr, "%d", fmt.Sprintf("%%0%dd", least-fixed), 1)
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
