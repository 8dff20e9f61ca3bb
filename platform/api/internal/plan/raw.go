package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// rawCodec is the plan of a json.RawMessage: any value but null, kept as it was sent without white space. What no other part of the platform would
// take is refused in there too: objects that have a name twice, U+0000, which PostgreSQL cannot store, and numbers that no float64 holds.
type rawCodec struct{}

func isRaw(t reflect.Type) bool { return t == reflect.TypeFor[json.RawMessage]() }

func (*rawCodec) decode(d *decoder, v reflect.Value) bool {
	if k := d.json.PeekKind(); k == jsontext.KindNull || k == jsontext.KindInvalid {
		return d.refuse(k, "a JSON value")
	}
	around := d.json.StackDepth()
	raw, err := d.json.ReadValue()
	if err != nil {
		return d.fail(err)
	}
	found := scan(raw)
	if around+found.depth > d.depth {
		d.broken = tooDeep(d.data, d.json.InputOffset(), d.depth)
		return false
	}
	if found.problem.found() {
		d.note(found.problem)
		return true
	}
	value, err := compact(nil, raw)
	if err != nil {
		return d.fail(err)
	}
	v.SetBytes(value)
	return true
}

// scanned is what a value has in it.
type scanned struct {
	depth   int // of objects and arrays
	problem problem
}

// scan looks into a value that is valid JSON.
func scan(raw []byte) scanned {
	var s scanned
	depth := 0
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '{' || c == '[':
			depth++
			s.depth = max(s.depth, depth)
		case c == '}' || c == ']':
			depth--
		case c == '"':
			end, nul := endOfString(raw, i)
			if nul {
				s.problem = hasNUL()
			}
			i = end
		case c == '-' || '0' <= c && c <= '9':
			end := i + 1
			for end < len(raw) && strings.IndexByte("0123456789.eE+-", raw[end]) >= 0 {
				end++
			}
			if !held(string(raw[i:end])) {
				s.problem = problem{CodeRange, "must hold no number beyond what a 64-bit float holds"}
			}
			i = end - 1
		}
	}
	return s
}

// The most that a number may have: no float64 needs more digits behind its point, and none that is not 0 a larger exponent, however many zeros stand
// before it. Beyond 16,383 digits PostgreSQL refuses a number, and it writes each digit out: an exponent of five characters would come back as thousands.
const (
	maxFraction = 1074
	maxExponent = 1 << 20
)

// held reports whether a float64 holds a number, as written in JSON: not beyond its largest, and not so small that only 0 is left of it.
func held(number string) bool {
	mantissa, power, _ := strings.Cut(strings.ToLower(number), "e")
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || value == 0 && strings.ContainsAny(mantissa, "123456789") {
		return false
	}
	exponent := 0
	if power != "" {
		if exponent, err = strconv.Atoi(power); err != nil || exponent > maxExponent {
			return false
		}
	}
	_, fraction, _ := strings.Cut(mantissa, ".")
	return len(fraction)-exponent <= maxFraction
}

// endOfString returns where the string that begins at i ends, and whether U+0000 is in it.
func endOfString(raw []byte, i int) (end int, nul bool) {
	for i++; raw[i] != '"'; i++ {
		if raw[i] == '\\' {
			nul = nul || bytes.HasPrefix(raw[i:], []byte(`\u0000`))
			i++
		}
	}
	return i, nul
}

// compact appends a value without white space. The error is about a value that is not JSON.
func compact(dst, raw []byte) ([]byte, error) {
	return jsontext.AppendFormat(dst, raw, jsontext.PreserveRawStrings(true), jsontext.SpaceAfterColon(false), jsontext.SpaceAfterComma(false),
		jsontext.Multiline(false))
}

var errNotJSON = errors.New("a json.RawMessage that is not JSON")

func (*rawCodec) append(dst []byte, v reflect.Value, _ int) ([]byte, error) {
	out, err := compact(dst, v.Bytes())
	if err != nil {
		return dst, errNotJSON // and not err, which repeats parts of it
	}
	return out, nil
}

func (*rawCodec) describe(*Components) (*Schema, error) { return &Schema{Any: true}, nil }
