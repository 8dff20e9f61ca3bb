package config

import (
	"bytes"
	"errors"
	"io"
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// mostRetried is the largest file whose syntax error is pinned to its line by parsing parts of it: 64 KiB.
const mostRetried = 64 << 10

// parseYAML returns the root node of the one document in data, nil when there is none, or a problem and its line.
func parseYAML(data []byte) (root *yaml.Node, p *Problem, line int) {
	if i := badCharacter(data); i >= 0 {
		line = 1 + bytes.Count(data[:i], []byte("\n"))
		return nil, &Problem{Got: "a control character or a byte that is not UTF-8", Want: "plain UTF-8"}, line
	}
	r := &lineReader{rest: data}
	root, second, err := readDocuments(r)
	switch {
	case err != nil:
		if line = conflict(data); line > 0 {
			return nil, &Problem{Got: "a merge conflict", Want: "one of its two sides, without the lines of <, = and >"}, line
		}
		line = faultyLine(data, r.lines)
		return nil, syntaxProblem(err, lineAt(data, line)), line
	case second != nil:
		return nil, &Problem{Got: "a second document", Want: "one document in a file"}, second.Line
	default:
		return root, nil, 0
	}
}

// conflict returns the first line of a merge conflict that git has left in the file, 0 when there is none.
func conflict(data []byte) (line int) {
	number := 0
	for text := range bytes.Lines(data) {
		number++
		if bytes.HasPrefix(text, []byte("<<<<<<< ")) {
			return number
		}
	}
	return 0
}

// readDocuments returns the root of the first document and the second document; either may be nil.
func readDocuments(r io.Reader) (root, second *yaml.Node, err error) {
	d := yaml.NewDecoder(r)
	var docs [2]*yaml.Node
	for i := range docs {
		var n yaml.Node
		if err := d.Decode(&n); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, nil, err
		}
		docs[i] = &n
	}
	if docs[0] != nil && len(docs[0].Content) > 0 {
		root = docs[0].Content[0]
	}
	return root, docs[1], nil
}

// faultyLine returns the number of the line that makes data invalid, given that its first lines up to most are. The line that
// the parser names is where the construct around the fault begins, when it names one at all. A line is faulty when the lines
// before it parse and it does not parse with them; of several, the last one is meant, since an earlier one was only incomplete.
func faultyLine(data []byte, most int) int {
	if len(data) > mostRetried {
		return most
	}
	ends := []int{0}
	for len(ends) <= most {
		end := ends[len(ends)-1]
		ends = append(ends, end+lineLength(data[end:]))
	}
	fails := func(lines int) bool {
		_, _, err := readDocuments(bytes.NewReader(data[:ends[lines]]))
		return err != nil
	}
	low, high := 0, most // nothing at all parses, and most lines do not
	for step := 1; high > step; step *= 2 {
		if !fails(high - step) {
			low = high - step
			break
		}
		high -= step
	}
	return low + sort.Search(high-low, func(i int) bool { return fails(low + i) })
}

// syntaxProblem says what is wrong with a line that the parser refuses. The parser's texts quote nothing but names of anchors.
func syntaxProblem(err error, line string) *Problem {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if number, rest, ok := strings.Cut(strings.TrimPrefix(text, "line "), ": "); ok && strings.Trim(number, "0123456789") == "" {
		text = rest
	}
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	switch {
	case strings.Contains(indent, "\t"):
		return &Problem{Got: "a tab in the indentation", Want: "spaces"}
	case strings.HasPrefix(text, "unknown anchor"):
		p := anchorProblem()
		return &p
	default:
		return &Problem{Got: "not valid YAML", Hint: text}
	}
}

// badCharacter returns the index of the first byte that may not stand in a file, or -1: what is not UTF-8, what YAML refuses, and
// line breaks other than LF and CR LF, which YAML takes for a new line and most editors do not.
func badCharacter(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		switch {
		case r == '\t' || r == '\n' || r == '\r' && bytes.HasPrefix(data[i:], []byte("\r\n")):
		case r == utf8.RuneError && size == 1, r < ' ', 0x7F <= r && r < 0xA0, r == 0x2028, r == 0x2029, r == 0xFFFE, r == 0xFFFF:
			return i
		}
		i += size
	}
	return -1
}

// lineAt returns the text of a line, counted from 1.
func lineAt(data []byte, line int) string {
	for range line - 1 {
		data = data[lineLength(data):]
	}
	return string(data[:lineLength(data)])
}

// lineLength returns how many bytes the first line has, with its newline.
func lineLength(data []byte) int {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1
	}
	return len(data)
}

// lineReader hands out its bytes line by line, so that a parser that stops has seen hardly more than the line it stopped at.
type lineReader struct {
	rest  []byte
	lines int // begun so far
	left  int // bytes of the current line that were not handed out
}

func (r *lineReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		if len(r.rest) == 0 {
			return 0, io.EOF
		}
		r.lines++
		r.left = lineLength(r.rest)
	}
	n := copy(p, r.rest[:r.left])
	r.rest, r.left = r.rest[n:], r.left-n
	return n, nil
}
