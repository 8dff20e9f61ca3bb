package postgres_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/servertest"
)

// doubted is a pool behind a proxy. All its connections but one have been idle for so long that they are asked for an answer before they are used.
type doubted struct {
	read  *sql.DB
	proxy *servertest.Proxy
	busy  *sql.Rows // holds the other one
	at    int       // its process
	pings atomic.Int32
}

func newDoubted(t *testing.T, server *servertest.PostgresServer) *doubted {
	t.Helper()
	d := &doubted{proxy: servertest.StartProxy(t, "unix", server.Socket())}
	host, port, _ := net.SplitHostPort(d.proxy.Addr())
	o := options("host=" + host + " port=" + port + " user=postgres dbname=postgres password=x sslmode=disable")
	o.MaxOpen, o.Wait = 6, 3*time.Second
	d.read = open(t, o).Read
	query := func(text string) *sql.Rows {
		t.Helper()
		rows, err := d.read.QueryContext(context.WithoutCancel(t.Context()), text)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				t.Error(err)
			}
		})
		return rows
	}
	var all []*sql.Rows
	for range o.MaxOpen {
		all = append(all, query("SELECT 1"))
	}
	for _, rows := range all {
		_ = rows.Close() // the cleanup hears of an error
	}
	d.busy = query("SELECT pg_backend_pid() FROM pg_sleep(1.1)") // meanwhile the others are idle
	if !d.busy.Next() || d.busy.Scan(&d.at) != nil {
		t.Fatal(d.busy.Err())
	}
	return d
}

// deafen has nobody hear of the answers to some requests, each of which is told how many pings there were so far.
func (d *doubted) deafen(which func(ping bool, pings int32) bool) {
	d.proxy.OnRequest(func(request []byte) servertest.Verdict {
		ping := bytes.Contains(request, []byte("-- ping"))
		if ping {
			d.pings.Add(1)
		}
		if which(ping, d.pings.Load()) {
			return servertest.Deafen
		}
		return servertest.Forward
	})
}

// backend returns the process that answers.
func (d *doubted) backend(t *testing.T) (pid int, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return pid, d.read.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid)
}

// However many connections are idle, a request asks on one of them whether a server is there that says nothing. What is left of its wait is for a new
// connection.
func TestSilenceIsMetOnce(t *testing.T) {
	t.Parallel()
	server := servertest.StartPostgres(t)
	server.Exec(t, "alter role postgres password 'x'")
	t.Run("the server has frozen", func(t *testing.T) {
		t.Parallel()
		d := newDoubted(t, server)
		d.deafen(func(bool, int32) bool { return true })
		_, err := d.backend(t)
		if e, ok := errors.AsType[*driver.Error](postgres.Driver{}.Translate(err)); !ok || e.Kind != driver.Busy || !strings.Contains(err.Error(), "did not answer a new connection") {
			t.Errorf("%v, want the kind Busy", err)
		}
		if n := d.pings.Load(); n != 1 {
			t.Errorf("%d connections were asked, want 1", n)
		}
		d.proxy.OnRequest(nil)
		if _, err := d.backend(t); err != nil {
			t.Errorf("once it goes on: %v", err)
		}
	})
	t.Run("a firewall has forgotten the idle ones", func(t *testing.T) {
		t.Parallel()
		d := newDoubted(t, server)
		d.deafen(func(ping bool, _ int32) bool { return ping })
		if pid, err := d.backend(t); err != nil || pid == d.at {
			t.Errorf("%d, %v, want a new connection", pid, err)
		}
		if n := d.pings.Load(); n != 1 {
			t.Errorf("%d connections were asked, want 1", n)
		}
	})
	t.Run("one that others have used since is kept", func(t *testing.T) {
		t.Parallel()
		d := newDoubted(t, server)
		d.deafen(func(ping bool, pings int32) bool {
			if ping && pings == 1 {
				_ = d.busy.Close() // the cleanup hears of an error
			}
			return ping && pings == 1
		})
		if pid, err := d.backend(t); err != nil || pid != d.at {
			t.Errorf("%d, %v, want %d", pid, err, d.at)
		}
	})
}
