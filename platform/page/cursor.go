package page

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
)

// ErrCursor is the error for a cursor that is damaged, forged, or of another list, filter or order.
var ErrCursor = fault.New(fault.Malformed, "bad_cursor", "The cursor is not one of this list with these filters and this order. Begin again without it.")

// A cursor's text, before it is signed: version, the binding to the query, whether the value is null, the id, the value.
const (
	cursorVersion = 1
	cursorHead    = 1 + 8 + 1 + 16
)

// Encode writes the place k as bytes that are bound to the query: Parse refuses them under other filters, another search or another
// order. They are not secret and not protected: sign them before they travel.
func (q Query) Encode(k *Key) []byte {
	b := make([]byte, cursorHead, cursorHead+32)
	b[0] = cursorVersion
	binary.BigEndian.PutUint64(b[1:], q.binding())
	copy(b[10:], k.ID[:])
	switch {
	case q.Sort.Field.Name == "id":
		return b
	case k.Value == nil:
		b[9] = 1
		return b
	default:
		return append(b, q.Sort.Field.Type.format(k.Value)...)
	}
}

// decode reads what Encode writes, and nothing else.
func (q Query) decode(b []byte) (*Key, error) {
	if len(b) < cursorHead || b[0] != cursorVersion || b[9] > 1 || binary.BigEndian.Uint64(b[1:]) != q.binding() {
		return nil, ErrCursor
	}
	k, field, text := &Key{ID: id.ID(b[10:cursorHead])}, q.Sort.Field, string(b[cursorHead:])
	null := b[9] == 1
	var ok bool
	switch {
	case field.Name == "id":
		k.Value, ok = k.ID, text == "" && !null
	case null:
		ok = text == "" && field.Null
	default:
		k.Value, ok = field.Type.read(text)
	}
	if !ok || k.ID.IsZero() {
		return nil, ErrCursor
	}
	return k, nil
}

// binding is what two pages of one listing have in common. Limit and count may change on the way.
func (q Query) binding() uint64 {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q", q.Sort.String(), q.Search)
	for _, f := range q.Filters {
		fmt.Fprintf(h, " %q %q", f.Field.Name, f.Op)
		for _, v := range f.Values {
			fmt.Fprintf(h, " %q", f.Field.Type.format(v))
		}
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}
