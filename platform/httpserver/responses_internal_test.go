package httpserver

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/telemetry"
)

// Whatever is asked for, what is kept takes no more memory than it may: also with forms that are made later, and when one answer is as large as all.
func TestKeptAnswersHaveABound(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	tel, err := telemetry.New(telemetry.DefaultConfig(), telemetry.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := newResponses(size, tel)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		r := &response{key: strconv.Itoa(i), until: time.Now().Add(time.Hour), body: make([]byte, 5000)}
		c.keep(r)
		c.replace(r, r.with("br", make([]byte, 2000)))
	}
	c.kept.CleanUp()
	sum := 0
	for r := range c.kept.Values() {
		sum += r.size()
	}
	if sum > size || uint64(sum) != c.kept.WeightedSize() {
		t.Errorf("%d bytes are kept, %d by its own account; want at most %d", sum, c.kept.WeightedSize(), size)
	}
	if sum < size/2 {
		t.Errorf("%d bytes are kept of %d", sum, size)
	}
	c.kept.InvalidateAll()
	huge := &response{key: "huge", until: time.Now().Add(time.Hour), body: make([]byte, size/8)}
	c.keep(huge)
	small := &response{key: "small", until: time.Now().Add(time.Hour), body: make([]byte, size/8-1000)}
	c.keep(small)
	grown := small.with("br", make([]byte, 1000))
	c.replace(small, grown)
	kept := slices.Collect(c.kept.Values())
	if !slices.Equal(kept, []*response{small}) {
		t.Errorf("%d are kept; want the one that is not too large, as it was before it was", len(kept))
	}
}

// Two keys with one hash do not get each other's answers, and a form of what has gone is not put in the place of what has come.
func TestKeptAnswersAreTheirOwn(t *testing.T) {
	t.Parallel()
	tel, err := telemetry.New(telemetry.DefaultConfig(), telemetry.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := newResponses(1<<20, tel)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c.kept.Set(1, &response{key: "a", until: now.Add(time.Hour)})
	if c.find(1, []byte("b"), now) != nil {
		t.Error("b got the answer of a")
	}
	if c.find(1, []byte("a"), now) == nil || c.find(1, []byte("a"), now.Add(time.Hour)) != nil {
		t.Error("a is not kept for its time")
	}
	first, second := &response{key: "c", until: now.Add(time.Hour)}, &response{key: "c", until: now.Add(time.Hour)}
	c.keep(first)
	c.keep(second)
	c.replace(first, first.with("br", nil))
	for r := range c.kept.Values() {
		if r.key == "c" && r != second {
			t.Error("a form of what has gone is kept in the place of what has come")
		}
	}
}
