package plan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/banyan-go/banyan/platform/fault"
)

// malformed translates an error of the JSON decoder, whose own text repeats what was sent. Offset is where the decoder stands.
func malformed(data []byte, err error, offset int64) *fault.Error {
	if err == io.EOF {
		return fault.New(fault.Malformed, CodeEmptyBody, "The body is empty; this operation wants JSON.")
	}
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		offset = syntax.ByteOffset
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return malformedAt(data, offset, CodeDuplicateKey, "The body has an object with the same key twice")
	}
	// Text in another encoding also breaks the syntax sooner or later: the encoding is the better answer.
	if i := invalidUTF8(data); i >= 0 {
		return malformedAt(data, int64(i), CodeInvalidUTF8, "The body is not UTF-8")
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return malformedAt(data, int64(len(data)), CodeInvalidJSON, "The body ends in the middle of a JSON value")
	}
	return malformedAt(data, offset, CodeInvalidJSON, "The body is not valid JSON")
}

func tooDeep(data []byte, offset int64, depth int) *fault.Error {
	return malformedAt(data, offset, CodeTooDeep, fmt.Sprintf("The body is nested deeper than %d levels", depth))
}

// malformedAt returns an error whose detail is the sentence and a place. The column counts code points, both begin at 1.
func malformedAt(data []byte, offset int64, code, sentence string) *fault.Error {
	before := data[:min(max(offset, 0), int64(len(data)))]
	line := 1 + bytes.Count(before, []byte{'\n'})
	column := 1 + utf8.RuneCount(before[1+bytes.LastIndexByte(before, '\n'):])
	return fault.New(fault.Malformed, code, fmt.Sprintf("%s (line %d, column %d).", sentence, line, column))
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return -1
}
