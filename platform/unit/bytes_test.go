package unit_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/unit"
)

func TestParseBytes(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]unit.Bytes{
		"0": 0, "0B": 0, "0GiB": 0, "1B": 1, "512B": 512, "64KiB": 65_536, "4MiB": 4_194_304, "2GiB": 2_147_483_648, "1024KiB": unit.MiB,
		"9223372036854775807B": math.MaxInt64, "8589934591GiB": 8_589_934_591 * unit.GiB, "9007199254740991KiB": 9_007_199_254_740_991 * unit.KiB,
	} {
		if got, err := unit.ParseBytes(in); err != nil || got != want {
			t.Errorf("ParseBytes(%q) = %d, %v, want %d", in, got, err, want)
		}
	}
}

// The texts are what a person reads who edits YAML.
func TestParseBytesSaysWhatToWrite(t *testing.T) {
	t.Parallel()
	const (
		units   = "the units are B, KiB, MiB and GiB, written like this"
		both    = "write a number and a unit, 10MiB for instance"
		largest = "the largest size is 9223372036854775807B"
		whole   = "write a whole number of a smaller unit, 1536MiB for 1.5GiB for instance"
		space   = "write the number and the unit without a space, 10MiB for instance"
	)
	for in, want := range map[string]string{
		"":      both,
		"MiB":   both,
		"lots":  both,
		"+1B":   both,
		"10":    "needs a unit, 10MiB for instance (10B, 10KiB and 10GiB are possible too)",
		"10MB":  "write 10MiB (1,048,576 bytes each) or the exact number with B, 10000000B",
		"10mb":  "write 10MiB (1,048,576 bytes each) or the exact number with B, 10000000B",
		"10M":   "write 10MiB (1,048,576 bytes each) or the exact number with B, 10000000B",
		"64K":   "write 64KiB (1,024 bytes each) or the exact number with B, 64000B",
		"64kB":  "write 64KiB (1,024 bytes each) or the exact number with B, 64000B",
		"2GB":   "write 2GiB (1,073,741,824 bytes each) or the exact number with B, 2000000000B",
		"10TiB": units, "10b": units, "10mib": units, "10MIB": units, "10MiBB": units, "10MiB\n": units, "1e3B": units, "0x10B": units, "10Mi": units,
		"-1B": "a size cannot be negative", "-0": "a size cannot be negative", "-1.5GiB": "a size cannot be negative",
		"1.5GiB": whole, ".5GiB": whole, "1,024KiB": whole, "1.": whole,
		"10 MiB": space, " 10MiB": space, "10MiB ": space, "10\tMiB": space,
		"010MiB": "write the number without leading zeros", "00": "write the number without leading zeros",
		"9223372036854775808B": largest, "8589934592GiB": largest, "99999999999999999999": largest, "99999999999999999999MB": largest,
		strings.Repeat("9", 1000) + "B": largest,
		"9223372036854775807GB":         "write 9223372036854775807GiB (1,073,741,824 bytes each) or the exact number with B",
	} {
		if got, err := unit.ParseBytes(in); err == nil || err.Error() != want || got != 0 {
			t.Errorf("ParseBytes(%.40q) = %d, %v, want the error %s", in, got, err, want)
		}
	}
}

func TestBytesText(t *testing.T) {
	t.Parallel()
	for b, want := range map[unit.Bytes]string{
		0: "0", 1: "1B", 1000: "1000B", 1024: "1KiB", 1536: "1536B", 64 * unit.KiB: "64KiB", 1024 * unit.KiB: "1MiB", 1536 * unit.MiB: "1536MiB",
		unit.GiB: "1GiB", 1024 * unit.GiB: "1024GiB", math.MaxInt64: "9223372036854775807B", -512: "-512B", math.MinInt64: "-8589934592GiB",
	} {
		if got := b.String(); got != want {
			t.Errorf("String of %d = %q, want %q", int64(b), got, want)
		}
	}
	type limits struct {
		Body unit.Bytes `json:"body"`
	}
	text, err := json.Marshal(limits{Body: 4 * unit.MiB})
	if err != nil || string(text) != `{"body":"4MiB"}` {
		t.Fatalf("Marshal = %s, %v", text, err)
	}
	var back limits
	if err := json.Unmarshal(text, &back); err != nil || back.Body != 4*unit.MiB {
		t.Errorf("Unmarshal = %v, %v", back, err)
	}
	if err := back.Body.UnmarshalText([]byte("4MB")); err == nil || back.Body != 4*unit.MiB {
		t.Errorf("a failed UnmarshalText: %v, and the size is %v", err, back.Body)
	}
}

// A size that is read is the number times the unit, and its text reads as the same size.
func FuzzParseBytes(f *testing.F) {
	for _, s := range []string{"0", "512B", "64KiB", "10MB", "10", "1.5GiB", "-1B", "8589934592GiB", "010MiB", "", "10 MiB"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b, err := unit.ParseBytes(s)
		if err != nil {
			if b != 0 || err.Error() == "" {
				t.Fatalf("ParseBytes(%q) = %d, %v", s, b, err)
			}
			return
		}
		if back, err := unit.ParseBytes(b.String()); err != nil || back != b {
			t.Fatalf("%q is %v, which comes back as %d, %v", s, b, back, err)
		}
		number := strings.TrimRight(s, "KMGiB")
		want, ok := new(big.Int).SetString(number, 10)
		factor := map[string]int64{"": 0, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[s[len(number):]]
		if !ok || want.Mul(want, big.NewInt(factor)).Cmp(big.NewInt(int64(b))) != 0 {
			t.Fatalf("ParseBytes(%q) = %d", s, b)
		}
	})
}

func ExampleParseBytes() {
	limit, _ := unit.ParseBytes("64KiB")
	fmt.Println(limit, int64(limit))
	_, err := unit.ParseBytes("10MB")
	fmt.Println(err)
	// Output:
	// 64KiB 65536
	// write 10MiB (1,048,576 bytes each) or the exact number with B, 10000000B
}
