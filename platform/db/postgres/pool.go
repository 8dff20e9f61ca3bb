package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
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
	wait   time.Duration
	life   time.Duration // of a connection; 0 for no end
	places chan struct{} // holds an element for each connection that is lent

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

func newPool(cfg *pgx.ConnConfig, o dbdriver.Options) *pool {
	n := o.MaxOpen
	if n == 0 {
		n = defaultConnections
	}
	return &pool{cfg: cfg, wait: o.Wait, life: o.MaxLife, places: make(chan struct{}, n)}
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
		errs = append(errs, c.close())
	}
	return errors.Join(errs...)
}

// lend waits for a connection that works.
func (p *pool) lend(ctx context.Context) (*conn, error) {
	if err := p.enter(ctx); err != nil {
		return nil, err
	}
	c, err := p.take(ctx)
	if err != nil {
		<-p.places
		return nil, err
	}
	return c, nil
}

func (p *pool) enter(ctx context.Context) error {
	select {
	case p.places <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(p.wait)
	defer timer.Stop()
	select {
	case p.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a connection: %w", context.Cause(ctx))
	case <-timer.C:
		return &dbdriver.Error{Kind: dbdriver.Busy, Err: fmt.Errorf("all %d connections were in use for %s (db.pool.max_open)", cap(p.places), p.wait)}
	}
}

// take returns an idle connection that the server still knows, or a new one.
func (p *pool) take(ctx context.Context) (*conn, error) {
	for {
		c := p.pop()
		if c == nil {
			return connect(ctx, p.cfg, p.end())
		}
		now := time.Now()
		if (c.end.IsZero() || now.Before(c.end)) && (now.Sub(c.used) < doubt || c.pgx.Ping(ctx) == nil) {
			return c, nil
		}
		_ = c.close() // it is of no use any more
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("wait for a connection: %w", context.Cause(ctx))
		}
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
	p.mu.Lock()
	keep := !p.closed && c.fit()
	if keep {
		c.used = time.Now()
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if !keep {
		_ = c.close() // there is nobody to hear of it
	}
	<-p.places
}
