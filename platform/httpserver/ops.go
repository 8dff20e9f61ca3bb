package httpserver

import (
	"crypto/subtle"
	"io"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// newOps returns the server of the ops listener. Queries may be nil.
func newOps(cfg Config, health *Health, tel *telemetry.Telemetry, queries *querystat.Stats) *http.Server {
	mux := http.NewServeMux()
	for _, path := range []string{"/livez", "/readyz", "/startupz", "/up"} {
		mux.Handle("GET "+path, health)
	}
	mux.Handle("GET /metrics", tel.Handler())
	guard := func(h http.HandlerFunc) http.Handler { return guardedBy(cfg.OpsToken, h) }
	mux.Handle("/debug/pprof/", guard(pprof.Index))
	mux.Handle("/debug/pprof/cmdline", guard(commandLine))
	mux.Handle("/debug/pprof/profile", guard(pprof.Profile))
	mux.Handle("/debug/pprof/symbol", guard(pprof.Symbol))
	mux.Handle("/debug/pprof/trace", guard(pprof.Trace))
	if queries != nil {
		mux.Handle("GET "+QueriesPath, guard(showQueries(queries)))
	}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("/livez\n/readyz\n/startupz\n/metrics\n/debug/pprof/\n" + QueriesPath + "\n")) // the client has gone: nobody to tell
	})
	return &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: cfg.HeaderTimeout,
		IdleTimeout:       cfg.IdleTimeout,
		WriteTimeout:      2 * time.Minute, // a CPU profile or a trace takes as long as it is asked to
		MaxHeaderBytes:    int(cfg.HeaderLimit),
		ErrorLog:          slog.NewLogLogger(tel.Logger().Handler(), slog.LevelWarn),
	}
}

// commandLine answers as pprof.Cmdline does, with a NUL between the arguments, and without the values that are set in them: they may be
// secrets.
func commandLine(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	args := slices.Clone(os.Args)
	for i, arg := range args {
		setting, inOne := strings.CutPrefix(arg, "--set=")
		if key, _, ok := strings.Cut(setting, "="); ok && (inOne || i > 0 && os.Args[i-1] == "--set") {
			args[i] = strings.TrimSuffix(arg, setting) + key + "=••••"
		}
	}
	_, _ = io.WriteString(w, strings.Join(args, "\x00")) //nolint:gosec // plain text, which no browser takes for a page
}

// guardedBy lets callers from this machine pass, and those who bring the token: a heap profile holds the secrets of the process.
func guardedBy(token string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if isLocal(r) || token != "" && bearer && subtle.ConstantTimeCompare([]byte(sent), []byte(token)) == 1 {
			next.ServeHTTP(w, r)
			return
		}
		http.Error(w, "this is open to callers on this machine and to the bearer token of http.ops_token", http.StatusForbidden)
	})
}

// isLocal reports whether a request comes from this machine, not through a proxy on it, nor from a page that a browser on it shows: a
// stranger's name that leads here (DNS rebinding) is not one of this machine's.
func isLocal(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() || r.Header.Get("X-Forwarded-For") != "" {
		return false
	}
	return isThisMachine(hostName(r.Host))
}
