package id_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/id"
)

func TestNewIsABanyanID(t *testing.T) {
	t.Parallel()
	before := time.Now().Add(-time.Millisecond)
	for range 1000 {
		v := id.New()
		if v[6]>>4 != 7 || v[8]>>6 != 2 {
			t.Fatalf("%v is not of version 7 and the RFC's variant", v)
		}
		if v.Time().Before(before) || v.Time().After(time.Now()) {
			t.Fatalf("%v was made at %v, not now", v, v.Time())
		}
		if back, err := id.Parse(v.String()); err != nil || back != v {
			t.Fatalf("%v comes back as %v, %v", v, back, err)
		}
	}
}

func TestNewIn(t *testing.T) {
	t.Parallel()
	for b := range id.Bucket(id.Buckets) {
		v := id.NewIn(b)
		if v.Bucket() != b || id.BucketOf(v.String()) != b {
			t.Fatalf("%v is in bucket %d, want %d", v, v.Bucket(), b)
		}
		if v[6]>>4 != 7 || v[8]>>6 != 2 {
			t.Fatalf("%v is not of version 7 and the RFC's variant", v)
		}
	}
}

func TestNewAt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		in, want time.Time
	}{
		{"cut to milliseconds", time.Date(2026, 2, 3, 4, 5, 6, 7_999_999, time.UTC), time.Date(2026, 2, 3, 4, 5, 6, 7_000_000, time.UTC)},
		{"in UTC", time.Date(2026, 2, 3, 4, 5, 6, 0, time.FixedZone("", 3600)), time.Date(2026, 2, 3, 3, 5, 6, 0, time.UTC)},
		{"1970", time.Unix(0, 0), time.Unix(0, 0).UTC()},
		{"before 1970", time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(0, 0).UTC()},
		{"the last time", time.UnixMilli(1<<48 - 1), time.UnixMilli(1<<48 - 1).UTC()},
		{"after it", time.UnixMilli(1 << 48), time.UnixMilli(1<<48 - 1).UTC()},
	} {
		v := id.NewAt(c.in, 4095)
		if v.Time() != c.want || v.Bucket() != 4095 {
			t.Errorf("%s: made at %v in bucket %d, want %v in 4095", c.name, v.Time(), v.Bucket(), c.want)
		}
	}
	if a, b := id.NewAt(time.Unix(0, 0), 0), id.NewAt(time.Unix(0, 0), 0); a == b || a.IsZero() {
		t.Errorf("two ids of one time and bucket: %v and %v", a, b)
	}
}

func TestBucketsAreNumberedTo4095(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(){
		"NewIn": func() { id.NewIn(id.Buckets) },
		"NewAt": func() { id.NewAt(time.Now(), id.Buckets) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s takes bucket %d", name, id.Buckets)
				}
			}()
			f()
		}()
	}
}

// Unique over all goroutines, and in order of time for each of them.
func TestIDsOfAProcess(t *testing.T) {
	t.Parallel()
	const workers, each = 8, 20_000
	made := make([][]id.ID, workers)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			ids := make([]id.ID, each)
			for i := range ids {
				if i%2 == 0 {
					ids[i] = id.New()
				} else {
					ids[i] = id.NewIn(7)
				}
			}
			made[w] = ids
		})
	}
	all.Wait()
	seen := make(map[id.ID]bool, workers*each)
	for _, ids := range made {
		for i, v := range ids {
			if seen[v] {
				t.Fatalf("%v was made twice", v)
			}
			seen[v] = true
			if i == 0 {
				continue
			}
			if prev := ids[i-1]; v.Time().Before(prev.Time()) {
				t.Fatalf("%v was made after %v", prev, v)
			} else if v.Time().After(prev.Time()) && (v.Compare(prev) <= 0 || v.String() <= prev.String()) {
				t.Fatalf("%v is newer than %v and sorts before it", v, prev)
			}
		}
	}
}

// All 74 random bits are drawn: over 1,000 ids each of them is seen as 0 and as 1. One that stays by chance has odds of 2^-999.
func TestRandomBits(t *testing.T) {
	t.Parallel()
	check := func(name string, from int, make func() id.ID) {
		var ones, zeros id.ID
		for range 1000 {
			v := make()
			for i := range v {
				ones[i] |= v[i]
				zeros[i] |= ^v[i]
			}
		}
		for bit := from; bit < 128; bit++ {
			if bit == 64 || bit == 65 {
				continue // the variant
			}
			if mask := byte(0x80) >> (bit % 8); ones[bit/8]&zeros[bit/8]&mask == 0 {
				t.Errorf("%s: bit %d never changes", name, bit)
			}
		}
	}
	check("New", 52, id.New)
	check("NewIn", 64, func() id.ID { return id.NewIn(0) })
	check("NewAt", 64, func() id.ID { return id.NewAt(time.Unix(0, 0), 0) })
}

// The vector of RFC 9562, appendix A.6.
func TestTimeOfTheRFCsVector(t *testing.T) {
	t.Parallel()
	v, err := id.Parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2022, 2, 22, 19, 22, 22, 0, time.UTC); v.Time() != want || v.Bucket() != 0xcc3 {
		t.Errorf("made at %v in bucket %#x, want %v in 0xcc3", v.Time(), v.Bucket(), want)
	}
	for _, other := range []string{"c232ab00-9414-11ec-b3c8-9f6bdeced846", "919108f7-52d1-4320-9bac-f847db4148a8", "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f"} {
		if v, err := id.Parse(other); err != nil || !v.Time().IsZero() {
			t.Errorf("time of %s, which is not of version 7: %v, %v", other, v.Time(), err)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	a := id.ID{0: 1}
	b := id.ID{0: 1, 15: 1}
	c := id.ID{0: 0xff}
	if a.Compare(b) != -1 || b.Compare(a) != 1 || c.Compare(b) != 1 || b.Compare(b) != 0 {
		t.Error("ids do not compare as their bytes do")
	}
	if !(id.ID{}).IsZero() || b.IsZero() {
		t.Error("IsZero")
	}
}

func ExampleNewIn() {
	order := id.New()
	line := id.NewIn(order.Bucket()) // a line lives where its order lives
	fmt.Println(line.Bucket() == order.Bucket())
	// Output: true
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = id.New()
	}
}

func BenchmarkNewParallel(b *testing.B) {
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			_ = id.New()
		}
	})
}

func BenchmarkNewIn(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = id.NewIn(42)
	}
}
