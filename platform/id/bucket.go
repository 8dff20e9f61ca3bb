package id

import (
	"crypto/sha256"
	"encoding/binary"
)

// Bucket is the number of a bucket, 0 to Buckets-1. A bucket is the smallest part of a sharded data set that can be moved: data says
// which shard holds which bucket.
type Bucket uint16

// Buckets is how many buckets there are. It is frozen for life, and so is the way from a key to its bucket: both are written into
// every id and decide where every row lies.
const Buckets = 4096

// Bucket returns the bucket of id: the one it carries when it is of version 7, otherwise that of its text, BucketOf(id.String()).
func (id ID) Bucket() Bucket {
	if !id.banyan() {
		return hash(id.String())
	}
	return Bucket(binary.BigEndian.Uint16(id[6:]) & (Buckets - 1))
}

// BucketOf returns the bucket of any key. Text of an id of version 7, in lower or upper case, has the bucket that the id carries. Every
// other key has the first 8 bytes, big endian, of the SHA-256 of its UTF-8 bytes, modulo Buckets: such keys differ when their letters
// do, so bring them into one form before.
func BucketOf(key string) Bucket {
	if id, err := Parse(key); err == nil && id.banyan() {
		return id.Bucket()
	}
	return hash(key)
}

func hash(key string) Bucket {
	sum := sha256.Sum256([]byte(key))
	return Bucket(binary.BigEndian.Uint64(sum[:]) % Buckets)
}
