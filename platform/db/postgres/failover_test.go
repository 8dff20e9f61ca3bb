package postgres_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/servertest"
)

// When the primary of two servers is away the standby serves reads, and writes are refused as something that may work later. They do once it has
// become the primary.
func TestStandbyTakesOver(t *testing.T) {
	t.Parallel()
	primary, standby := servertest.StartPostgres(t), servertest.StartPostgres(t)
	standby.Kill(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(standby.Socket()), "data", "standby.signal"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	standby.Start(t)
	if _, err := (postgres.Driver{}).Open(t.Context(), options(standby.DSN("postgres"))); err == nil || !strings.Contains(err.Error(), "is a standby") {
		t.Errorf("a standby alone: %v", err)
	}
	p := open(t, options(strings.Replace(primary.DSN("postgres"), " user=", ","+filepath.Dir(standby.Socket())+" user=", 1)))
	write := func() error {
		tx, err := p.Write.BeginTx(t.Context(), nil)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(t.Context(), "SELECT 1") // which the server hears of the transaction with
		return errors.Join(err, tx.Commit())
	}
	if err := write(); err != nil {
		t.Fatal(err)
	}
	primary.Kill(t)
	for standby := false; !standby; { // its processes end when they see that it has gone
		if err := p.Read.QueryRowContext(t.Context(), "SELECT pg_is_in_recovery()").Scan(&standby); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		err := write()
		if e, ok := errors.AsType[*driver.Error](err); !ok || e.Kind != driver.Busy || !strings.Contains(e.Error(), "is a standby") {
			t.Errorf("write to the standby: %v, want the kind Busy", err)
		}
		if err := p.Read.PingContext(t.Context()); err != nil {
			t.Errorf("read from the standby: %v", err)
		}
	}
	standby.Exec(t, "select pg_promote()")
	err := write()
	for range 2 { // connections that were made before do not know
		if err != nil {
			err = write()
		}
	}
	if err != nil {
		t.Errorf("write to the new primary: %v", err)
	}
}
