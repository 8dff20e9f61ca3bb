package api

import (
	"context"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
)

// Include is the query parameter include of an operation that gets: which related resources the answer embeds, names separated by commas. It is a
// field of In, without a tag. What may be asked for are the fields of type Included that the resource in Out has; anything else is
// refused.
type Include struct{ names []string }

// Has reports whether the caller asked for the related resource of this name.
func (i Include) Has(name string) bool { return slices.Contains(i.names, name) }

// Included is a related resource inside of an answer: a field of the resource in Out. The zero value is left out of the answer; Embed sets it.
type Included[T any] struct {
	asked bool
	value *T
}

// Embedded returns a *T, nil for null, and whether the answer has it at all. It is for encoders, which know an Included by this method.
func (i *Included[T]) Embedded() (value any, asked bool) { return i.value, i.asked }

// Embed puts what items refer to into them, with one call of find for all of them and none when there is nothing to find. Of gives the id
// that an item refers to, nil for none, and the place for what has it; what find does not find is null. The error is that of find.
func Embed[Item, Related, View any](
	ctx context.Context, items []Item, of func(*Item) (*id.ID, *Included[View]),
	find func(context.Context, []id.ID) (map[id.ID]Related, error), present func(Related) View,
) error {
	var wanted []id.ID
	for i := range items {
		if ref, _ := of(&items[i]); ref != nil {
			wanted = append(wanted, *ref)
		}
	}
	var found map[id.ID]Related
	if len(wanted) > 0 {
		var err error
		if found, err = find(ctx, wanted); err != nil {
			return err
		}
	}
	for i := range items {
		ref, place := of(&items[i])
		place.asked = true
		if ref == nil {
			continue
		}
		if r, ok := found[*ref]; ok {
			place.value = new(present(r))
		}
	}
	return nil
}

// readInclude reads the parameter. Seen says that it stands there again.
func (op *operation) readInclude(text string, seen bool) (Include, *fault.Field) {
	if seen {
		return Include{}, &fault.Field{In: "query", Pointer: "/include", Code: "repeated", Detail: "must not be given twice"}
	}
	known := op.result.EmbeddedFields()
	var i Include
	for name := range strings.SplitSeq(text, ",") {
		if !slices.Contains(known, name) {
			return Include{}, &fault.Field{In: "query", Pointer: "/include", Code: "unknown", Detail: "must be names out of " + strings.Join(known, ", ")}
		}
		i.names = append(i.names, name)
	}
	return i, nil
}

// with returns the tag of the representation that is body: what it embeds changes while the version of the resource does not.
func (e ETag) with(body []byte) []byte {
	h := fnv.New64a()
	_, _ = h.Write(body) // a hash.Hash never fails
	b := append([]byte(strings.TrimSuffix(string(e), `"`)), "-i"...)
	b = strconv.AppendUint(b, h.Sum64(), 16)
	return append(b, '"')
}
