package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/decimal"
	"github.com/banyan-go/banyan/platform/id"
)

type kind uint8

const (
	kindNone kind = iota
	kindString
	kindInt
	kindInt32
	kindFloat
	kindBool
	kindTime
	kindDate
	kindID
	kindDecimal
	kindEnum
)

// Type says how the values of a field are written in a query and what Go type they have in a Filter or a Key. The zero Type is
// not valid.
type Type struct {
	kind             kind
	precision, scale int
	words            []string
}

// String is the type of text: Go string.
func String() Type { return Type{kind: kindString} }

// Int is the type of whole numbers: Go int64.
func Int() Type { return Type{kind: kindInt} }

// Int32 is the type of whole numbers of 32 bits: Go int64, which holds no other. It is for columns of 32 bits: PostgreSQL takes no larger number
// beside one, and the request would end as a failure of the server.
func Int32() Type { return Type{kind: kindInt32} }

// Float is the type of binary floating point numbers: Go float64.
func Float() Type { return Type{kind: kindFloat} }

// Bool is the type of true and false: Go bool.
func Bool() Type { return Type{kind: kindBool} }

// Time is the type of instants, written in RFC 3339: Go time.Time in UTC, cut to milliseconds.
func Time() Type { return Type{kind: kindTime} }

// Date is the type of calendar dates, written as 2006-01-02: Go clock.Date.
func Date() Type { return Type{kind: kindDate} }

// ID is the type of identifiers: Go id.ID.
func ID() Type { return Type{kind: kindID} }

// Decimal is the type of exact numbers with at most precision digits, scale of them behind the point: Go decimal.Decimal.
func Decimal(precision, scale int) Type {
	return Type{kind: kindDecimal, precision: precision, scale: scale}
}

// Enum is the type of a fixed set of words: Go string.
func Enum(words ...string) Type { return Type{kind: kindEnum, words: words} }

// check reports a type that has no values.
func (t Type) check() error {
	switch {
	case t.kind == kindNone:
		return errors.New("it has no type")
	case t.kind == kindEnum && len(t.words) == 0:
		return errors.New("the enum has no words")
	case t.kind == kindDecimal && (t.precision < 1 || t.scale < 0 || t.scale > t.precision):
		return fmt.Errorf("there is no decimal of %d digits, %d of them behind the point", t.precision, t.scale)
	default:
		return nil
	}
}

// Scale returns the digits behind the point of a Decimal, and false for every other type.
func (t Type) Scale() (int, bool) { return t.scale, t.kind == kindDecimal }

// Ordered reports whether values can be compared by size: all but booleans and enums.
func (t Type) Ordered() bool { return t.kind != kindBool && t.kind != kindEnum }

// JSONSchema returns the JSON Schema of one value as JSON text.
func (t Type) JSONSchema() string {
	switch t.kind {
	case kindInt:
		return `{"type":"integer","format":"int64"}`
	case kindInt32:
		return `{"type":"integer","format":"int32"}`
	case kindFloat:
		return `{"type":"number"}`
	case kindBool:
		return `{"type":"boolean"}`
	case kindTime:
		return `{"type":"string","format":"date-time"}`
	case kindDate:
		return `{"type":"string","format":"date"}`
	case kindID:
		return `{"type":"string","format":"uuid"}`
	case kindDecimal:
		return `{"type":"string","format":"decimal"}`
	case kindEnum:
		words, _ := json.Marshal(t.words) // strings can always be written
		return `{"type":"string","enum":` + string(words) + `}`
	default:
		return `{"type":"string","maxLength":` + strconv.Itoa(MaxValue) + `}`
	}
}

// sentence says to a caller what a value has to look like.
func (t Type) sentence() string {
	switch t.kind {
	case kindInt:
		return "must be a whole number"
	case kindInt32:
		return fmt.Sprintf("must be a whole number from %d to %d", math.MinInt32, math.MaxInt32)
	case kindFloat:
		return "must be a number"
	case kindBool:
		return "must be true or false"
	case kindTime:
		return "must be a time in RFC 3339, 2006-01-02T15:04:05Z for instance"
	case kindDate:
		return "must be a date, 2006-01-02 for instance"
	case kindID:
		return "must be a UUID"
	case kindDecimal:
		return fmt.Sprintf("must be a decimal number with at most %d digits, %d of them behind the point", t.precision, t.scale)
	case kindEnum:
		return "must be one of " + strings.Join(t.words, ", ")
	default:
		return fmt.Sprintf("must be text of at most %d characters", MaxValue)
	}
}

// parse reads one value that a stranger wrote. It is strict: what it accepts has one meaning only.
func (t Type) parse(s string) (any, bool) {
	if utf8.RuneCountInString(s) > MaxValue {
		return nil, false
	}
	return t.read(s)
}

// read is parse without its limit.
func (t Type) read(s string) (any, bool) {
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		return nil, false
	}
	switch t.kind {
	case kindString:
		return s, true
	case kindInt:
		v, err := strconv.ParseInt(s, 10, 64)
		return v, err == nil && s[0] != '+'
	case kindInt32:
		v, err := strconv.ParseInt(s, 10, 32)
		return v, err == nil && s[0] != '+'
	case kindFloat:
		v, err := strconv.ParseFloat(s, 64)
		return v, err == nil && !math.IsInf(v, 0) && !math.IsNaN(v) && !strings.ContainsAny(s, "xX_pP+")
	case kindBool:
		return s == "true", s == "true" || s == "false"
	case kindTime:
		return parseTime(s)
	case kindDate:
		v, err := clock.ParseDate(s)
		return v, err == nil
	case kindID:
		v, err := id.Parse(s)
		return v, err == nil
	case kindDecimal:
		v, err := decimal.Parse(s)
		return v, err == nil && v.Fits(t.precision, t.scale)
	case kindEnum:
		return s, slices.Contains(t.words, s)
	default:
		return nil, false
	}
}

// parseTime reads RFC 3339 with T and Z in upper case. Package time also takes an hour of one digit and a comma before the fraction.
func parseTime(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || s[len("2006-01-02T15")] != ':' || strings.Contains(s, ",") {
		return time.Time{}, false
	}
	t = clock.Cut(t)
	return t, t.Year() >= 1 && t.Year() <= 9999 // an offset can move a time out of the calendar
}

// format is the inverse of read.
func (t Type) format(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strings.ReplaceAll(strconv.FormatFloat(v, 'g', -1, 64), "+", "")
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.UTC().Format("2006-01-02T15:04:05.000Z")
	case fmt.Stringer: // id.ID, clock.Date, decimal.Decimal
		return v.String()
	default:
		return ""
	}
}
