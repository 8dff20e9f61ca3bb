package unit_test

import (
	"encoding"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/unit"
)

func TestZeroAutoIsAuto(t *testing.T) {
	t.Parallel()
	var a unit.Auto[int]
	if !a.IsAuto() || a.String() != "auto" || a.Or(7) != 7 {
		t.Errorf("the zero value is %v, Or(7) is %d", a, a.Or(7))
	}
	zero := unit.Exactly(0)
	if zero.IsAuto() || zero.String() != "0" || zero.Or(7) != 0 {
		t.Errorf("exactly 0 is %v, Or(7) is %d", zero, zero.Or(7))
	}
	if a == zero || unit.Exactly(0) != zero {
		t.Error("auto and exactly 0 are the same")
	}
}

func TestAutoText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		into encoding.TextUnmarshaler
		want fmt.Stringer
	}{
		{"auto", new(unit.Auto[int]), unit.Auto[int]{}},
		{"auto", new(unit.Auto[unit.Bytes]), unit.Auto[unit.Bytes]{}},
		{"auto", new(unit.Auto[string]), unit.Auto[string]{}},
		{"8", new(unit.Auto[int]), unit.Exactly(8)},
		{"0", new(unit.Auto[int]), unit.Exactly(0)},
		{"-1", new(unit.Auto[int]), unit.Exactly(-1)},
		{"64MiB", new(unit.Auto[unit.Bytes]), unit.Exactly(64 * unit.MiB)},
		{"0", new(unit.Auto[unit.Bytes]), unit.Exactly(unit.Bytes(0))},
		{"1m30s", new(unit.Auto[time.Duration]), unit.Exactly(90 * time.Second)},
		{"json", new(unit.Auto[string]), unit.Exactly("json")},
		{"automatic", new(unit.Auto[string]), unit.Exactly("automatic")},
	} {
		if err := c.into.UnmarshalText([]byte(c.text)); err != nil {
			t.Errorf("%T of %q: %v", c.into, c.text, err)
			continue
		}
		if got := c.into.(fmt.Stringer); got.String() != c.want.String() || got.String() != c.text {
			t.Errorf("%T of %q is %v, want %v", c.into, c.text, got, c.want)
		}
		if text, err := c.into.(encoding.TextMarshaler).MarshalText(); err != nil || string(text) != c.text {
			t.Errorf("%T of %q goes out as %q, %v", c.into, c.text, text, err)
		}
	}
}

// A value that was exact becomes auto again.
func TestAutoReplaces(t *testing.T) {
	t.Parallel()
	a := unit.Exactly(8)
	if err := a.UnmarshalText([]byte("auto")); err != nil || a != (unit.Auto[int]{}) {
		t.Errorf("auto over 8 is %v, %v", a, err)
	}
}

func TestAutoSaysWhatToWrite(t *testing.T) {
	t.Parallel()
	const number = "write auto or a whole number, in decimal digits and without leading zeros"
	size, kept, word, wait := unit.Exactly(unit.MiB), unit.Exactly(3), unit.Exactly("json"), unit.Exactly(time.Second)
	for _, c := range []struct {
		into encoding.TextUnmarshaler
		text string
		want string
	}{
		{&kept, "", "write auto or a value"},
		{&word, "", "write auto or a value"},
		{&kept, "Auto", "write auto in lower case"},
		{&word, "AUTO", "write auto in lower case"},
		{&kept, "four", number},
		{&kept, "1.5", number},
		{&kept, "010", number},
		{&kept, "+1", number},
		{&kept, "-0", number},
		{&kept, "0x10", number},
		{&kept, "1_000", number},
		{&kept, "9223372036854775808", number},
		{&size, "10MB", "write 10MiB (1,048,576 bytes each) or the exact number with B, 10000000B; or write auto"},
		{&wait, "10", "needs a unit, 10s for instance; or write auto"},
	} {
		if err := c.into.UnmarshalText([]byte(c.text)); err == nil || err.Error() != c.want {
			t.Errorf("%T of %q: %v, want the error %s", c.into, c.text, err, c.want)
		}
	}
	if kept != unit.Exactly(3) || size != unit.Exactly(unit.MiB) || word != unit.Exactly("json") || wait != unit.Exactly(time.Second) {
		t.Errorf("a failed UnmarshalText changed a value: %v, %v, %v, %v", kept, size, word, wait)
	}
}

func ExampleAuto() {
	type settings struct {
		Workers unit.Auto[int]        `json:"workers"`
		Cache   unit.Auto[unit.Bytes] `json:"cache"`
	}
	var s settings
	if err := json.Unmarshal([]byte(`{"workers": "auto", "cache": "64MiB"}`), &s); err != nil {
		fmt.Println(err)
	}
	fmt.Println(s.Workers, s.Workers.Or(4), s.Cache, s.Cache.Or(unit.GiB))
	// Output: auto 4 64MiB 64MiB
}
