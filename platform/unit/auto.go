package unit

import (
	"encoding"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// auto is the word that leaves a value to the program.
const auto = "auto"

// Automatic are the types of values that a configuration may leave to the program.
type Automatic interface {
	int | Bytes | string | time.Duration
}

// Auto is a value of a configuration that is either a T or "auto", which leaves it to the program: the number of workers, the size of
// a cache, the format of a log, a timeout. The zero value is auto. Autos can be compared by ==.
type Auto[T Automatic] struct {
	value T
	exact bool
}

var (
	_ encoding.TextAppender    = Auto[int]{}
	_ encoding.TextMarshaler   = Auto[int]{}
	_ encoding.TextUnmarshaler = (*Auto[int])(nil)
)

// Exactly returns an Auto that is v.
func Exactly[T Automatic](v T) Auto[T] { return Auto[T]{value: v, exact: true} }

// IsAuto reports whether the value is left to the program.
func (a Auto[T]) IsAuto() bool { return !a.exact }

// Or returns the value, or v when it is left to the program.
func (a Auto[T]) Or(v T) T {
	if a.exact {
		return a.value
	}
	return v
}

// String returns "auto" or the text of the value.
func (a Auto[T]) String() string {
	if !a.exact {
		return auto
	}
	return fmt.Sprint(a.value)
}

// AppendText appends what String returns. The error is always nil.
func (a Auto[T]) AppendText(dst []byte) ([]byte, error) { return append(dst, a.String()...), nil }

// MarshalText returns what String returns. The error is always nil. The strings "" and "auto" are the only values that UnmarshalText
// does not read back.
func (a Auto[T]) MarshalText() ([]byte, error) { return a.AppendText(nil) }

// TextPattern returns a regular expression for the texts that UnmarshalText reads, in what Go and ECMA 262 have in common.
func (a Auto[T]) TextPattern() string {
	switch any(a.value).(type) {
	case int:
		return `^(auto|0|-?[1-9][0-9]*)$`
	case Bytes:
		return `^(auto|0|(0|[1-9][0-9]*)(B|KiB|MiB|GiB))$`
	case time.Duration:
		return "^(auto|" + DurationPattern[len("^("):]
	default:
		return `^[\s\S]+$`
	}
}

// UnmarshalText reads "auto", or a T: a whole number in decimal digits, a size as ParseBytes reads it, a duration as ParseDuration
// reads it, or any text that is not empty. The error says what to write instead. It leaves a alone when it fails.
func (a *Auto[T]) UnmarshalText(text []byte) error {
	s := string(text)
	switch {
	case s == auto:
		*a = Auto[T]{}
		return nil
	case s == "":
		return errors.New("write auto or a value")
	case strings.EqualFold(s, auto):
		return errors.New("write auto in lower case")
	}
	var v T
	switch p := any(&v).(type) {
	case *int:
		n, err := strconv.Atoi(s)
		if err != nil || strconv.Itoa(n) != s {
			return errors.New("write auto or a whole number, in decimal digits and without leading zeros")
		}
		*p = n
	case *Bytes:
		size, err := ParseBytes(s)
		if err != nil {
			return fmt.Errorf("%w; or write auto", err)
		}
		*p = size
	case *time.Duration:
		d, err := ParseDuration(s)
		if err != nil {
			return fmt.Errorf("%w; or write auto", err)
		}
		*p = d
	case *string:
		*p = s
	}
	*a = Exactly(v)
	return nil
}
