// Package patch holds what a partial update is made of: slots that tell "not mentioned" from a value, and the versions that the
// caller has seen.
package patch

import (
	"slices"

	"github.com/banyan-go/banyan/platform/fault"
)

// Change is one slot of a partial update (a merge-patch, RFC 7396). The zero value means that the caller did not mention the
// field. Change[*T] is for a field that may be null: set and nil clears it.
type Change[T any] struct {
	set   bool
	value T
}

// Set returns a slot that holds v.
func Set[T any](v T) Change[T] { return Change[T]{set: true, value: v} }

// Get returns the value and whether the caller mentioned the field.
func (c Change[T]) Get() (T, bool) { return c.value, c.set }

// To writes the value to p when the caller mentioned the field and leaves it alone otherwise.
func (c Change[T]) To(p *T) {
	if c.set {
		*p = c.value
	}
}

// Pointer returns a pointer to the value, nil when the caller did not mention the field.
func (c Change[T]) Pointer() *T {
	if !c.set {
		return nil
	}
	return &c.value
}

// Slot marks the field as mentioned and returns a *T to decode its value into. It is for decoders, which know a Change by this
// method.
func (c *Change[T]) Slot() any {
	c.set = true
	return &c.value
}

// ErrVersion is what Versions.Allow returns, of kind fault.Precondition.
var ErrVersion = fault.New(fault.Precondition, "version_mismatch", "The resource has changed since you read it. Read it again and repeat your change.")

// Versions are the versions of a resource that the caller accepts, as told by If-Match. Nil accepts any, empty none.
type Versions []int64

// Allow returns ErrVersion unless v is among the versions, or they are nil.
func (vs Versions) Allow(v int64) error {
	if vs == nil || slices.Contains(vs, v) {
		return nil
	}
	return ErrVersion
}

// Map returns the slot with its value turned into another one: not mentioned where c is not. The error is that of fn.
func Map[A, B any](c Change[A], fn func(A) (B, error)) (Change[B], error) {
	if !c.set {
		return Change[B]{}, nil
	}
	v, err := fn(c.value)
	if err != nil {
		return Change[B]{}, err
	}
	return Set(v), nil
}

// Value returns the value of a field that may be null, nil when the caller did not mention it.
func Value[T any](c Change[*T]) *T { return c.value }

// MapNull is Map for a value that may be null, which stays null.
func MapNull[A, B any](c Change[*A], fn func(A) (B, error)) (Change[*B], error) {
	return Map(c, func(v *A) (*B, error) {
		if v == nil {
			return nil, nil
		}
		b, err := fn(*v)
		return &b, err
	})
}
