package config

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// format returns a value as the text that would set it: a list with commas, a duration without zero parts.
func format(v reflect.Value) string {
	if v.Type() == reflect.TypeFor[time.Duration]() {
		return formatDuration(time.Duration(v.Int()))
	}
	// A copy, since the methods may belong to the pointer and v need not have an address.
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	if m, ok := reflect.TypeAssert[encoding.TextMarshaler](p); ok {
		if b, err := m.MarshalText(); err == nil {
			return string(b)
		}
	}
	if isList(v.Type()) {
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = format(v.Index(i))
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(p.Elem().Interface())
}

// formatDuration is Duration.String without the zeros at its end: "1h" for "1h0m0s".
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
