package driver_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/cache/driver"
)

const name, under = "shop.products:1", "K3 V9"

func stored(t *testing.T, v driver.Value, now time.Time) []byte {
	t.Helper()
	b, err := driver.Encode(name, under, v, now)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatIsStoredComesBack(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_800_000_000_000)
	for _, v := range []driver.Value{
		{Payload: []byte("one"), Schema: 1 << 40, Took: 20 * time.Millisecond, Position: 1 << 63, Left: time.Hour},
		{Payload: []byte("\x00\n\xff"), Absent: true, Left: time.Minute},
		{Payload: []byte{}},
	} {
		got, was, err := driver.Decode(stored(t, v, now), name, now.Add(time.Second))
		got.Left += time.Second
		if err != nil || string(was) != under || !reflect.DeepEqual(got, v) {
			t.Errorf("%+v under %q, %v; want %+v", got, was, err, v)
		}
	}
}

// Whichever bit is another one, wherever it is cut off: it is no value, and not another value.
func TestEveryDamageIsSeen(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_800_000_000_000)
	good := stored(t, driver.Value{Payload: []byte(`{"owner":"ada"}`), Schema: 3, Took: time.Millisecond, Position: 7, Left: time.Hour}, now)
	damaged := func(what string, at int, b []byte) {
		t.Helper()
		if v, _, err := driver.Decode(b, name, now); !errors.Is(err, driver.ErrDamaged) {
			t.Errorf("%s at %d of %d: %+v, %v", what, at, len(good), v, err)
		}
	}
	for at := range good {
		for bit := range 8 {
			b := slices.Clone(good)
			b[at] ^= 1 << bit
			damaged("a flipped bit", at, b)
		}
		damaged("an end", at, good[:at])
		damaged("a byte too many", at, slices.Insert(slices.Clone(good), at, 'x'))
		damaged("a byte too few", at, slices.Delete(slices.Clone(good), at, at+1))
	}
	damaged("a byte too many", len(good), append(slices.Clone(good), 'x'))
}

func TestWhatIsNoValueOfTheKey(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_800_000_000_000)
	good := driver.Value{Payload: []byte("one"), Left: time.Hour}
	if _, _, err := driver.Decode(stored(t, good, now), "shop.products:2", now); !errors.Is(err, driver.ErrDamaged) {
		t.Errorf("of another key: %v", err)
	}
	for ahead, ok := range map[time.Duration]bool{30 * time.Second: true, 2 * time.Minute: false} { // the clock of the server was set back
		if _, _, err := driver.Decode(stored(t, good, now.Add(ahead)), name, now); (err == nil) != ok {
			t.Errorf("stored in %s: %v", ahead, err)
		}
	}
	large := good
	large.Payload = []byte(strings.Repeat("x", driver.MaxValue))
	if _, err := driver.Encode(name, under, large, now); !errors.Is(err, driver.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

func TestSplitReadsWhatJoinHasWritten(t *testing.T) {
	t.Parallel()
	for _, parts := range [][]string{nil, {""}, {"a", "", "b c"}, {"1:a", "\x00\xff\n"}} {
		if got, ok := driver.Split(driver.Join(parts...)); !ok || !slices.Equal(got, parts) {
			t.Errorf("%q became %q, %t", parts, got, ok)
		}
	}
	for _, text := range []string{"a", "1", ":a", "1:", "-1:a", "2:a", "1:ab", "99999999999:a", "+1:a", " 1:a"} {
		if got, ok := driver.Split(text); ok {
			t.Errorf("%q is %q", text, got)
		}
	}
}
