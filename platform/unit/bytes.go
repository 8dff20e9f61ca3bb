// Package unit reads the sizes and durations of a configuration, where a number without a unit is a guess, and holds values that may
// be left to the program.
//
// Its errors are hints for the person who edits the configuration. They say what to write and do not repeat what was read; who shows
// them names the key and its place.
package unit

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Bytes is a number of bytes.
type Bytes int64

// The units. They are powers of two; there is no way to write the decimal ones (kB, MB), which people take for either.
const (
	KiB Bytes = 1 << 10
	MiB Bytes = 1 << 20
	GiB Bytes = 1 << 30
)

var (
	_ encoding.TextAppender    = Bytes(0)
	_ encoding.TextMarshaler   = Bytes(0)
	_ encoding.TextUnmarshaler = (*Bytes)(nil)
)

// ParseBytes reads a size: a whole number of B, KiB, MiB or GiB with nothing in between, "64KiB", or "0". The error says what to write
// instead; it is there for a missing or other unit, a sign, a fraction, leading zeros, and for more than 63 bits.
func ParseBytes(s string) (Bytes, error) {
	number := s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
	unit := s[len(number):]
	switch {
	case s == "0":
		return 0, nil
	case strings.HasPrefix(s, "-"):
		return 0, errors.New("a size cannot be negative")
	case strings.HasPrefix(unit, ".") || strings.HasPrefix(unit, ","):
		return 0, errors.New("write a whole number of a smaller unit, 1536MiB for 1.5GiB for instance")
	case strings.ContainsAny(s, " \t"):
		return 0, errors.New("write the number and the unit without a space, 10MiB for instance")
	case number == "":
		return 0, errors.New("write a number and a unit, 10MiB for instance")
	case len(number) > 1 && number[0] == '0':
		return 0, errors.New("write the number without leading zeros")
	}
	n, err := strconv.ParseInt(number, 10, 64)
	size, known := unitSize(unit)
	switch {
	case err == nil && !known:
		return 0, otherUnit(n, unit)
	case err != nil || n > math.MaxInt64/int64(size):
		return 0, fmt.Errorf("the largest size is %dB", int64(math.MaxInt64))
	}
	return Bytes(n) * size, nil
}

func unitSize(unit string) (size Bytes, known bool) {
	switch unit {
	case "B":
		return 1, true
	case "KiB":
		return KiB, true
	case "MiB":
		return MiB, true
	case "GiB":
		return GiB, true
	default:
		return 1, false
	}
}

// otherUnit says what to write in place of n of a unit that is none of ours.
func otherUnit(n int64, unit string) error {
	var binary, size string
	var decimal int64
	switch strings.ToUpper(unit) {
	case "":
		return fmt.Errorf("needs a unit, %dMiB for instance (%dB, %dKiB and %dGiB are possible too)", n, n, n, n)
	case "K", "KB":
		binary, size, decimal = "KiB", "1,024", 1e3
	case "M", "MB":
		binary, size, decimal = "MiB", "1,048,576", 1e6
	case "G", "GB":
		binary, size, decimal = "GiB", "1,073,741,824", 1e9
	default:
		return errors.New("the units are B, KiB, MiB and GiB, written like this")
	}
	exact := "number with B"
	if n <= math.MaxInt64/decimal {
		exact += fmt.Sprintf(", %dB", n*decimal)
	}
	return fmt.Errorf("write %d%s (%s bytes each) or the exact %s", n, binary, size, exact)
}

// TextPattern returns a regular expression for the texts that ParseBytes reads.
func (Bytes) TextPattern() string { return `^(0|(0|[1-9][0-9]*)(B|KiB|MiB|GiB))$` }

// String returns b in the largest unit that it is a whole number of: "64KiB", "1536B", "0".
func (b Bytes) String() string {
	switch {
	case b == 0:
		return "0"
	case b%GiB == 0:
		return strconv.FormatInt(int64(b/GiB), 10) + "GiB"
	case b%MiB == 0:
		return strconv.FormatInt(int64(b/MiB), 10) + "MiB"
	case b%KiB == 0:
		return strconv.FormatInt(int64(b/KiB), 10) + "KiB"
	default:
		return strconv.FormatInt(int64(b), 10) + "B"
	}
}

// AppendText appends what String returns. The error is always nil.
func (b Bytes) AppendText(dst []byte) ([]byte, error) { return append(dst, b.String()...), nil }

// MarshalText returns what String returns. The error is always nil.
func (b Bytes) MarshalText() ([]byte, error) { return b.AppendText(nil) }

// UnmarshalText reads what ParseBytes reads and returns the same errors. It leaves b alone when it fails.
func (b *Bytes) UnmarshalText(text []byte) error {
	v, err := ParseBytes(string(text))
	if err == nil {
		*b = v
	}
	return err
}
