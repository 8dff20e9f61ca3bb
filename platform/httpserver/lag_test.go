package httpserver

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestTheLagIsMeasured(t *testing.T) {
	t.Parallel()
	for least, measured := range map[int64]bool{0: true, 8: false} {
		l := &lag{least: least}
		if err := l.start(); err != nil {
			t.Fatal(err)
		}
		if got := l.wait(); got != 0 {
			t.Errorf("before anything was measured the wait is %s", got)
		}
		if err := l.stop(); err != nil { // what is on its way arrives before that
			t.Fatal(err)
		}
		if l.came.Load() == 0 || l.sent.Load() != 0 || (l.took.Load() > 0) != measured {
			t.Errorf("where %d requests make a queue, and none has come: took %d, came %d, sent %d", least, l.took.Load(), l.came.Load(), l.sent.Load())
		}
		if got := l.wait(); got != time.Duration(l.took.Load()) || l.sent.Load() != 0 {
			t.Errorf("after the stop the wait is %s, and %d is on its way", got, l.sent.Load())
		}
	}
}

func TestWhatIsOnItsWayCounts(t *testing.T) {
	t.Parallel()
	l := &lag{least: 8}
	if err := l.start(); err != nil {
		t.Fatal(err)
	}
	if err := l.stop(); err != nil {
		t.Fatal(err)
	}
	const past = 10 * time.Second
	l.zero = l.zero.Add(-past)
	ago := func(d time.Duration) int64 { return int64(time.Since(l.zero) - d) }
	for name, c := range map[string]struct {
		took, came, sent time.Duration // the latter two ago; sent 0 for nothing
		entered          int64
		least, most      time.Duration
	}{
		"what has arrived":                  {took: 30 * time.Millisecond, came: oldNews / 2, least: 30 * time.Millisecond, most: 30 * time.Millisecond},
		"what arrived long ago":             {took: 30 * time.Millisecond, came: 2 * oldNews},
		"what takes longer already":         {took: 30 * time.Millisecond, came: oldNews / 2, sent: 300 * time.Millisecond, entered: 8, least: 300 * time.Millisecond, most: past},
		"the same, while nobody comes":      {took: 30 * time.Millisecond, came: oldNews / 2, sent: 300 * time.Millisecond, entered: 7, least: 30 * time.Millisecond, most: 30 * time.Millisecond},
		"what was just sent is no new news": {took: 30 * time.Millisecond, came: oldNews / 2, sent: time.Microsecond, entered: 8, least: 30 * time.Millisecond, most: past},
	} {
		l.took.Store(int64(c.took))
		l.came.Store(ago(c.came))
		l.before.Store(l.entered.Load())
		l.entered.Add(c.entered)
		if l.sent.Store(0); c.sent > 0 {
			l.sent.Store(ago(c.sent))
		}
		if got := l.wait(); got < c.least || got > c.most {
			t.Errorf("%s: the wait is %s, want %s to %s", name, got, c.least, c.most)
		}
	}
}

func TestRequestsForWhichThereIsNoCPUAreRefused(t *testing.T) {
	t.Parallel()
	tel := quiet(t)
	s := shedding(t, defaultShed(), tel)
	s.regulator.level, s.regulator.at, s.regulator.severe = math.Log(leastShare), time.Now(), time.Now()
	s.regulator.share.Store(1) // of 2^32
	s.steerAt.Store(math.MaxInt64)
	route := s.route(5, func() time.Duration { return 0 })
	if said := s.enter(time.Now(), route); said != tooMany {
		t.Errorf("the request is %v", said)
	}
	if route.running.Load() != 0 || s.all.running.Load() != 0 {
		t.Error("a request that was refused has a place")
	}
	out := httptest.NewRecorder()
	tel.Handler().ServeHTTP(out, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if !strings.Contains(out.Body.String(), `http_server_shed_requests_total{limit="server",reason="cpu"} 1`) {
		t.Error("the metrics do not hold the request")
	}
}
