package plan

import (
	"strconv"
	"strings"
)

// path is where a decoder stands: the names and indexes from the root to the current value.
type path []step

type step struct {
	name   string
	index  int  // used when name is empty
	hidden bool // the name came from the caller and is not fit to be shown
}

func (p *path) push(name string) { *p = append(*p, step{name: name}) }
func (p *path) pop()             { *p = (*p)[:len(*p)-1] }

// pushIndex steps into an array; at moves on inside it.
func (p *path) pushIndex() { *p = append(*p, step{}) }
func (p path) at(i int)    { p[len(p)-1].index = i }

// pushForeign steps into a member whose name the caller chose.
func (p *path) pushForeign(name string) { *p = append(*p, step{name: name, hidden: !showable(name)}) }

// pointer returns the JSON Pointer (RFC 6901) of the current value, or of the innermost ancestor that is reached without a hidden name.
func (p path) pointer() string {
	var b []byte
	for _, s := range p {
		if s.hidden {
			break
		}
		b = append(b, '/')
		if s.name == "" {
			b = strconv.AppendInt(b, int64(s.index), 10)
		} else {
			b = append(b, escapePointer(s.name)...)
		}
	}
	return string(b)
}

func escapePointer(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// showable reports whether a name that a caller sent may stand in an answer: ^[A-Za-z0-9_.-]{1,64}$.
func showable[T string | []byte](name T) bool {
	if len(name) == 0 || len(name) > 64 {
		return false
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return true
}
