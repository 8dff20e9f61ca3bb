package apptest_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/module"
)

// stormy is a module with a route whose requests hold their connection until they are told to end.
type stormy struct {
	counter
	share   int           // of the connections, for one route
	entered chan struct{} // gets an element for each request that has its connection
	release chan struct{}
}

func (s *stormy) Parts() []module.Part { return []module.Part{s} }

func (s *stormy) Routes() []api.Route {
	return append(s.counter.Routes(),
		api.Get("/storm", func(ctx context.Context, _ *struct{}) (*count, error) {
			rows, err := s.db.Query(ctx, db.Global).Raw("SELECT 1").Rows()
			if err != nil {
				return nil, err
			}
			s.entered <- struct{}{}
			<-s.release
			return &count{}, rows.Close()
		}, api.Op{ID: "storm", Summary: "Hold a connection", Auth: api.Public}),
		api.Get("/plain", func(context.Context, *struct{}) (*count, error) { return &count{}, nil }, api.Op{ID: "plain", Summary: "Ask for nothing", Auth: api.Public}),
	)
}

// A storm of requests to one route takes its share of the connections. What it does not get is answered within the second that a wait may take,
// with 503 and when to come back; meanwhile the other routes, health and the ops listener are served, as if nothing was.
func TestStormOnOneRoute(t *testing.T) {
	for _, profile := range []apptest.Profile{apptest.Single, apptest.Postgres} {
		t.Run(string(profile), func(t *testing.T) {
			t.Setenv("BANYAN_PROFILE", string(profile))
			s := &stormy{entered: make(chan struct{}), release: make(chan struct{})}
			a := apptest.Run(t, func(p module.Platform) (module.Module, error) {
				s.counter, s.share = counter{p.DB.ForModule("counter")}, p.DB.Share()
				return s, nil
			})
			const storm = 40
			type answer struct {
				status int
				retry  string
				took   time.Duration
			}
			answers := make(chan answer, storm)
			var all sync.WaitGroup
			for range storm {
				all.Go(func() {
					began := time.Now()
					resp, err := http.Get(a.URL + "/api/v1/counter/storm")
					if err != nil {
						t.Error(err)
						return
					}
					_ = resp.Body.Close()
					answers <- answer{resp.StatusCode, resp.Header.Get("Retry-After"), time.Since(began)}
				})
			}
			for range s.share {
				<-s.entered
			}
			refused := 0
			for refused < storm-s.share { // until nobody waits any more
				for range 5 {
					a.Get(rowsPath).Want(200)
					a.Get("/api/v1/counter/plain").Want(200)
				}
				a.Get("/readyz").Want(200)
				apptest.At(t, a.OpsURL).Get("/readyz").Want(200).WantAt("/checks/database", `"ok"`)
				apptest.At(t, a.OpsURL).Get("/metrics").Want(200)
				for len(answers) > 0 {
					if got := <-answers; got.status != http.StatusServiceUnavailable || got.retry != "1" || got.took > 20*time.Second {
						t.Errorf("beyond the share: %+v", got)
					}
					refused++
				}
			}
			close(s.release)
			all.Wait()
			for range s.share {
				if got := <-answers; got.status != http.StatusOK {
					t.Errorf("within the share: %+v", got)
				}
			}
			a.Get("/api/v1/counter/plain").Want(200)
		})
	}
}
