package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	dbdriver "github.com/banyan-go/banyan/platform/db/driver"
)

// pool is the connections, each of which is lent for one statement or one transaction. So a wait for one has its limit here; database/sql
// has none. As a connector it makes the sessions that read.
type pool struct {
	cfg    *pgx.ConnConfig
	roles  *roles
	wait   time.Duration // for a connection
	limit  time.Duration // of the silence of a server; see conn.hurry
	life   time.Duration // of a connection; 0 for no end
	places *dbdriver.Places

	mu     sync.Mutex
	idle   []*conn // the last one was used last
	closed bool
}

var (
	_ driver.Connector = (*pool)(nil)
	_ io.Closer        = (*pool)(nil)
)

// defaultConnections is the size of a pool whose size nobody has chosen.
const defaultConnections = 8

// doubt is how long a connection may have been idle before it is asked whether the server is still there: a restart or a firewall ends
// connections without a word.
const doubt = time.Second

// silence is how much longer than a statement may run the server may say nothing: it ends the statement itself, when it is there.
const silence = 500 * time.Millisecond

func newPool(cfg *pgx.ConnConfig, o dbdriver.Options) *pool {
	n := o.MaxOpen
	if n == 0 {
		n = defaultConnections
	}
	p := &pool{cfg: cfg, roles: newRoles(o.Guard, cfg), wait: o.Wait, life: o.MaxLife, places: dbdriver.NewPlaces(n, o.Share)}
	if o.Statement > 0 {
		p.limit = o.Statement + silence
	}
	return p
}

// Connect returns a session that reads.
func (p *pool) Connect(context.Context) (driver.Conn, error) { return &reader{pool: p}, nil }

// Driver returns what database/sql wants to see.
func (p *pool) Driver() driver.Driver { return noDriver{} }

// noDriver stands in for the drivers that database/sql knows by name.
type noDriver struct{}

// Open fails.
func (noDriver) Open(string) (driver.Conn, error) { return nil, errors.ErrUnsupported }

// Close closes the connections, those that are lent when they come back.
func (p *pool) Close() error {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	var errs []error
	for _, c := range idle {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// borrow lends a connection for fn, which changes no data, and does so again with another one when the first turns out to be gone. After an
// error it has come back; otherwise the caller gives it back.
func (p *pool) borrow(ctx context.Context, fn func(*conn) error) (c *conn, err error) {
	for range p.places.Size() + 1 { // all of them may be gone, and the last one is new
		if c, err = p.lend(ctx); err != nil {
			return nil, err
		}
		var gone bool
		if gone, err = p.try(c, fn); err == nil {
			return c, nil
		}
		if !gone || ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, err
		}
	}
	return nil, err
}

// try runs fn. Without success, after a panic too, the connection comes back.
func (p *pool) try(c *conn, fn func(*conn) error) (gone bool, err error) {
	kept := false
	defer func() {
		if !kept {
			p.giveBack(c)
		}
	}()
	if err := fn(c); err != nil {
		return c.gone(), err
	}
	kept = true
	return false, nil
}

// lend waits for a connection that works.
func (p *pool) lend(ctx context.Context) (*conn, error) {
	until := time.Now().Add(p.wait)
	place, ok := p.places.Take(ctx, p.wait)
	switch {
	case ok:
	case ctx.Err() != nil:
		return nil, fmt.Errorf("wait for a connection: %w", context.Cause(ctx))
	default:
		return nil, &dbdriver.Error{Kind: dbdriver.Busy, Err: fmt.Errorf("no connection was free within %s: %s", p.wait, p.places)}
	}
	if c := p.known(ctx, until); c != nil {
		c.place = place
		return c, nil
	}
	if ctx.Err() != nil {
		place.Leave()
		return nil, fmt.Errorf("wait for a connection: %w", context.Cause(ctx))
	}
	return p.dial(ctx, place, until)
}

// known returns an idle connection that the server still knows, nil when there is none. One that says nothing has half of the time that is left
// until then: the other half is for a new connection, which is what helps when a firewall has forgotten the idle ones. A quarter of a whole wait it
// has in any case: who got a place late would else give up a server that is only slow.
func (p *pool) known(ctx context.Context, until time.Time) *conn {
	for c := p.pop(); c != nil; c = p.pop() {
		now := time.Now()
		old := !c.end.IsZero() && !now.Before(c.end)
		if !old && now.Sub(c.used) < doubt {
			return c
		}
		var err error
		if !old {
			if err = c.ping(ctx, max(until.Sub(now)/2, p.wait/4)); err == nil {
				return c
			}
		}
		_ = c.Close() // it is of no use any more
		if errors.Is(err, os.ErrDeadlineExceeded) {
			p.forget(c.used)
		}
		if ctx.Err() != nil {
			return nil
		}
	}
	return nil
}

// forget closes the idle connections that nobody has used since then: the server has said nothing on a later one, and to ask on each of them would
// cost its time again.
func (p *pool) forget(then time.Time) {
	p.mu.Lock()
	n := 0
	for n < len(p.idle) && !p.idle[n].used.After(then) { // they stand in the order in which they came back
		n++
	}
	old := slices.Clone(p.idle[:n])
	p.idle = slices.Delete(p.idle, 0, n)
	p.mu.Unlock()
	for _, c := range old {
		_ = c.Close() // there is nobody to hear of it
	}
}

// connect opens a connection, however long that takes.
func (p *pool) connect(ctx context.Context) (*conn, error) {
	c, err := connect(ctx, p.cfg)
	if err == nil {
		c.limit, c.end, c.roles = p.limit, p.end(), p.roles
	}
	return c, err
}

// dial returns a new connection. It goes on when the one who waits for it gives up, and leaves the connection to the next one: where it takes
// longer than anybody waits, there would never be one.
func (p *pool) dial(ctx context.Context, place dbdriver.Place, until time.Time) (*conn, error) {
	type result struct {
		conn *conn
		err  error
	}
	done := make(chan result)
	left := make(chan struct{})
	go func() {
		c, err := p.connect(context.WithoutCancel(ctx))
		if err != nil {
			place.Leave()
		} else {
			c.place = place
		}
		select {
		case done <- result{c, err}:
		case <-left:
			if err == nil {
				p.giveBack(c)
			}
		}
	}()
	defer close(left)
	late := time.NewTimer(time.Until(until))
	defer late.Stop()
	select {
	case r := <-done:
		return r.conn, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a connection: %w", context.Cause(ctx))
	case <-late.C:
		return nil, &dbdriver.Error{Kind: dbdriver.Busy, Err: fmt.Errorf("PostgreSQL at %s did not answer a new connection within %s", address(p.cfg), p.wait)}
	}
}

func (p *pool) pop() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	c := p.idle[last]
	p.idle = slices.Delete(p.idle, last, last+1)
	return c
}

// end returns when a connection made now is to be replaced: up to a tenth early, so that those of one start do not all end at once.
func (p *pool) end() time.Time {
	if p.life == 0 {
		return time.Time{}
	}
	return time.Now().Add(p.life - time.Duration(rand.Int64N(int64(p.life)/10+1)))
}

// giveBack takes a connection back.
func (p *pool) giveBack(c *conn) {
	place := c.place
	p.mu.Lock()
	keep := !p.closed && c.fit()
	if keep {
		c.used = time.Now()
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if !keep {
		_ = c.Close() // there is nobody to hear of it
	}
	place.Leave()
}
