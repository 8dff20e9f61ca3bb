package telemetry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/banyan-go/banyan/platform/telemetry"
)

// gate is an output whose writes wait for a message each, or for the channel's end.
type gate struct {
	output
	open chan struct{}
}

func (g *gate) Write(p []byte) (int, error) {
	<-g.open
	return g.output.Write(p)
}

// inBubble runs f with a clock that moves only when everybody waits.
func inBubble(t *testing.T, f func(t *testing.T)) {
	t.Parallel()
	synctest.Test(t, f)
}

func closeWriter(t *testing.T, w *telemetry.Writer) {
	t.Helper()
	if err := w.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("close: %v", err)
	}
}

func write(t *testing.T, w io.Writer, s string) {
	t.Helper()
	if n, err := io.WriteString(w, s); n != len(s) || err != nil {
		t.Fatalf("write = %d, %v", n, err)
	}
}

func TestLinesGoOutAfterADelayInOneBatch(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var out output
		w := telemetry.NewWriter(&out)
		defer closeWriter(t, w)
		write(t, w, "one\n")
		time.Sleep(60 * time.Millisecond)
		write(t, w, "two\n")
		time.Sleep(39 * time.Millisecond)
		synctest.Wait()
		if got := out.String(); got != "" {
			t.Fatalf("after 99 ms: %q, want nothing yet", got)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if got := out.String(); got != "one\ntwo\n" || out.Writes() != 1 {
			t.Fatalf("after 100 ms: %q in %d writes", got, out.Writes())
		}
		time.Sleep(time.Hour)
		write(t, w, "three\n")
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		if got := out.String(); got != "one\ntwo\nthree\n" || out.Writes() != 2 {
			t.Fatalf("at the end: %q in %d writes", got, out.Writes())
		}
	})
}

func TestAFullBatchDoesNotWaitForItsTime(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var out output
		w := telemetry.NewWriter(&out)
		defer closeWriter(t, w)
		begin := time.Now()
		text := strings.Repeat("x", 1023) + "\n"
		for range 32 {
			write(t, w, text)
		}
		synctest.Wait()
		if got := len(out.String()); got != 32<<10 || !time.Now().Equal(begin) {
			t.Fatalf("%d bytes out after %v, want %d at once", got, time.Since(begin), 32<<10)
		}
	})
}

func TestWriteNowTakesThePendingLinesAlong(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		var out output
		w := telemetry.NewWriter(&out)
		defer closeWriter(t, w)
		begin := time.Now()
		write(t, w, "first\n")
		if _, err := w.WriteNow([]byte("second\n")); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != "first\nsecond\n" || !time.Now().Equal(begin) {
			t.Fatalf("%q after %v", got, time.Since(begin))
		}
	})
}

func TestAHangingOutputBlocksNobodyForever(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		out := gate{open: make(chan struct{})}
		w := telemetry.NewWriter(&out)
		text := strings.Repeat("x", 1023) + "\n"
		begin := time.Now()
		for range 32 {
			write(t, w, text)
		}
		synctest.Wait() // the helper hangs with these
		for range 64 {
			write(t, w, text)
		}
		if waited := time.Since(begin); waited != 0 {
			t.Fatalf("filling the second buffer took %v", waited)
		}
		write(t, w, "lost\n")
		if waited := time.Since(begin); waited != time.Second {
			t.Fatalf("a line without room waited %v, want 1 s", waited)
		}
		for range 1000 {
			write(t, w, "lost too\n")
		}
		if _, err := w.WriteNow([]byte("urgent, and lost\n")); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(begin); waited != time.Second {
			t.Fatalf("lines for a stalled output waited %v in all, want 1 s", waited)
		}
		if got := w.Stats(); got.Dropped != 1002 || got.Bytes != 0 {
			t.Fatalf("stats = %+v, want 1002 dropped", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := w.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "98304 bytes") {
			t.Fatalf("flush = %v", err)
		}

		// It moves again: lines are taken, and wait for it when it hangs anew.
		out.open <- struct{}{}
		out.open <- struct{}{}
		synctest.Wait()
		begin = time.Now()
		for range 96 {
			write(t, w, text)
			synctest.Wait()
		}
		write(t, w, "lost\n")
		if waited := time.Since(begin); waited != time.Second {
			t.Fatalf("after the output had moved, a line without room waited %v, want 1 s", waited)
		}
		close(out.open)
		closeWriter(t, w)
		if got := out.String(); len(got) != 2*96<<10 || strings.Contains(got, "lost") {
			t.Fatalf("%d bytes out at the end", len(got))
		}
	})
}

func TestASlowOutputMakesWritersWait(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		out := slow{delay: 400 * time.Millisecond}
		w := telemetry.NewWriter(&out)
		text := strings.Repeat("x", 1023) + "\n"
		begin := time.Now()
		for range 32 {
			write(t, w, text)
		}
		synctest.Wait()
		for range 65 {
			write(t, w, text)
		}
		if waited := time.Since(begin); waited != 400*time.Millisecond {
			t.Fatalf("waited %v, want until the output took the second buffer", waited)
		}
		closeWriter(t, w)
		if got := w.Stats(); got.Dropped != 0 || got.Bytes != 97<<10 {
			t.Fatalf("stats = %+v, want nothing dropped", got)
		}
	})
}

func TestAnUrgentLineDoesNotWaitLongForASlowOutput(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		out := slow{delay: 700 * time.Millisecond}
		w := telemetry.NewWriter(&out)
		begin := time.Now()
		write(t, w, "first\n")
		time.Sleep(100 * time.Millisecond)
		synctest.Wait() // the output is busy until 800 ms, and with the next line until 1.5 s
		if _, err := w.WriteNow([]byte("urgent\n")); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(begin); waited != 1100*time.Millisecond {
			t.Errorf("waited %v, want 1 s after the first 100 ms", waited)
		}
		closeWriter(t, w)
		if got := out.String(); got != "first\nurgent\n" {
			t.Errorf("output = %q", got)
		}
	})
}

// slow takes its time for every write.
type slow struct {
	output
	delay time.Duration
}

func (s *slow) Write(p []byte) (int, error) {
	time.Sleep(s.delay)
	return s.output.Write(p)
}

// script answers each write with the next of its results, then accepts everything.
type script struct {
	output
	results []result
}

type result struct {
	n   int
	err error
}

func (s *script) Write(p []byte) (int, error) {
	if len(s.results) == 0 {
		return s.output.Write(p)
	}
	r := s.results[0]
	s.results = s.results[1:]
	_, _ = s.output.Write(p[:r.n])
	return r.n, r.err
}

func TestABrokenOutputIsCountedAndTriedAgain(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	for name, c := range map[string]struct {
		results []result
		want    string
		stats   telemetry.WriterStats
	}{
		"refused":              {[]result{{0, full}}, "three\n", telemetry.WriterStats{Bytes: 6, Errors: 1, Dropped: 2}},
		"cut in a line":        {[]result{{6, full}}, "one\ntw\nthree\n", telemetry.WriterStats{Bytes: 12, Errors: 1, Dropped: 1}},
		"cut between lines":    {[]result{{4, full}}, "one\nthree\n", telemetry.WriterStats{Bytes: 10, Errors: 1, Dropped: 1}},
		"short without error":  {[]result{{4, nil}}, "one\nthree\n", telemetry.WriterStats{Bytes: 10, Errors: 1, Dropped: 1}},
		"refused, then halved": {[]result{{6, full}, {0, full}}, "one\ntw", telemetry.WriterStats{Bytes: 6, Errors: 2, Dropped: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := script{results: c.results}
			w := telemetry.NewWriter(&out)
			write(t, w, "one\ntwo\n")
			if err := w.Flush(t.Context()); err == nil {
				t.Error("flush did not tell of the failed write")
			}
			write(t, w, "three\n")
			_ = w.Close(t.Context())
			if got := out.String(); got != c.want {
				t.Errorf("output = %q, want %q", got, c.want)
			}
			if got := w.Stats(); got != c.stats {
				t.Errorf("stats = %+v, want %+v", got, c.stats)
			}
		})
	}
}

func TestCloseFlushesAndLaterLinesGoThrough(t *testing.T) {
	t.Parallel()
	var out output
	w := telemetry.NewWriter(&out)
	write(t, w, "one\n")
	closeWriter(t, w)
	if got := out.String(); got != "one\n" {
		t.Fatalf("after close: %q", got)
	}
	write(t, w, "two\n")
	if _, err := w.WriteNow([]byte("three\n")); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "one\ntwo\nthree\n" {
		t.Fatalf("after the last line: %q", got)
	}
	closeWriter(t, w)
}

func TestCloseOfAnUnusedWriter(t *testing.T) {
	t.Parallel()
	var out output
	w := telemetry.NewWriter(&out)
	closeWriter(t, w)
	write(t, w, "one\n")
	if got := out.String(); got != "one\n" {
		t.Fatalf("output = %q", got)
	}
}

func TestCloseGivesUpWithItsContext(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		for range 20 { // the helper has two reasons to go on, and chooses by chance
			out := gate{open: make(chan struct{})}
			w := telemetry.NewWriter(&out)
			write(t, w, "one\n")
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			begin := time.Now()
			if err := w.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 5*time.Second {
				t.Fatalf("close = %v after %v", err, time.Since(begin))
			}
			write(t, w, "two\n") // while the helper still hangs
			close(out.open)
			closeWriter(t, w)
			if got := out.String(); got != "one\ntwo\n" {
				t.Fatalf("output = %q", got)
			}
		}
	})
}

func TestALineLongerThanTheBufferStaysWhole(t *testing.T) {
	t.Parallel()
	var out output
	w := telemetry.NewWriter(&out)
	long := strings.Repeat("x", 300<<10) + "\n"
	write(t, w, "before\n")
	write(t, w, long)
	write(t, w, "after\n")
	closeWriter(t, w)
	if out.String() != "before\n"+long+"after\n" {
		t.Error("lines are damaged or out of order")
	}
}

func TestLinesOfManyGoroutinesStayWholeAndInOrder(t *testing.T) {
	t.Parallel()
	const writers, lines = 8, 2000
	var out output
	w := telemetry.NewWriter(&out)
	var group sync.WaitGroup
	for id := range writers {
		group.Go(func() {
			for n := range lines {
				text := fmt.Appendf(nil, "%d %d %s\n", id, n, strings.Repeat("x", n%100))
				if n%500 == 0 {
					_, _ = w.WriteNow(text)
				} else {
					_, _ = w.Write(text)
				}
			}
		})
	}
	group.Wait()
	closeWriter(t, w)
	var next [writers]int
	for text := range strings.Lines(out.String()) {
		var id, n int
		var fill string
		_, _ = fmt.Sscanf(text, "%d %d %s\n", &id, &n, &fill)
		if next[id] != n || len(fill) != n%100 {
			t.Fatalf("line %q, want number %d of writer %d", text, next[id], id)
		}
		next[id]++
	}
	for id, n := range next {
		if n != lines {
			t.Errorf("writer %d: %d lines, want %d", id, n, lines)
		}
	}
	if got := w.Stats(); got.Dropped != 0 || got.Errors != 0 {
		t.Errorf("stats = %+v", got)
	}
}

func BenchmarkWriter(b *testing.B) {
	w := telemetry.NewWriter(io.Discard)
	defer w.Close(context.Background())
	text := []byte(strings.Repeat("x", 299) + "\n")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, _ = w.Write(text)
		}
	})
}

// A process ends also when nobody reads what it says, and its lines have to be given up.
func TestStopDoesNotWaitForAnOutputThatNobodyReads(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		out := gate{open: make(chan struct{})}
		tel, err := telemetry.New(telemetry.DefaultConfig(), telemetry.Options{Out: &out})
		if err != nil {
			t.Fatal(err)
		}
		tel.Logger().Error("what nobody reads")
		if err := tel.Stop(context.WithoutCancel(t.Context())); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("stop = %v", err)
		}
		close(out.open)
		synctest.Wait()
	})
}
