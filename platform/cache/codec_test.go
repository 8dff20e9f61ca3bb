package cache_test

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/cache/driver"
)

// wild is a codec that panics where it is told to.
type wild struct{ encodes, decodes bool }

func (w *wild) Encode(value string) ([]byte, error) {
	if w.encodes {
		panic("wild")
	}
	return []byte(value), nil
}

func (w *wild) Decode(payload []byte) (string, error) {
	if w.decodes {
		panic("wild")
	}
	return string(payload), nil
}

// bomb is a value that panics when it is written.
type bomb struct{}

func (bomb) MarshalJSON() ([]byte, error) { panic("wild") }

// wantPanic fails the test unless the log says next that something has panicked, and where.
func wantPanic(t *testing.T, lines logged, what, where string) {
	t.Helper()
	select {
	case line := <-lines:
		for _, part := range []string{"level=ERROR", what, "panic=wild", "group=test.", where} {
			if !strings.Contains(line, part) {
				t.Errorf("it says %s, want %s", line, part)
			}
		}
	default:
		t.Error("it says nothing")
	}
}

// A codec that panics behind those who wait costs them the value, and nobody the process. Its lease is given back.
func TestCodecThatPanicsIsAnError(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, src, codec := &stand{}, newSource("one"), &wild{encodes: true}
		src.gate = make(chan chan struct{})
		c, _, lines := over(t, s)
		g := cache.Of(c, "test.wild", cache.Rule{L1: -1}, src.load).EncodeBy(codec)
		wantLines(t, lines, lineInStep)
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() {
				if v, err := g.Get(t.Context(), "k"); err == nil || !strings.Contains(err.Error(), "panic: wild") {
					t.Errorf("Get: %q, %v", v, err)
				}
			})
		}
		goOn := <-src.gate
		synctest.Wait() // the other one waits, too
		close(goOn)
		all.Wait()
		wantLoads(t, src, 1)
		wantPanic(t, lines, "a get has panicked", "codec_test.go")
		src.gate = nil
		if n := s.leases.Load(); n != 0 {
			t.Errorf("%d leases are held", n)
		}
		bombs := cache.Of(c, "test.bombs", cache.Rule{}, func(context.Context, string) (bomb, error) { return bomb{}, nil })
		if _, err := bombs.Get(t.Context(), "k"); err == nil || !strings.Contains(err.Error(), "panic: wild") {
			t.Errorf("a value that panics: %v", err)
		}
		wantPanic(t, lines, "a get has panicked", "codec_test.go")
		if n := s.leases.Load(); n != 0 {
			t.Errorf("%d leases of values that panic are held", n)
		}
		codec.encodes = false
		want(t, g, "k", "one")
		wantLines(t, lines)
	})
}

// What another process has just stored, and nobody can read, is an error to those who wait for it.
func TestCodecThatPanicsOnWhatCameLate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &stand{}
		c, _, lines := over(t, s)
		wantLines(t, lines, lineInStep)
		g := cache.Of(c, "test.wild", cache.Rule{L1: -1}, newSource("one").load).EncodeBy(&wild{decodes: true})
		s.late.Store(&driver.Value{Payload: []byte("one"), Left: time.Minute})
		if v, err := g.Get(t.Context(), "k"); err == nil || !strings.Contains(err.Error(), "panic: wild") {
			t.Errorf("Get: %q, %v", v, err)
		}
		wantPanic(t, lines, "a get has panicked", "codec_test.go")
		wantLines(t, lines)
	})
}

// Nobody waits for a value that is loaded early: a codec that panics then is a line in the log.
func TestCodecThatPanicsBehindTheAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &stand{}
		c, _, lines := over(t, s)
		wantLines(t, lines, lineInStep)
		g := cache.Of(c, "test.wild", cache.Rule{L1: -1}, newSource("two").load).EncodeBy(&wild{encodes: true})
		s.has.Store(&driver.Value{Payload: []byte("one"), Left: time.Nanosecond, Took: 1000 * time.Hour}) // at its end, and long to load
		want(t, g, "k", "one")
		synctest.Wait()
		wantPanic(t, lines, "a refresh has panicked", "codec_test.go")
		if n := s.leases.Load(); n != 0 {
			t.Errorf("%d leases are held", n)
		}
		want(t, g, "k", "one")
		synctest.Wait()
		wantPanic(t, lines, "a refresh has panicked", "codec_test.go")
		wantLines(t, lines)
	})
}

// A load that ends its goroutine gives its lease back as well.
func TestLoadThatEndsItsGoroutineGivesItsLeaseBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := &stand{}
		c, _, lines := over(t, s)
		wantLines(t, lines, lineInStep)
		g := cache.Of(c, "test.ending", cache.Rule{}, func(context.Context, string) (string, error) {
			runtime.Goexit()
			return "", nil
		})
		if v, err := g.Get(t.Context(), "k"); err == nil {
			t.Errorf("Get: %q", v)
		}
		if n := s.leases.Load(); n != 0 {
			t.Errorf("%d leases are held", n)
		}
	})
}
