package cache

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/platform/cache/driver"
)

// ErrNotShared means that values are in the memory of each process, where no other one sees them.
var ErrNotShared = errors.New("cache.l2.driver is none: values are in the memory of the processes that serve")

// Stored is what all processes share of one group.
type Stored struct {
	Group  string // "" for values whose names are too long to tell
	Values int64
	Bytes  int64
}

// Stored returns what all processes share, by group. It looks at every value, and takes its time. The error is ErrNotShared, or that of the store.
func (c *Cache) Stored(ctx context.Context) ([]Stored, error) {
	if c.l2 == nil {
		return nil, ErrNotShared
	}
	counter, ok := c.l2.Store.(driver.Counter)
	if !ok {
		return nil, errors.New("the driver of cache.l2.driver does not tell what it holds")
	}
	groups := map[string]Stored{}
	err := counter.Count(ctx, func(name string, bytes int64) {
		group, _, ok := strings.Cut(name, ":")
		if !ok {
			group = ""
		}
		s := groups[group]
		groups[group] = Stored{group, s.Values + 1, s.Bytes + bytes}
	})
	return slices.SortedFunc(maps.Values(groups), func(a, b Stored) int { return cmp.Compare(a.Group, b.Group) }), err
}

// Shared reports whether processes share values.
func (c *Cache) Shared() bool { return c.shared() }
