package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/servertest"
)

// fleet is the application as four processes on one database, and a connection to it.
type fleet struct {
	t         *testing.T
	processes [4]*process
	client    *http.Client
	pool      *sql.DB
}

// newFleet starts one where nothing but the framework keeps a product from being there twice.
func newFleet(t *testing.T, environ ...string) *fleet {
	t.Helper()
	dsn := servertest.StartPostgres(t).Database(t)
	m := newMachine(t, append([]string{
		"DATABASE_URL=" + dsn, "APP_PROFILE=replicated", "APP_INSTANCES=1", "APP_SESSION__STORE=memory", "APP_LIMITS__STORE=memory", "APP_CACHE__L2__DRIVER=none", // four, of which each has its own sessions
		"APP_DB__POOL__MAX_OPEN=6",
		"APP_DB__POSTGRES__LOCK_TIMEOUT=1m", "APP_DB__STATEMENT_TIMEOUT=29s", "APP_HTTP__REQUEST_TIMEOUT=1m", "APP_IDEMPOTENCY__LEASE=2m", "APP_DB__POSTGRES__IDLE_IN_TRANSACTION=5m", "APP_HTTP__IN_FLIGHT=15s",
	}, environ...)...)
	if code, printed := m.run("migrate", "up"); code != 0 {
		t.Fatalf("migrate up: exit code %d: %s", code, printed)
	}
	pools, err := postgres.Driver{}.Open(t.Context(), driver.Options{DSN: dsn, MaxOpen: 4, Wait: patience, Statement: patience, LockTimeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{t: t, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}, pool: pools.Write}
	t.Cleanup(func() { _, _, _ = pools.Write.Close(), pools.Read.Close(), pools.Health.Close() })
	f.exec("DROP INDEX catalog_products_sku_key")
	for i := range f.processes {
		f.processes[i] = m.serve("--mode", "prod")
	}
	return f
}

func (f *fleet) exec(statement string) {
	f.t.Helper()
	if _, err := f.pool.ExecContext(f.t.Context(), statement); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fleet) count(query string) (n int) {
	f.t.Helper()
	if err := f.pool.QueryRowContext(f.t.Context(), query).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

// reply is an answer; its status is 0 when there was none.
type reply struct {
	status   int
	replayed bool
	body     string
}

// uuid is a key as clients draw it.
const uuid = "8e03978e-40d5-43dd-bc93-6894a57f9324"

// create has process i create a product, with the key uuid, for somebody.
func (f *fleet) create(i int, user string) reply {
	return createOnce(f.t, f.client, f.processes[i], "A-1", uuid, user)
}

// createOnce has a process create a product.
func createOnce(t *testing.T, client *http.Client, p *process, sku, key, user string) reply {
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, p.public.URL+products, strings.NewReader(product(sku)))
	if err != nil {
		t.Error(err)
		return reply{}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	p.sign(req, user)
	resp, err := client.Do(req)
	if err != nil {
		return reply{}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}
	}
	return reply{resp.StatusCode, resp.Header.Get("Idempotency-Replayed") == "true", string(bytes.TrimSpace(body))}
}

// stuck has process 0 begin, in the middle of whose transaction the table is locked. It returns what lets it go on, and where its answer comes.
func (f *fleet) stuck() (unlock func(), answer <-chan reply) {
	f.t.Helper()
	tx, err := f.pool.BeginTx(f.t.Context(), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := tx.ExecContext(f.t.Context(), "LOCK TABLE catalog_products IN SHARE MODE"); err != nil {
		f.t.Fatal(err)
	}
	c := make(chan reply, 1)
	go func() { c <- f.create(0, ada) }()
	f.processes[0].eventually("it waits for the lock", func() bool { return f.count("SELECT count(*) FROM pg_locks WHERE NOT granted") == 1 })
	return func() {
		if err := tx.Rollback(); err != nil {
			f.t.Error(err)
		}
	}, c
}

// together sends n requests at the same time, to the processes in turn.
func (f *fleet) together(n int, to ...int) []reply {
	replies := make([]reply, n)
	var all sync.WaitGroup
	for i := range replies {
		all.Go(func() { replies[i] = f.create(to[i%len(to)], ada) })
	}
	all.Wait()
	return replies
}

// wantOneEffect fails the test unless one reply, or none, is of a request that was carried out, all others are its repetition or say that it is
// on its way, and there is one product of ada's.
func (f *fleet) wantOneEffect(replies []reply) (body string) {
	f.t.Helper()
	carried, repeated, waiting := 0, 0, 0
	for _, r := range replies {
		switch {
		case r.status == 409 && strings.Contains(r.body, "idempotency_in_flight"):
			waiting++
			continue
		case r.status != 201 || body != "" && r.body != body:
			f.t.Errorf("answer %d %s, want 201 and %s", r.status, r.body, body)
		case r.replayed:
			repeated++
		default:
			carried++
		}
		body = r.body
	}
	if n := f.count("SELECT count(*) FROM catalog_products"); carried > 1 || n != 1 {
		f.t.Errorf("%d requests were carried out, and there are %d products, want 1", carried, n)
	}
	f.t.Logf("%d carried out, %d repeated, %d told to wait", carried, repeated, waiting)
	return body
}

// P20: the same key 200 times at four processes, one of which is killed while it carries the request out: one effect. The others get its answer, or
// are told to come again; and somebody else with the same key has a product of his own.
func TestSameKeyAtFourProcesses(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	unlock, answer := f.stuck()
	for _, r := range f.together(100, 0, 1, 2, 3) {
		if r.status != 409 || !strings.Contains(r.body, "idempotency_in_flight") {
			t.Errorf("while the first runs: %d %s", r.status, r.body)
		}
	}
	f.processes[0].signal(syscall.SIGKILL)
	f.processes[0].wait()
	if r := <-answer; r.status != 0 {
		t.Errorf("of a process that was killed: %+v", r)
	}
	unlock()
	f.processes[1].eventually("the server sees that it is gone", func() bool {
		return f.count("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' OR state LIKE 'idle in transaction%'") == 0
	})
	if r := f.create(1, ada); r.status != 409 {
		t.Errorf("before the lease has run out: %+v", r)
	}
	f.exec("UPDATE platform_idempotency_keys SET expires_at = clock_timestamp()") // two minutes later
	body := f.wantOneEffect(f.together(200, 1, 2, 3))
	if again := f.create(2, ada); again.status != 201 || !again.replayed || again.body != body {
		t.Errorf("afterwards: %+v, want %s", again, body)
	}
	if other := f.create(3, bob); other.status != 201 || other.replayed || other.body == body {
		t.Errorf("somebody else: %+v", other)
	}
}

// A process that was frozen while it carried a request out, until another one had taken over, has no effect when it goes on.
func TestFrozenProcessIsFenced(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	unlock, answer := f.stuck()
	f.processes[0].freeze()
	unlock() // its statement is done now, and it does not know
	f.exec("UPDATE platform_idempotency_keys SET expires_at = clock_timestamp()")
	body := f.wantOneEffect(f.together(20, 1, 2, 3))
	f.processes[0].signal(syscall.SIGCONT)
	if r := <-answer; r.status != 409 || !strings.Contains(r.body, "idempotency_in_flight") {
		t.Errorf("the late one: %+v", r)
	}
	f.wantOneEffect([]reply{f.create(0, ada)})
	if again := f.create(0, ada); !again.replayed || again.body != body {
		t.Errorf("afterwards: %+v, want %s", again, body)
	}
}

// On one machine: a process that is killed under load leaves no request half done. Whoever repeats his gets the answer that he has seen, or has it
// carried out now.
func TestSameKeyAfterKill(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	p := m.serve("--mode", "test")
	const clients, each, enough = 8, 20, 40
	var seen [clients * each]reply
	var answered atomic.Int32
	var all sync.WaitGroup
	post := func(i int) reply {
		return createOnce(t, client, p, fmt.Sprint("A-", i), fmt.Sprintf("8e03978e-40d5-43dd-bc93-%012d", i), ada)
	}
	for c := range clients {
		all.Go(func() {
			for i := range each {
				if seen[c*each+i] = post(c*each + i); seen[c*each+i].status == 0 {
					return
				}
				if answered.Add(1) == enough {
					p.signal(syscall.SIGKILL)
				}
			}
		})
	}
	all.Wait()
	p.wait()
	file := openFile(t, m)
	if _, err := file.Write.ExecContext(t.Context(), "UPDATE platform_idempotency_keys SET expires_at = '2020-01-01 00:00:00.000' WHERE status IS NULL"); err != nil {
		t.Fatal(err)
	}
	p = m.serve("--mode", "test")
	replayed := 0
	for i := range seen {
		again := post(i)
		if again.status != 201 || seen[i].status != 0 && (!again.replayed || again.body != seen[i].body) {
			t.Errorf("product %d was answered %+v, and then %+v", i, seen[i], again)
		}
		if again.replayed {
			replayed++
		}
	}
	t.Logf("%d of %d were answered before the process was killed, and %d of them had been carried out", answered.Load(), len(seen), replayed)
	p.public.Get(products+"?count=exact").Want(200).WantAt("/page/total", fmt.Sprint(len(seen)))
}
