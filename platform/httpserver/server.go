package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/assets"
	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/idempotency"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// Options are what the program, and not its operator, decides.
type Options struct {
	// Dev is mode dev: no drain, Server-Timing in answers, and without http.hosts no names but those of this machine.
	Dev bool
	// Queries are the statistics of what requests ask of the database. Nil keeps none.
	Queries *querystat.Stats
	// Idempotency are the keys by which a POST is carried out once. Nil heeds none.
	Idempotency *idempotency.Keys
	// Gate decides who comes in and how often.
	Gate Gate
	// Reads returns a context that notes what is read with it, beside tags, and the notes: an answer that was kept is out of date with them. Where it
	// is nil, their time alone ends such answers.
	Reads func(ctx context.Context, tags []string) (context.Context, Reads)
	// Edge is the caches in front; nil for none that are told anything.
	Edge Edge
	// Pages are endpoints outside the API: neither in its document nor below its prefix.
	Pages []api.Endpoint
	// Assets are what browsers load beside pages. Nil is none.
	Assets *assets.Assets
	// Sockets are what the process has inherited. In mode dev whoever has passed on the public one gives it to the next process too: this
	// one takes no more connections once it is told to stop.
	Sockets Sockets
}

// Server is the two listeners. It is safe for concurrent use.
type Server struct {
	cfg        Config
	dev        bool
	gate       Gate
	sockets    Sockets
	drainTime  time.Duration
	api        *api.API
	tel        *telemetry.Telemetry
	queries    *querystat.Stats  // nil for none
	keys       *idempotency.Keys // nil for none
	log        *slog.Logger
	health     *Health
	compressor *compressor
	edge       Edge
	hosts      *hosts     // nil for every name
	responses  *responses // nil where none are kept
	reads      func(ctx context.Context, tags []string) (context.Context, Reads)
	shed       *shedder
	cors       *cors
	defaults   *fasthttp.ResponseHeader
	fast       *fasthttp.Server
	router     *router
	uploads    bool                    // whether there are any
	raw        fasthttp.RequestHandler // fiber's, for raw routes
	ops        *http.Server
	draining   atomic.Bool

	public net.Listener // nil before the start
	// addr and opsAddr are where the listeners are, once started: the ports are known then.
	addr, opsAddr net.Addr
	failed        chan error
}

// New builds the server without I/O and appends its start and stop to lc: append it last, so that it starts when everything else is there
// and stops before anything else goes. It panics when two endpoints claim the same path.
func New(cfg Config, o Options, operations *api.API, health *Health, tel *telemetry.Telemetry, lc *lifecycle.Lifecycle) (*Server, error) {
	s := &Server{cfg: cfg, dev: o.Dev, gate: o.Gate, sockets: o.Sockets, api: operations, tel: tel, queries: o.Queries, keys: o.Idempotency, reads: o.Reads, edge: o.Edge, log: tel.Logger(), health: health, cors: newCORS(cfg.CORS), hosts: newHosts(cfg.Hosts, o.Dev), defaults: newDefaults(), failed: make(chan error, 2)}
	s.drainTime = cfg.drain(o.Dev)
	if s.handsOver() {
		s.drainTime = cfg.Drain.Or(handover)
	}
	var err error
	if s.compressor, err = newCompressor(cfg.Compress); err != nil {
		return nil, fmt.Errorf("http.compress: %w", err)
	}
	if s.shed, err = newShedder(cfg.Shed, tel); err != nil {
		return nil, err
	}
	if s.responses, err = newResponses(int(cfg.ResponseCache), tel); err != nil {
		return nil, err
	}
	app := s.newFiber()
	s.router = &router{}
	for _, e := range slices.Concat(operations.Endpoints(), o.Pages) {
		if err := s.mount(app, e); err != nil {
			return nil, err
		}
	}
	if o.Assets != nil {
		s.mountAssets(o.Assets)
	}
	s.raw, s.fast = app.Handler(), app.Server()
	s.fast.Handler = s.serve
	s.fast.ErrorHandler = s.refuse
	s.fast.HeaderReceived = s.bodyTime
	s.fast.ExpectHandler = s.expect
	s.fast.StreamRequestBody = true // see takeBody
	s.fast.SecureErrorLogMessage = true
	s.ops = newOps(cfg, health, tel, o.Queries)
	lc.Append(s.shed.hook())
	lc.Append(lifecycle.Hook{Name: "http server", Start: s.start, Stop: s.stop})
	lc.Append(s.watching())
	return s, nil
}

// newFiber returns the fiber application behind the router. It also configures the server.
func (s *Server) newFiber() *fiber.App {
	return fiber.New(fiber.Config{
		DisableStartupMessage:        true,
		DisablePreParseMultipartForm: true, // ten thousand parts are for a handler that wants them
		Immutable:                    true, // without it a string that a handler keeps turns into another request's
		CaseSensitive:                true,
		StrictRouting:                true,
		BodyLimit:                    int(s.cfg.BodyLimit),
		ReadBufferSize:               int(s.cfg.HeaderLimit),
		ErrorHandler:                 s.rawError, // the time limits are those of conn
	})
}

// mount adds an endpoint to the router, and to fiber one that fiber handles. HEAD is answered wherever GET is.
func (s *Server) mount(app *fiber.App, e api.Endpoint) error {
	g, err := s.gate.guard(&e)
	if err != nil {
		return fmt.Errorf("route %s %s: %w", e.Method, e.Path, err)
	}
	s.uploads = s.uploads || e.Upload.Size > 0
	methods := []string{e.Method}
	if e.Method == http.MethodGet {
		methods = append(methods, http.MethodHead)
	}
	var origins []*querystat.Origin
	admission := s.shed.route(e.Op.Concurrency, func() (waited time.Duration) {
		for _, o := range origins {
			waited += o.Waited()
		}
		return waited
	})
	for _, method := range methods {
		r := &route{Endpoint: e, method: method, admission: admission, metrics: s.tel.Route(method, e.Path), guard: g, keeping: s.keepingOf(&e)}
		if s.queries != nil {
			origin := s.queries.Origin(method + " " + e.Path)
			r.idle, origins = origin.Idle(), append(origins, origin)
		}
		s.router.add(r)
		if e.Handler != nil {
			app.Add(method, e.FiberPath, withContext(e.Handler))
		}
	}
	return nil
}

// DrainTime is how long requests are still taken after Stop has been called, while readiness says no.
func (s *Server) DrainTime() time.Duration { return s.drainTime }

// Addr returns the address of the public listener, OpsAddr that of the other one. They are nil before the start.
func (s *Server) Addr() net.Addr { return s.addr }

// OpsAddr returns the address of the ops listener, nil before the start.
func (s *Server) OpsAddr() net.Addr { return s.opsAddr }

// Failed delivers the error of a listener that ends by itself.
func (s *Server) Failed() <-chan error { return s.failed }

func (s *Server) start(ctx context.Context) error {
	addr, opsAddr := s.Addresses()
	public, err := listen(ctx, s.sockets.HTTP, addr)
	if err != nil {
		return fmt.Errorf("http.addr: %w", err)
	}
	ops, err := listen(ctx, s.sockets.Ops, opsAddr)
	if err != nil {
		return errors.Join(fmt.Errorf("http.ops_addr: %w", err), public.Close())
	}
	s.public, s.addr, s.opsAddr = public, public.Addr(), ops.Addr()
	go func() {
		if err := s.fast.Serve(listener{public, s.cfg.connLimits(), s.log}); err != nil {
			s.failed <- fmt.Errorf("public listener: %w", err)
		}
	}()
	go func() {
		if err := s.ops.Serve(ops); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("ops listener: %w", err)
		}
	}()
	return nil
}

// listen returns the inherited socket, or opens one.
func listen(ctx context.Context, inherited net.Listener, addr string) (net.Listener, error) {
	if inherited != nil {
		return inherited, nil
	}
	var lc net.ListenConfig
	return lc.Listen(ctx, "tcp", addr)
}

// Addresses returns where the listeners are opened that are not inherited, host:port as the settings say. A program in mode dev is kept from
// being reached by others, unless it is told a host.
func (s *Server) Addresses() (public, ops string) {
	public = s.cfg.Addr
	if host, port, err := net.SplitHostPort(public); err == nil && host == "" && s.dev {
		public = net.JoinHostPort("127.0.0.1", port)
	}
	return public, s.cfg.opsAddr()
}

// handsOver reports whether another process takes the connections once this one is told to stop.
func (s *Server) handsOver() bool { return s.dev && s.sockets.HTTP != nil }

// handover is the drain where another process takes new connections: who asks all the time learns within it that the old ones close. It
// is short, because until then a browser that has kept one sees the old program.
const handover = 250 * time.Millisecond

// stop ends the server without failing a request: it says that it is not ready and goes on serving, with Connection: close, until whoever
// sends requests has noticed; then it takes no more and lets the running ones end. When ctx ends it hurries to the next step. Where another
// process has the socket too, new connections are that one's from the beginning.
func (s *Server) stop(ctx context.Context) error {
	if s.handsOver() {
		_ = s.public.Close() // this process's hold on it: the socket stays open
	}
	s.health.Drain()
	s.draining.Store(true)
	s.shed.pace.end()
	if s.drainTime > 0 {
		timer := time.NewTimer(s.drainTime)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	wait := s.cfg.InFlight
	if ctx.Err() != nil { // told to hurry already: what is as good as done may still end
		ctx, wait = context.WithoutCancel(ctx), min(wait, hurried)
	}
	flight, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var errs []error
	if err := s.fast.ShutdownWithContext(flight); err != nil {
		errs = append(errs, fmt.Errorf("some requests were cut off: %w", err))
	}
	_ = s.public.Close() // Serve may not have got it yet; otherwise it is closed
	return errors.Join(append(errs, s.stopOps(ctx))...)
}

// stopOps lets a scrape that runs end, which takes no time; a profile that runs is cut off.
func (s *Server) stopOps(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, hurried)
	defer cancel()
	if err := s.ops.Shutdown(ctx); err == nil {
		return nil
	}
	return s.ops.Close()
}

// hurried is the time for running requests when there is none.
const hurried = 250 * time.Millisecond
