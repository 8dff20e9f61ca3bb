package httpserver

import (
	"context"
	"encoding/hex"
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/telemetry"
	"github.com/banyan-go/banyan/platform/unit"
)

// Shed is the section `http.shed`: what becomes of requests that are too many.
type Shed struct {
	Enabled  bool           `config:"enabled" doc:"Whether requests are refused, by 503, while there are more than can be answered; the concurrency of single operations is kept in any case."`
	InFlight unit.Auto[int] `config:"in_flight" doc:"Most requests that run at the same time; auto is 2048 for each CPU, and finds out how many of one route: fewer while they wait for the database."`
	Queue    unit.Auto[int] `config:"queue" doc:"Most requests that wait for their turn; auto is 1000."`
	Wait     time.Duration  `config:"wait" doc:"Longest time that a request of a burst waits for its turn."`
	Target   time.Duration  `config:"target" doc:"Longest time that a request waits for its turn, and for a CPU or the database, while there is more to do than can be done; less than http.shed.wait."`
}

func defaultShed() Shed {
	return Shed{Enabled: true, Wait: 250 * time.Millisecond, Target: 20 * time.Millisecond}
}

// Validate reports settings that are impossible.
func (c Shed) Validate(r *config.Report) {
	if n := c.InFlight.Or(1); n < 1 || n > 1_000_000 {
		r.Add("in_flight", strconv.Itoa(n), "auto, or 1 to 1000000")
	}
	if n := c.Queue.Or(1); n < 1 || n > 1_000_000 {
		r.Add("queue", strconv.Itoa(n), "auto, or 1 to 1000000")
	}
	if c.Wait < time.Millisecond || c.Wait > time.Minute {
		r.Add("wait", c.Wait.String(), "1ms to 1m")
	}
	if c.Target < 100*time.Microsecond || c.Target >= c.Wait {
		r.Add("target", c.Target.String(), "100µs or more, and less than http.shed.wait, "+c.Wait.String())
	}
}

// shedder keeps the server at what it can do, however much is asked of it. Of all requests it lets in the share for which there is a CPU, and bounds how many
// run; refusals have a pace, so that they do not take the time of what is served. Each route has an admission beside: where its limit is left to the shedder, it
// looks twenty times a second at how long requests of the route wait for the database. A limit comes down only when the wait has been too long for a while, and goes
// up where it is in the way and nobody waits: what waits for other machines takes nothing from anybody here.
type shedder struct {
	cfg       Shed
	all       *admission // nil where nothing is shed
	lag       lag
	regulator regulator
	pace      pace
	began     time.Time
	steerAt   atomic.Int64 // when to steer again, in nanoseconds since began: a clock that is set back changes nothing
	steering  sync.Mutex
	served    int64         // that had left at servedAt
	servedAt  time.Time     // looked at last
	each      time.Duration // between two that left

	routes  []*adaptive
	lookAt  atomic.Int64 // when to look again, in nanoseconds since began
	looking sync.Mutex   // what adaptive compares with its last look
	refused *telemetry.Counter
}

// adaptive is an admission whose limit moves.
type adaptive struct {
	admission
	least, most int64
	busy        int                  // looks in a row at which the wait was too long
	waits       func() time.Duration // of a route: how long all of its requests have waited for the database
	waited      time.Duration        // at the last look
	left        int64                // requests that had left then
}

const (
	lookEvery = 50 * time.Millisecond
	// servedEvery is over how long it is looked at how many requests are served.
	servedEvery = 500 * time.Millisecond
	// busyLooks is how many looks in a row a wait has to be too long: a burst, or a collection of garbage, passes by itself.
	busyLooks = 3
	// leastPerCPU is how many requests have to come while one waits, for each CPU: fewer are no queue.
	leastPerCPU = 8
	// mostPerCPU is how many requests may run for each CPU, where nobody says.
	mostPerCPU = 2048
	// leastOfRoute is how many of one route may run, however long they wait for the database: more than it may have connections of by default.
	leastOfRoute = 16
	// firstOfRoute is how many of one route may run at first, for each CPU.
	firstOfRoute = 256
	// refusalsPerCPU is how many requests are refused in a second, for each CPU: a few hundredths of what it can do.
	refusalsPerCPU = 1000
	// latestRefusal is how long one waits for its turn, which is less than proxies wait for an answer.
	latestRefusal = 4 * time.Second
	// autoQueue is the length of a queue. The time bounds it before.
	autoQueue = 1000
)

func newShedder(cfg Shed, tel *telemetry.Telemetry) (*shedder, error) {
	s := &shedder{cfg: cfg, began: time.Now()}
	var err error
	if s.refused, err = tel.Counter("http_server_shed_requests_total", "Requests that were refused because there were too many, by whose limit: that of the server or of their route; because of the CPU, with a full queue, or after a wait.", "limit", "reason"); err != nil {
		return nil, err
	}
	if !cfg.Enabled {
		return s, nil
	}
	s.all = &admission{}
	s.set(s.all, int64(cfg.InFlight.Or(mostPerCPU*runtime.GOMAXPROCS(0))))
	s.lag.least = int64(leastPerCPU * runtime.GOMAXPROCS(0))
	s.regulator.patience, s.regulator.target = cfg.Wait, cfg.Target
	s.pace.between, s.pace.longest = time.Second/time.Duration(refusalsPerCPU*runtime.GOMAXPROCS(0)), latestRefusal
	return s, nil
}

// hook starts and stops what measures the lag.
func (s *shedder) hook() lifecycle.Hook {
	return lifecycle.Hook{
		Name: "load shedding",
		Start: func(context.Context) error {
			if s.all == nil {
				return nil
			}
			return s.lag.start()
		},
		Stop: func(context.Context) error { return s.lag.stop() },
	}
}

// set makes an admission of which so many run.
func (s *shedder) set(a *admission, limit int64) {
	a.patience, a.impatience, a.room = s.cfg.Wait, s.cfg.Target, s.cfg.Queue.Or(autoQueue)
	a.limit.Store(limit)
}

// route returns the admission of a route, nil for none. Concurrency is what its operation allows, 0 for everything; waits returns how long its
// requests have waited for the database.
func (s *shedder) route(concurrency int, waits func() time.Duration) *adaptive {
	if concurrency == 0 && !s.adapts() {
		return nil
	}
	a := &adaptive{most: int64(concurrency)}
	if concurrency == 0 {
		a.most = s.all.limit.Load()
	}
	s.set(&a.admission, a.most)
	if s.adapts() {
		a.least, a.waits = min(leastOfRoute, a.most), waits
		a.limit.Store(min(int64(firstOfRoute*runtime.GOMAXPROCS(0)), a.most))
		s.routes = append(s.routes, a)
	}
	return a
}

// adapts reports whether limits are left to the shedder.
func (s *shedder) adapts() bool { return s.cfg.Enabled && s.cfg.InFlight.IsAuto() }

// enter takes a place for a request of a route, whose admission may be nil. Who is admitted calls leave.
func (s *shedder) enter(now time.Time, route *adaptive) outcome {
	if s.adapts() {
		if !s.share(now) {
			s.pace.wait(0)
			return s.count(tooMany, "server")
		}
		if s.regulator.holds() {
			runtime.Gosched() // refusals first: they are quick, and quicker one after the other
		}
	}
	if route != nil {
		if said := route.enter(); said != admitted {
			route.hold(now, &s.pace)
			return s.count(said, "route")
		}
	}
	if s.all == nil {
		return admitted
	}
	said := s.all.enter()
	if said == admitted {
		return admitted
	}
	if route != nil {
		route.leave()
	}
	s.pace.wait(0)
	return s.count(said, "server")
}

// leave gives the places of a request back.
func (s *shedder) leave(route *adaptive) {
	if s.all != nil {
		s.all.leave()
	}
	if route != nil {
		route.leave()
	}
}

// share reports whether a request belongs to the share for which there is a CPU. It moves what has to be moved by now.
func (s *shedder) share(now time.Time) bool {
	s.lag.entered.Add(1)
	if s.due(&s.steerAt, now, steerEvery) && s.steering.TryLock() {
		now := time.Now()
		s.regulator.steer(now, s.lag.wait(), s.ahead(now))
		s.steering.Unlock()
	}
	if s.due(&s.lookAt, now, lookEvery) {
		s.look()
	}
	return s.regulator.admits()
}

// ahead returns how long the last of those who are kept waiting for their refusal would wait if all were let in now. Only one goroutine at a time calls it.
func (s *shedder) ahead(now time.Time) time.Duration {
	if passed := now.Sub(s.servedAt); passed >= servedEvery {
		served := s.all.done.Load()
		s.each = passed / time.Duration(max(1, served-s.served))
		s.served, s.servedAt = served, now
	}
	return time.Duration(s.pace.waiting()) * s.each
}

// due reports, to one of those who ask, that it is time; the next time is so much later.
func (s *shedder) due(at *atomic.Int64, now time.Time, every time.Duration) bool {
	passed, next := int64(now.Sub(s.began)), at.Load()
	return passed >= next && at.CompareAndSwap(next, passed+int64(every))
}

// look moves the limits of routes, unless somebody who began lookEvery ago or longer is still at it.
func (s *shedder) look() {
	if !s.looking.TryLock() {
		return
	}
	defer s.looking.Unlock()
	for _, a := range s.routes {
		a.move(a.wait() > s.cfg.Target)
	}
}

// wait returns how long a request of the route has waited for the database, on average of those that have left since the last look.
func (a *adaptive) wait() time.Duration {
	left, waited := a.done.Load(), a.waits()
	n, d := left-a.left, waited-a.waited
	a.left, a.waited = left, waited
	return d / time.Duration(max(1, n))
}

// move brings the limit down by a third of what runs while waits are too long, and up by an eighth where it is in the way.
func (a *adaptive) move(busy bool) {
	limit, pressed := a.limit.Load(), a.pressed.Swap(false)
	if !busy {
		a.busy = 0
		if pressed {
			a.limit.Store(min(a.most, limit+limit/8+1))
			a.admit()
		}
		return
	}
	if a.busy++; a.busy >= busyLooks {
		a.limit.Store(max(a.least, min(limit, a.running.Load())*2/3))
	}
}

// count counts a request that was refused.
func (s *shedder) count(said outcome, limit string) outcome {
	s.refused.Inc(limit, said.reason())
	return said
}

// errBusy is what answerBusy says.
var errBusy = fault.New(fault.Unavailable, "overloaded", "The server has more to do than it can.").WithRetryAfter(time.Second)

// answerBusy refuses a request that is one too many. The answer is that of api.WriteProblem, and costs less: it is given when there is no time.
func (s *Server) answerBusy(fctx *fasthttp.RequestCtx, r *request) {
	resp := &fctx.Response
	resp.SetStatusCode(http.StatusServiceUnavailable)
	resp.Header.SetContentType("application/problem+json")
	resp.Header.SetCanonical([]byte(fasthttp.HeaderCacheControl), []byte("no-store"))
	resp.Header.SetCanonical([]byte(fasthttp.HeaderRetryAfter), []byte("1"))
	var buf [512]byte
	body := append(buf[:0], `{"type":"/problems/unavailable","title":"Service Unavailable","status":503,"detail":"The server has more to do than it can.","instance":"urn:request:`...)
	body = append(append(body, r.ID...), `","code":"overloaded","request_id":"`...)
	body = append(append(body, r.ID...), `","trace_id":"`...)
	body = hex.AppendEncode(body, r.Trace.TraceID[:])
	resp.SetBody(append(body, `","errors":[]}`...))
}
