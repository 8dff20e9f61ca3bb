package httpserver

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/telemetry"
)

func newRequest(left time.Duration) *request {
	r := &request{until: time.Now().Add(left)}
	r.ID = "an-id"
	return r
}

func TestContextEndsAtItsDeadline(t *testing.T) {
	t.Parallel()
	r := newRequest(10 * time.Millisecond)
	child, cancel := context.WithTimeout(r, time.Hour)
	defer cancel()
	<-child.Done()
	<-r.Done()
	for _, err := range []error{r.Err(), child.Err(), context.Cause(child)} {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	}
	r.end(over)
	if !errors.Is(r.Err(), context.DeadlineExceeded) {
		t.Errorf("it ended a second time: %v", r.Err())
	}
}

func TestContextPastItsDeadlineIsOver(t *testing.T) {
	t.Parallel()
	r := newRequest(-time.Second)
	if err := r.Err(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Err is %v although nobody waits", err)
	}
	select {
	case <-r.Done():
	default:
		t.Error("Err says that it is over, Done does not")
	}
	ran := make(chan struct{})
	stop := context.AfterFunc(r, func() { close(ran) })
	<-ran
	if stop() {
		t.Error("stopped what has run")
	}
}

func TestContextEndsWithTheAnswer(t *testing.T) {
	t.Parallel()
	r := newRequest(time.Hour)
	if r.Err() != nil {
		t.Fatalf("over at the start: %v", r.Err())
	}
	until, ok := r.Deadline()
	if !ok || until != r.until {
		t.Errorf("Deadline returns %v, %v", until, ok)
	}
	done := r.Done()
	child, cancel := context.WithCancel(context.WithValue(r, "k", "v")) //nolint:staticcheck // any key will do
	defer cancel()
	var ran sync.WaitGroup
	ran.Add(1)
	context.AfterFunc(r, ran.Done)
	stop := context.AfterFunc(r, func() { t.Error("it ran although it was stopped") })
	if !stop() || stop() {
		t.Error("stop does not say that it has stopped it, once")
	}
	r.end(over)
	ran.Wait()
	<-done
	<-child.Done()
	if !errors.Is(r.Err(), context.Canceled) || !errors.Is(child.Err(), context.Canceled) {
		t.Errorf("%v, %v", r.Err(), child.Err())
	}
	if r.Done() != done {
		t.Error("Done returns another channel")
	}
}

// TestChildContextsCostNoGoroutine would fail without AfterFunc: package context starts one for each child of a foreign parent.
func TestChildContextsCostNoGoroutine(t *testing.T) {
	r := newRequest(time.Hour)
	before := runtime.NumGoroutine()
	for range 100 {
		_, cancel := context.WithCancel(r)
		defer cancel()
	}
	if after := runtime.NumGoroutine(); after > before+10 {
		t.Errorf("%d goroutines, %d before", after, before)
	}
	r.end(over)
}

func TestContextAnswersForItsRequest(t *testing.T) {
	t.Parallel()
	r := newRequest(time.Hour)
	defer r.end(over)
	child, cancel := context.WithCancel(r)
	defer cancel()
	if got := telemetry.RequestFrom(child); got != &r.Request {
		t.Errorf("request %v", got)
	}
	if got := api.CallerFrom(child); !got.Anonymous() {
		t.Errorf("caller %v", got)
	}
	if got := child.Value("else"); got != nil {
		t.Errorf("else %v", got)
	}
}

func TestRequestIsSmall(t *testing.T) {
	t.Parallel()
	if size := unsafe.Sizeof(request{}); size > 128 {
		t.Errorf("a request has %d bytes, which costs another cache line each time", size)
	}
}
