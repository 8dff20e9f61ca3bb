package plan

import "strconv"

// bounds are the limits of a number.
type bounds[N int64 | uint64 | float64] struct {
	min, max, above, below *N
}

// readBounds takes the four words and adds them to the schema.
func readBounds[N int64 | uint64 | float64](w *words, s *Schema, parse func(string) (N, bool)) (b bounds[N], err error) {
	for _, x := range []struct {
		key  string
		dst  **N
		word *string
	}{
		{"minimum", &b.min, &s.Minimum},
		{"maximum", &b.max, &s.Maximum},
		{"exclusiveMinimum", &b.above, &s.ExclusiveMinimum},
		{"exclusiveMaximum", &b.below, &s.ExclusiveMaximum},
	} {
		text, ok := w.take(x.key)
		if !ok {
			continue
		}
		n, ok := parse(text)
		if !ok {
			return b, w.wrong(x.key, text, "it is not a number of the field's type")
		}
		*x.dst, *x.word = &n, text
	}
	if b.min != nil && b.max != nil && *b.min > *b.max {
		return b, w.wrong("minimum", s.Minimum, "it is above maximum")
	}
	return b, nil
}

func (b *bounds[N]) check(n N) problem {
	switch {
	case b.min != nil && n < *b.min:
		return problem{CodeMinimum, "must be at least " + formatNumber(*b.min)}
	case b.above != nil && n <= *b.above:
		return problem{CodeMinimum, "must be greater than " + formatNumber(*b.above)}
	case b.max != nil && n > *b.max:
		return problem{CodeMaximum, "must be at most " + formatNumber(*b.max)}
	case b.below != nil && n >= *b.below:
		return problem{CodeMaximum, "must be less than " + formatNumber(*b.below)}
	default:
		return problem{}
	}
}

func formatNumber[N int64 | uint64 | float64](n N) string {
	switch n := any(n).(type) {
	case int64:
		return strconv.FormatInt(n, 10)
	case uint64:
		return strconv.FormatUint(n, 10)
	default:
		return strconv.FormatFloat(n.(float64), 'g', -1, 64)
	}
}

// isNumber reports whether s is a JSON number (RFC 8259, section 6). strconv accepts more: "+1", "0x1p-2", "1_000", "Inf".
func isNumber(s string) bool {
	digits := func() bool {
		n := 0
		for n < len(s) && '0' <= s[n] && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	if s != "" && s[0] == '-' {
		s = s[1:]
	}
	if s != "" && s[0] == '0' {
		s = s[1:]
	} else if !digits() {
		return false
	}
	if s != "" && s[0] == '.' {
		if s = s[1:]; !digits() {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		if s = s[1:]; s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if !digits() {
			return false
		}
	}
	return s == ""
}

// isWhole reports whether a JSON number is written without fraction and exponent.
func isWhole[T string | []byte](s T) bool {
	for i := range len(s) {
		if c := s[i]; c == '.' || c == 'e' || c == 'E' {
			return false
		}
	}
	return true
}
