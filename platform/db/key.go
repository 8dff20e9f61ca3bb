package db

import (
	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/id"
)

// Key says which data a statement is about: the global tables, or the bucket that a shard key lies in. Keys of one bucket are equal,
// because a bucket never spreads over two databases.
type Key uint16

// Global is the key of tables that are not divided.
const Global Key = 0

// By returns the key of a shard key: an id, or a name such as a tenant's.
func By[K id.ID | string](shardKey K) Key {
	switch k := any(shardKey).(type) {
	case id.ID:
		return bucketKey(k.Bucket())
	case string:
		return bucketKey(id.BucketOf(k))
	default:
		panic("unreachable: K is one of the two")
	}
}

func bucketKey(b id.Bucket) Key { return Key(b) + 1 }

// scope is what the guard sees of a key.
func (k Key) scope() driver.Scope {
	if k == Global {
		return driver.Global
	}
	return driver.Keyed
}
