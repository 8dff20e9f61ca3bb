package apptest_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/module"
)

// keeping is a counter that keeps what it has counted.
type keeping struct {
	counter
	kept *cache.Group[string, int64]
}

func newKeeping(p module.Platform) (module.Module, error) {
	k := &keeping{counter: counter{p.DB.ForModule("counter")}}
	k.kept = cache.Of(p.Cache, "counter.rows", cache.Rule{}, func(ctx context.Context, _ string) (n int64, err error) {
		return n, k.db.Query(ctx, db.Global).Table("counter_rows").Count(&n).Error
	})
	return k, nil
}

func (k *keeping) Parts() []module.Part { return []module.Part{k} }

func (k *keeping) Routes() []api.Route {
	return []api.Route{
		api.Get("/rows", func(ctx context.Context, _ *struct{}) (out *count, err error) {
			out = &count{}
			out.Body.Rows, err = k.kept.Get(ctx, "all")
			return out, err
		}, api.Op{ID: "countRows", Summary: "Count the rows", Auth: api.Public}),
		api.Post("/rows", func(ctx context.Context, _ *struct{}) (*count, error) {
			return &count{}, k.Seed(ctx, 1)
		}, api.Op{ID: "addRow", Summary: "Add a row", Auth: api.PublicWrite("a test")}),
	}
}

func (k *keeping) Seed(ctx context.Context, n int) error {
	return k.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		if err := k.counter.Seed(ctx, n); err != nil {
			return err
		}
		return k.kept.Invalidate(ctx, "all")
	})
}

// A test sees behind a request what that has written, whoever has answered it and whoever is asked, also where they keep what they have read.
func TestWhatIsKeptIsReadAnewBehindAWrite(t *testing.T) {
	for _, profile := range []apptest.Profile{apptest.Single, apptest.Cached, apptest.Replicated} {
		t.Run(string(profile), func(t *testing.T) {
			t.Setenv("BANYAN_PROFILE", string(profile))
			a := apptest.Run(t, newKeeping)
			want := 0
			check := func() {
				t.Helper()
				for range 4 { // each of them, if there are so many
					a.Get(rowsPath).Want(200).WantAt("/rows", strconv.Itoa(want))
				}
			}
			check()
			a.Seed(2)
			want += 2
			check()
			for i := range 60 {
				if a.Post(rowsPath, "").Want(201); i%3 == 0 {
					a.Get(rowsPath) // they change their turns
				}
				want++
				check()
			}
		})
	}
}
