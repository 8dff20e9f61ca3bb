package telemetry_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/telemetry"
)

const (
	traceID     = "0af7651916cd43dd8448eb211c80319c"
	spanID      = "b7ad6b7169203331"
	traceparent = "00-" + traceID + "-" + spanID + "-01"
)

func ExampleContinueTrace() {
	t := telemetry.ContinueTrace([]byte("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), []byte("rojo=00f067aa0ba902b7"))
	fmt.Printf("%x caused by %x, state %s\n", t.TraceID, t.Parent, t.State)
	// Output: 0af7651916cd43dd8448eb211c80319c caused by b7ad6b7169203331, state rojo=00f067aa0ba902b7
}

func TestParseTraceparent(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		traceparent:                                        traceparent,
		"00-" + traceID + "-" + spanID + "-00":             "00-" + traceID + "-" + spanID + "-00",
		"00-" + traceID + "-" + spanID + "-ff":             traceparent, // unknown flags are not passed on
		"00-" + traceID + "-" + spanID + "-02":             "00-" + traceID + "-" + spanID + "-00",
		"cc-" + traceID + "-" + spanID + "-01":             traceparent,
		"01-" + traceID + "-" + spanID + "-01-what-future": traceparent,
		"fe-" + traceID + "-" + spanID + "-01-":            traceparent,

		"": "", "00": "", "-": "",
		"ff-" + traceID + "-" + spanID + "-01":                             "",
		"00-" + traceID + "-" + spanID + "-01-":                            "",
		"00-" + traceID + "-" + spanID + "-01-x":                           "",
		"00-" + traceID + "-" + spanID + "-01 ":                            "",
		" 00-" + traceID + "-" + spanID + "-01":                            "",
		"01-" + traceID + "-" + spanID + "-01.x":                           "",
		"01-" + traceID + "-" + spanID + "-011":                            "",
		"00-" + traceID + "-" + spanID + "-1":                              "",
		"00-" + traceID + "-" + spanID:                                     "",
		"00-" + strings.ToUpper(traceID) + "-" + spanID + "-01":            "",
		"00-" + traceID + "-" + strings.ToUpper(spanID) + "-01":            "",
		"00-" + traceID + "-" + spanID + "-0A":                             "",
		"0A-" + traceID + "-" + spanID + "-01":                             "",
		"00-" + strings.Repeat("0", 32) + "-" + spanID + "-01":             "",
		"00-" + traceID + "-" + strings.Repeat("0", 16) + "-01":            "",
		"00-" + traceID[:31] + "g-" + spanID + "-01":                       "",
		"00-" + traceID[:31] + "\xff-" + spanID + "-01":                    "",
		"00_" + traceID + "-" + spanID + "-01":                             "",
		"00-" + traceID + "_" + spanID + "-01":                             "",
		"00-" + traceID + "-" + spanID + "_01":                             "",
		".0-" + traceID + "-" + spanID + "-01":                             "",
		"00-" + traceID + spanID + "--01" + strings.Repeat("0", 30):        "",
		"00-" + traceID + "-" + spanID + "-.1":                             "",
		"00-" + strings.Repeat(traceID, 2)[1:33] + "-" + spanID + "-0\x00": "",
	} {
		got, ok := telemetry.ParseTraceparent([]byte(header))
		if ok != (want != "") {
			t.Errorf("ParseTraceparent(%q) ok = %v", header, ok)
		} else if ok && string(got.AppendTraceparent(nil)) != want {
			t.Errorf("ParseTraceparent(%q) = %s, want %s", header, got.AppendTraceparent(nil), want)
		} else if got.Flags&^1 != 0 {
			t.Errorf("ParseTraceparent(%q) keeps unknown flags: %#x", header, got.Flags)
		} else if !ok && got != (telemetry.Trace{}) {
			t.Errorf("ParseTraceparent(%q) = %+v beside false", header, got)
		}
	}
}

func FuzzParseTraceparent(f *testing.F) {
	f.Add([]byte(traceparent))
	f.Add([]byte("cc-" + traceID + "-" + spanID + "-01-more"))
	f.Fuzz(func(t *testing.T, header []byte) {
		got, ok := telemetry.ParseTraceparent(header)
		if !ok {
			return
		}
		if !got.Valid() || hex.EncodeToString(got.TraceID[:]) != string(header[3:35]) || hex.EncodeToString(got.Span[:]) != string(header[36:52]) {
			t.Fatalf("%q became %+v", header, got)
		}
		again, ok := telemetry.ParseTraceparent(got.AppendTraceparent(nil))
		if !ok || again != got {
			t.Fatalf("%q does not survive a round trip: %+v, %+v", header, got, again)
		}
	})
}

func TestNewTraceAndChild(t *testing.T) {
	t.Parallel()
	root := telemetry.NewTrace()
	if !root.Valid() || root.Flags != 1 || root.Parent != [8]byte{} || root.State != "" {
		t.Fatalf("new trace = %+v", root)
	}
	if other := telemetry.NewTrace(); other.TraceID == root.TraceID || other.Span == root.Span {
		t.Fatal("two traces share an id")
	}
	root.State = "a=b"
	child := root.Child()
	if child.TraceID != root.TraceID || child.Parent != root.Span || child.Span == root.Span || child.Flags != 1 || child.State != "a=b" {
		t.Fatalf("child of %+v = %+v", root, child)
	}
	if (telemetry.Trace{}).Valid() {
		t.Error("the zero value is no trace")
	}
}

func TestContinueTrace(t *testing.T) {
	t.Parallel()
	got := telemetry.ContinueTrace([]byte("00-"+traceID+"-"+spanID+"-00"), []byte("no list"))
	if hex.EncodeToString(got.TraceID[:]) != traceID || hex.EncodeToString(got.Parent[:]) != spanID || got.Flags != 0 || got.State != "" {
		t.Errorf("with a malformed tracestate: %+v", got)
	}
	got = telemetry.ContinueTrace([]byte("nonsense"), []byte("a=b"))
	if !got.Valid() || got.Parent != [8]byte{} || got.State != "" || got.Flags != 1 {
		t.Errorf("with a malformed traceparent: %+v", got)
	}
}

func TestParseTracestate(t *testing.T) {
	t.Parallel()
	members := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf("k%d=1", i))
		}
		return strings.Join(list, ",")
	}
	a := func(n int) string { return strings.Repeat("a", n) }
	for _, c := range []struct {
		in, want string
		ok       bool
	}{
		{"", "", true},
		{"  ", "", true},
		{"rojo=1", "rojo=1", true},
		{" \trojo=1 , congo=2\t", "rojo=1 , congo=2", true},
		{"a=1,,b=2,", "a=1,,b=2,", true},
		{"a=1,a=2", "a=1,a=2", true}, // duplicates may be kept
		{"0t@sys=x y", "0t@sys=x y", true},
		{"a_-*/9=!~", "a_-*/9=!~", true},
		{members(32), members(32), true},
		{members(33), "", false},
		{a(256) + "=1", a(256) + "=1", true},
		{a(257) + "=1", "", false},
		{a(241) + "@" + a(14) + "=1", a(241) + "@" + a(14) + "=1", true},
		{a(242) + "@" + a(14) + "=1", "", false},
		{a(241) + "@" + a(15) + "=1", "", false},
		{"k=" + a(256), "k=" + a(256), true},
		{"k=" + a(257), "", false},
		{"a", "", false}, {"=1", "", false}, {"a=", "", false}, {"A=1", "", false}, {"0a=1", "", false}, {"_a=1", "", false},
		{"a=1=2", "", false}, {"a=é", "", false}, {"a=\x7f", "", false}, {"a=\x1f", "", false}, {"a b=1", "", false},
		{"@s=1", "", false}, {"t@=1", "", false}, {"t@0s=1", "", false}, {"t@s@u=1", "", false}, {"a=1\r\nb=2", "", false},

		// above 512 bytes: first what is longer than 128, from the end; then the last ones
		{"a=1,b=" + a(200) + ",c=" + a(100) + ",d=" + a(200) + ",e=" + a(100), "a=1,b=" + a(200) + ",c=" + a(100) + ",e=" + a(100), true},
		{"a=" + a(250) + ",b=" + a(250) + ",c=" + a(250), "a=" + a(250) + ",b=" + a(250), true},
		{strings.Repeat(","+"m="+a(100), 6)[1:], strings.Repeat(","+"m="+a(100), 4)[1:], true},
		{"a=" + a(127) + strings.Repeat(" ", 512) + ",b=2", "a=" + a(127) + ",b=2", true},
	} {
		got, ok := telemetry.ParseTracestate([]byte(c.in))
		if got != c.want || ok != c.ok {
			t.Errorf("ParseTracestate(%q) = %q, %v, want %q, %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

func FuzzParseTracestate(f *testing.F) {
	f.Add([]byte("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"))
	f.Add([]byte(strings.Repeat("x@y=1 2 3,", 31) + "a=" + strings.Repeat("b", 256)))
	f.Fuzz(func(t *testing.T, header []byte) {
		got, ok := telemetry.ParseTracestate(header)
		if len(got) > 512 || !ok && got != "" {
			t.Fatalf("%q became %q, %v", header, got, ok)
		}
		for _, c := range []byte(got) {
			if c != '\t' && (c < ' ' || c > '~') {
				t.Fatalf("%q kept the byte %#x", header, c)
			}
		}
		if again, ok := telemetry.ParseTracestate([]byte(got)); !ok || again != got {
			t.Fatalf("%q became %q and that %q, %v", header, got, again, ok)
		}
	})
}

func TestParsingDoesNotAllocate(t *testing.T) {
	header, dst := []byte(traceparent), make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() {
		tr := telemetry.ContinueTrace(header, nil)
		dst = tr.AppendTraceparent(dst[:0])
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParseTraceparent(b *testing.B) {
	header := []byte(traceparent)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := telemetry.ParseTraceparent(header); !ok {
			b.Fatal("refused")
		}
	}
}

func BenchmarkNewTrace(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		telemetry.NewTrace()
	}
}
