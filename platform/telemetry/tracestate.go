package telemetry

import (
	"bytes"
)

// The limits of W3C Trace Context, level 1, section 3.3.
const (
	maxStateMembers = 32
	maxStateLen     = 512 // what everybody has to pass on; more may be cut
	longStateMember = 128 // members above this are the first to go
)

// ParseTracestate checks a tracestate header and returns it, without spaces around it. A list that breaks the grammar, or has more
// than 32 members, is refused: the specification wants it dropped as a whole. From a list longer than 512 bytes members are taken
// out, as the specification says: first those over 128 bytes, then from the end.
func ParseTracestate(header []byte) (state string, ok bool) {
	header = bytes.Trim(header, " \t")
	if len(header) == 0 {
		return "", true
	}
	var list [maxStateMembers][]byte
	members := list[:0]
	for member := range bytes.SplitSeq(header, []byte{','}) {
		member = bytes.Trim(member, " \t")
		if len(member) == 0 {
			continue // allowed, and no member
		}
		if len(members) == maxStateMembers || !isStateMember(member) {
			return "", false
		}
		members = append(members, member)
	}
	if len(header) <= maxStateLen {
		return string(header), true
	}
	members = cutMembers(members, longStateMember)
	members = cutMembers(members, 0)
	return string(bytes.Join(members, []byte{','})), true
}

// cutMembers takes members longer than size out, from the end, until the list fits into maxStateLen.
func cutMembers(members [][]byte, size int) [][]byte {
	total := len(members) - 1
	for _, m := range members {
		total += len(m)
	}
	kept := members
	for i := len(members) - 1; i >= 0 && total > maxStateLen; i-- {
		if m := members[i]; len(m) > size {
			total -= len(m) + 1
			kept = append(kept[:i], kept[i+1:]...)
		}
	}
	return kept
}

// isStateMember reports whether m is key=value: the key simple or tenant@system, the value 1 to 256 printable ASCII characters
// without comma and equals sign, not ending in a space.
func isStateMember(m []byte) bool {
	key, value, found := bytes.Cut(m, []byte{'='})
	if !found || len(value) == 0 || len(value) > 256 {
		return false
	}
	for _, c := range value {
		if c < ' ' || c > '~' || c == ',' || c == '=' {
			return false
		}
	}
	tenant, system, multi := bytes.Cut(key, []byte{'@'})
	if multi {
		return len(tenant) <= 241 && len(system) <= 14 && isStateKey(tenant, true) && isStateKey(system, false)
	}
	return len(key) <= 256 && isStateKey(key, false)
}

// isStateKey reports whether key begins with a lower case letter, or with a digit where that is allowed, and goes on with lower
// case letters, digits and _-*/.
func isStateKey(key []byte, digitFirst bool) bool {
	for i, c := range key {
		switch {
		case 'a' <= c && c <= 'z':
		case '0' <= c && c <= '9':
			if i == 0 && !digitFirst {
				return false
			}
		case c == '_' || c == '-' || c == '*' || c == '/':
			if i == 0 {
				return false
			}
		default:
			return false
		}
	}
	return len(key) > 0
}
