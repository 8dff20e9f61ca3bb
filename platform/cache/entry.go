package cache

import (
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/banyan-go/banyan/platform/fault"
)

// entry is a value in the memory of this process, or that there is none. It is not changed any more.
type entry[T any] struct {
	value T
	err   error // of kind fault.NotFound: there is no such thing

	tags  []*atomic.Uint64
	sum   uint64 // of the generations of the group and of the tags, from before it was read
	known uint64 // the same without those that were moved because something might have been missed
	soft  int64  // until then, by the timer, it is served without a second look
	fresh int64  // until then it is served while it is loaded anew
	stale int64  // until then it is served when its source fails
	late  bool   // it is served because its source has failed
}

// jitter returns a time that differs by up to a tenth, so that what was stored together does not end together.
func jitter(d time.Duration) time.Duration {
	return d - d/10 + rand.N(d/5+1)
}

// ahead returns how long before its end a value is to be loaded anew. The moment is drawn as in XFetch (Vattani, Chierichetti and Lowenstein, "Optimal
// Probabilistic Cache Stampede Prevention", 2015): the longer a load takes, the earlier, and late moments are the likelier ones. It is drawn once for
// each copy and not for each read, which costs nothing on a hit.
func ahead(took, window time.Duration) time.Duration {
	if window <= 0 {
		return 0
	}
	gap := -math.Log(1-rand.Float64()) * float64(max(took, window/4))
	return time.Duration(min(gap, float64(window)))
}

// answers reports whether an error is what there is to say about a thing, and not a failure of who was asked.
func answers(err error) bool {
	kind := fault.KindOf(err)
	return kind != fault.Internal && kind != fault.Unavailable
}

// absent reports whether an error says that there is no such thing.
func absent(err error) bool { return err != nil && fault.KindOf(err) == fault.NotFound }
