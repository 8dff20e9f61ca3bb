package apptest

import (
	"context"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/querystat"
)

// Statements returns how many SQL statements fn runs with its context.
func Statements(ctx context.Context, fn func(ctx context.Context)) int {
	r := querystat.New(querystat.Options{}).Origin("test").Begin()
	fn(querystat.WithRecorder(ctx, r))
	return r.End()
}

// Tx runs fn in a transaction of a module, as its use cases do. It fails the test for an application that At has returned.
func (a *App) Tx(module string, key db.Key, fn func(ctx context.Context) error) error {
	a.t.Helper()
	if a.app == nil {
		a.t.Fatal("the database of an application in another process is not known")
	}
	err := a.app.Platform().DB.ForModule(module).Tx(a.t.Context(), key, fn)
	a.settled()
	return err
}
