package id

import (
	"encoding"
	"encoding/hex"
)

var (
	_ encoding.TextAppender    = ID{}
	_ encoding.TextMarshaler   = ID{}
	_ encoding.TextUnmarshaler = (*ID)(nil)
)

// textLen is the length of an id's text (RFC 9562, section 4).
const textLen = 36

// dash reports whether a hyphen stands at place i of the text.
func dash(i int) bool { return i == 8 || i == 13 || i == 18 || i == 23 }

// Parse reads an id: 32 hexadecimal digits in lower or upper case, with hyphens after the 8th, 12th, 16th and 20th. Every UUID is
// accepted, whatever version and variant its bits name, except for the zero one. It returns ErrSyntax for everything else: other
// lengths, braces, "urn:uuid:".
func Parse(s string) (ID, error) { return parse(s) }

func parse[T string | []byte](s T) (ID, error) {
	var id ID
	if len(s) != textLen {
		return ID{}, ErrSyntax
	}
	n := 0
	for i := range textLen {
		if dash(i) {
			if s[i] != '-' {
				return ID{}, ErrSyntax
			}
			continue
		}
		digit, ok := fromHex(s[i])
		if !ok {
			return ID{}, ErrSyntax
		}
		id[n/2] = id[n/2]<<4 | digit
		n++
	}
	if id.IsZero() {
		return ID{}, ErrSyntax
	}
	return id, nil
}

func fromHex(c byte) (digit byte, ok bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	default:
		return 0, false
	}
}

// String returns the text of id in lower case, that of the zero id too.
func (id ID) String() string {
	text := id.text()
	return string(text[:])
}

// text returns what Parse reads.
func (id ID) text() (text [textLen]byte) {
	hex.Encode(text[0:], id[0:4])
	hex.Encode(text[9:], id[4:6])
	hex.Encode(text[14:], id[6:8])
	hex.Encode(text[19:], id[8:10])
	hex.Encode(text[24:], id[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return text
}

// AppendText appends what String returns. The error is always nil.
func (id ID) AppendText(b []byte) ([]byte, error) {
	text := id.text()
	return append(b, text[:]...), nil
}

// MarshalText returns what String returns. The error is always nil.
func (id ID) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// UnmarshalText reads what Parse reads and returns the same errors. It leaves id alone when it fails.
func (id *ID) UnmarshalText(text []byte) error {
	v, err := parse(text)
	if err == nil {
		*id = v
	}
	return err
}

// JSONSchema returns the JSON Schema of an id as JSON text.
func (ID) JSONSchema() string { return `{"type":"string","format":"uuid"}` }
