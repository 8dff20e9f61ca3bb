package httpserver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
	"golang.org/x/sync/singleflight"
)

// checkTime bounds all checks of one readiness answer.
const checkTime = 2 * time.Second

// Health knows whether the process should get requests. It is safe for concurrent use.
type Health struct {
	mu       sync.Mutex
	checks   []check
	started  bool
	draining bool
	asking   singleflight.Group // of the checks: however many ask at once, whatever is asked is asked once
}

type check struct {
	name string
	run  func(ctx context.Context) error
}

// NewHealth returns a Health that is not ready before Started.
func NewHealth() *Health { return &Health{} }

// Add adds a condition of readiness: run returns nil while it holds. It is called by one question at a time and has to be cheap and to return
// when ctx ends. What its error says is shown on the ops listener alone.
func (h *Health) Add(name string, run func(ctx context.Context) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks = append(h.checks, check{name, run})
}

// Tolerated returns an error for a check to return that is shown on the ops listener and keeps no requests away: the process answers what it can
// without.
func Tolerated(err error) error { return tolerated{err} }

type tolerated struct{ error }

// Started says that everything has been started.
func (h *Health) Started() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.started = true
}

// Drain says that the process is about to stop: it is not ready any more.
func (h *Health) Drain() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.draining = true
}

// Report is the answer to a question about health.
type Report struct {
	Status string            `json:"status"` // "ok", "starting", "draining" or "failing"
	Checks map[string]string `json:"checks,omitempty"`
}

func (r Report) code() int {
	if r.Status == "ok" {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

// Ready runs every check and reports. Who asks while the checks run gets what they find: a flood of questions must not keep them from being answered.
func (h *Health) Ready(ctx context.Context) Report {
	found, _, _ := h.asking.Do("", func() (any, error) { return h.check(context.WithoutCancel(ctx)), nil })
	r, _ := found.(Report)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.draining:
		r.Status = "draining"
	case !h.started:
		r.Status = "starting"
	}
	return r
}

// check runs every check.
func (h *Health) check(ctx context.Context) Report {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	h.mu.Lock()
	checks := h.checks
	h.mu.Unlock()
	r := Report{Status: "ok", Checks: map[string]string{}}
	for _, c := range checks {
		r.Checks[c.name] = "ok"
		if err := c.run(ctx); err != nil {
			r.Checks[c.name] = err.Error()
			if _, ready := errors.AsType[tolerated](err); !ready {
				r.Status = "failing"
			}
		}
	}
	return r
}

// startup reports whether the process has started, once and for ever.
func (h *Health) startup() Report {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.started {
		return Report{Status: "ok"}
	}
	return Report{Status: "starting"}
}

// answer returns the report for a path of health, and false for every other path.
func (h *Health) answer(path []byte) (Report, bool) {
	switch string(path) {
	case "/livez", "/up":
		return Report{Status: "ok"}, true
	case "/startupz":
		return h.startup(), true
	case "/readyz":
		return h.Ready(context.Background()), true
	default:
		return Report{}, false
	}
}

// answerHealth answers questions about health on the public listener, without details. Such requests are neither logged nor counted, nor
// does anything else that happens to a request happen to them.
func (s *Server) answerHealth(fctx *fasthttp.RequestCtx) bool {
	if !fctx.IsGet() && !fctx.IsHead() {
		return false
	}
	r, ok := s.health.answer(fctx.URI().PathOriginal())
	if !ok {
		return false
	}
	fctx.SetStatusCode(r.code())
	fctx.SetContentType("application/json")
	fctx.Response.Header.Set(fasthttp.HeaderCacheControl, "no-store")
	fctx.Response.Header.Set(fasthttp.HeaderXContentTypeOptions, "nosniff")
	fctx.SetBodyString(`{"status":"` + r.Status + `"}`)
	if s.draining.Load() {
		fctx.SetConnectionClose()
	}
	if c := connOf(fctx); c != nil {
		c.answered(time.Now(), false)
	}
	return true
}

// ServeHTTP answers on the ops listener, with details.
func (h *Health) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r, ok := h.answer([]byte(req.URL.Path))
	if !ok {
		http.NotFound(w, req)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(r.code())
	_ = json.NewEncoder(w).Encode(r) // the client has gone: nobody to tell
}
