// Package id makes and reads the identifiers of everything that the platform stores: UUIDs of version 7 that also say in which
// bucket a thing lives, so that an id alone finds its shard.
//
// The 128 bits of an id that this package makes, a Banyan id (RFC 9562, section 5.7):
//
//	48  milliseconds since 1970 (unix_ts_ms)
//	 4  version, 7
//	12  bucket (rand_a)
//	 2  variant, binary 10
//	62  random (rand_b)
//
// Any other UUID may be used as an id as well, one that was made elsewhere for instance. Its bucket is a hash.
package id

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/banyan-go/banyan/platform/fault"
)

// ErrSyntax is the error for text that is not an id.
var ErrSyntax = fault.New(fault.Invalid, "bad_id", "An id is a UUID of 36 characters, 01977f2e-8c00-7abc-8def-0123456789ab for instance, and not the one of zeros alone.")

// ID is an identifier. The zero value means that there is none: it is never made, never parsed and never stored.
//
// IDs can be compared by == and be the keys of a map. Compare, the text, and the columns of a database order them alike: those made by
// one process by the millisecond in which they were made.
type ID [16]byte

// maxMilli is the last time that fits into an id, in the year 10889.
const maxMilli = 1<<48 - 1

// latest is the millisecond of the newest id of this process. It is the one thing that New and NewIn have to remember: without it a
// clock that is set back would make new ids sort before older ones.
var latest atomic.Int64 //nolint:gochecknoglobals // see above

// New returns a new id in a bucket drawn at random: for a thing that is the root of what belongs to it. It is safe for concurrent use
// and does not fail: crypto/rand ends the process when the machine has no randomness.
//
// Ids are unique with 74 random bits a millisecond. Their milliseconds never decrease within a process: while the clock stands before
// a time that New has already used, because it was set back, ids keep that time. The order within one millisecond is random.
func New() ID {
	var id ID
	_, _ = rand.Read(id[6:])
	id.stamp(notBefore(&latest, time.Now().UnixMilli()))
	return id
}

// NewIn is New for a thing that has to live in bucket b, that of the thing it belongs to. It leaves 62 random bits a millisecond. It
// panics when b is not below Buckets.
func NewIn(b Bucket) ID {
	var id ID
	_, _ = rand.Read(id[8:])
	id.putBucket(b)
	id.stamp(notBefore(&latest, time.Now().UnixMilli()))
	return id
}

// NewAt is NewIn as of time t, cut to milliseconds: for tests and seeds, where the time of an id has to fit its content. A time before
// 1970 counts as 1970. It panics when b is not below Buckets.
func NewAt(t time.Time, b Bucket) ID {
	var id ID
	_, _ = rand.Read(id[8:])
	id.putBucket(b)
	id.stamp(min(max(t.UnixMilli(), 0), maxMilli))
	return id
}

// notBefore returns now, or the value of latest when that is later, and leaves the result in latest.
func notBefore(latest *atomic.Int64, now int64) int64 {
	for {
		last := latest.Load()
		if now <= last {
			return last
		}
		if latest.CompareAndSwap(last, now) {
			return now
		}
	}
}

// stamp writes all but the bucket and the random bits.
func (id *ID) stamp(milli int64) {
	binary.BigEndian.PutUint32(id[0:], uint32(milli>>16))
	binary.BigEndian.PutUint16(id[4:], uint16(milli))
	id[6] = id[6]&0x0f | 7<<4
	id[8] = id[8]&0x3f | 2<<6
}

func (id *ID) putBucket(b Bucket) {
	if b >= Buckets {
		panic("id: there is no such bucket: they are numbered from 0 to 4095")
	}
	binary.BigEndian.PutUint16(id[6:], uint16(b))
}

// banyan reports whether id is a UUID of version 7 and the variant of RFC 9562, and so carries its time and bucket.
func (id ID) banyan() bool { return id[6]>>4 == 7 && id[8]>>6 == 2 }

// IsZero reports whether id is the zero value, which means that there is none.
func (id ID) IsZero() bool { return id == ID{} }

// Time returns when id was made, in UTC and whole milliseconds, and the zero time for an id that is not of version 7. It is a hint
// for people and logs: within a process whose clock was set back it runs ahead, and whoever makes an id elsewhere chooses it.
func (id ID) Time() time.Time {
	if !id.banyan() {
		return time.Time{}
	}
	milli := int64(binary.BigEndian.Uint32(id[0:]))<<16 | int64(binary.BigEndian.Uint16(id[4:]))
	return time.UnixMilli(milli).UTC()
}

// Compare returns -1 when id sorts before other, 0 when they are the same and +1 when it sorts after.
func (id ID) Compare(other ID) int { return bytes.Compare(id[:], other[:]) }
