package gocachestore

import (
	"context"
	"fmt"
	"reflect"

	"github.com/eko/gocache/lib/v4/store"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
)

// Type is what Cache.GetType returns.
const Type = "banyan"

// Cache is a group as gocache's cache.CacheInterface[T]. It is safe for concurrent use.
type Cache[K cache.Key, T any] struct {
	cache *cache.Cache
	group *cache.Group[K, T]
}

// Of returns a group as a cache of gocache; c is the cache that the group was made with.
//
// Its keys are those of the group, as K, as text, or as what has the method GetCacheKey; any other key is an error. Gocache itself hashes how it prints, and
// two of them may print alike.
func Of[K cache.Key, T any](c *cache.Cache, g *cache.Group[K, T]) *Cache[K, T] {
	return &Cache[K, T]{cache: c, group: g}
}

// Get is Group.Get. An error of kind fault.NotFound is store.NotFound as well; all others are as they are.
func (c *Cache[K, T]) Get(ctx context.Context, key any) (T, error) {
	k, err := keyOf[K](key)
	if err != nil {
		var none T
		return none, err
	}
	value, err := c.group.Get(ctx, k)
	if fault.KindOf(err) == fault.NotFound {
		err = store.NotFoundWithCause(err)
	}
	return value, err
}

// Set returns store.ErrNotSupported: a group has its values from their source.
func (c *Cache[K, T]) Set(context.Context, any, T, ...store.Option) error {
	return fmt.Errorf("the group %s reads its source itself; change that, and delete the key: %w", c.group.Name(), store.ErrNotSupported)
}

// Delete is Group.Invalidate.
func (c *Cache[K, T]) Delete(ctx context.Context, key any) error {
	k, err := keyOf[K](key)
	if err != nil {
		return err
	}
	return c.group.Invalidate(ctx, k)
}

// Invalidate is cache.Cache.InvalidateTags with the tags of store.WithInvalidateTags: it reaches all groups that have these. Without tags it does nothing.
func (c *Cache[K, T]) Invalidate(ctx context.Context, options ...store.InvalidateOption) error {
	return c.cache.InvalidateTags(ctx, store.ApplyInvalidateOptions(options...).Tags...)
}

// Clear is Group.Clear: that of this group alone.
func (c *Cache[K, T]) Clear(ctx context.Context) error { return c.group.Clear(ctx) }

// GetType returns Type.
func (c *Cache[K, T]) GetType() string { return Type }

// keyOf returns the key of a group that was given as a key of gocache.
func keyOf[K cache.Key](key any) (k K, err error) {
	if k, ok := key.(K); ok {
		return k, nil
	}
	text, ok := key.(string)
	if named, has := key.(interface{ GetCacheKey() string }); has {
		text, ok = named.GetCacheKey(), true
	}
	if !ok {
		return k, fmt.Errorf("a key of type %T: want %T, or its text", key, k)
	}
	if parsed, ok := any(&k).(*id.ID); ok {
		*parsed, err = id.Parse(text)
		return k, err
	}
	reflect.ValueOf(&k).Elem().SetString(text)
	return k, nil
}
