package id_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/banyan-go/banyan/platform/id"
)

// Frozen for life: a changed line here means that rows are looked for where they are not. The hashes were computed by another
// program: int.from_bytes(sha256(key).digest()[:8], "big") % 4096.
func TestBucketOfGoldenVectors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		key  string
		want id.Bucket
	}{
		// The bits of ids of version 7, in either case.
		{"01977f2e-8c00-7abc-8def-0123456789ab", 0xabc},
		{"01977F2E-8C00-7ABC-8DEF-0123456789AB", 0xabc},
		{"01977f2e-8c00-7000-8def-0123456789ab", 0},
		{"01977f2e-8c00-7fff-bdef-0123456789ab", 4095},
		{"017f22e2-79b0-7cc3-98c4-dc0c0c07398f", 0xcc3},
		// The hash of every other key.
		{"", 3092},
		{"a", 3530},
		{"hello", 782},
		{"user:42", 3426},
		{"Grüße", 1338},
		{"日本語", 4003},
		{"alice@example.com", 703},
		// UUIDs of other versions and variants, by their letters.
		{"f47ac10b-58cc-4372-a567-0e02b2c3d479", 3421},
		{"6ba7b810-9dad-11d1-80b4-00c04fd430c8", 1324},
		{"6BA7B810-9DAD-11D1-80B4-00C04FD430C8", 2164},
		{"01977f2e-8c00-7abc-cdef-0123456789ab", 837},
		{"00000000-0000-0000-0000-000000000000", 3220},
		// Not the text of an id.
		{"01977f2e8c007abc8def0123456789ab", 1069},
	} {
		if got := id.BucketOf(c.key); got != c.want {
			t.Errorf("BucketOf(%q) = %d, want %d", c.key, got, c.want)
		}
	}
}

func TestBucketOfAnIDIsThatOfItsText(t *testing.T) {
	t.Parallel()
	for _, v := range []id.ID{
		id.New(), id.NewIn(0), id.NewIn(4095), {},
		{6: 0x4a, 7: 0xbc, 8: 0x80}, {6: 0x7a, 7: 0xbc, 8: 0xc0}, {0: 0xff, 6: 0xff, 8: 0xff},
	} {
		if got, want := v.Bucket(), id.BucketOf(v.String()); got != want {
			t.Errorf("%v: Bucket() = %d, BucketOf(String()) = %d", v, got, want)
		}
	}
}

// Both ways into a bucket spread evenly: the chi-squared statistic over 4,096 cells has mean 4,095 and standard deviation 90.5; ten of
// those are beyond chance.
func TestBucketsSpreadEvenly(t *testing.T) {
	t.Parallel()
	const each = 40
	for name, draw := range map[string]func(i int) id.Bucket{
		"New":      func(int) id.Bucket { return id.New().Bucket() },
		"BucketOf": func(i int) id.Bucket { return id.BucketOf(fmt.Sprintf("customer-%d", i)) },
	} {
		var count [id.Buckets]float64
		for i := range id.Buckets * each {
			count[draw(i)]++
		}
		chi := 0.0
		for _, n := range count {
			chi += (n - each) * (n - each) / each
		}
		if limit := 10 * math.Sqrt(2*(id.Buckets-1)); math.Abs(chi-(id.Buckets-1)) > limit {
			t.Errorf("%s: chi-squared %.0f, want %d +- %.0f", name, chi, id.Buckets-1, limit)
		}
	}
}

func ExampleBucketOf() {
	fmt.Println(id.BucketOf("01977f2e-8c00-7abc-8def-0123456789ab"), id.BucketOf("alice@example.com"))
	// Output: 2748 703
}

func BenchmarkBucketOfID(b *testing.B) {
	key := id.New().String()
	for b.Loop() {
		_ = id.BucketOf(key)
	}
}

func BenchmarkBucketOfText(b *testing.B) {
	for b.Loop() {
		_ = id.BucketOf("alice@example.com")
	}
}
