package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	dbdriver "github.com/banyan-go/banyan/platform/db/driver"
)

// readers is the reading side: sessions that hold nothing, as many as database/sql likes, over a fixed number of connections, each of which
// is lent for one statement. So a read waits here, where the wait has a limit, and not in database/sql, where it has none.
type readers struct {
	uri    string
	guard  dbdriver.Guard
	wait   time.Duration
	places *dbdriver.Places

	mu     sync.Mutex
	idle   []*conn // the last one was used last, and its caches are the warmest
	closed bool
}

var (
	_ driver.Connector = (*readers)(nil)
	_ io.Closer        = (*readers)(nil)
)

func newReaders(uri string, o dbdriver.Options) *readers {
	return &readers{uri: uri, guard: o.Guard, wait: o.Wait, places: dbdriver.NewPlaces(o.MaxOpen, o.Share)}
}

// Connect returns a session.
func (p *readers) Connect(context.Context) (driver.Conn, error) { return session{p}, nil }

// Driver returns what database/sql wants to see.
func (p *readers) Driver() driver.Driver { return noDriver{} }

// Close closes the connections, those that are lent when they come back.
func (p *readers) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, c := range p.idle {
		errs = append(errs, c.Close())
	}
	p.idle, p.closed = nil, true
	return errors.Join(errs...)
}

// lend waits for a connection.
func (p *readers) lend(ctx context.Context) (*conn, error) {
	place, err := p.enter(ctx)
	if err != nil {
		return nil, err
	}
	c := p.pop()
	if c == nil {
		if c, err = connect(ctx, p.uri, p.guard); err != nil {
			place.Leave()
			return nil, err
		}
	}
	c.place = place
	return c, nil
}

func (p *readers) pop() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 {
		return nil
	}
	c := p.idle[last]
	p.idle = p.idle[:last]
	return c
}

func (p *readers) enter(ctx context.Context) (dbdriver.Place, error) {
	place, ok := p.places.Take(ctx, p.wait)
	ctx = dbdriver.Awaited(ctx)
	switch {
	case ok:
		return place, nil
	case ctx.Err() != nil:
		return place, fmt.Errorf("wait for a connection that reads: %w", context.Cause(ctx))
	default:
		return place, &dbdriver.Error{Kind: dbdriver.Busy, Err: fmt.Errorf("no connection that reads was free within %s: %s", p.wait, p.places)}
	}
}

// giveBack takes a connection back.
func (p *readers) giveBack(c *conn) {
	place := c.place
	p.mu.Lock()
	if p.closed || !c.IsValid() {
		_ = c.Close() // there is nobody to hear of it
	} else {
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	place.Leave()
}

// session is what database/sql takes for a connection.
type session struct{ readers *readers }

var (
	_ driver.QueryerContext = session{}
	_ driver.ExecerContext  = session{}
	_ driver.Pinger         = session{}
)

// QueryContext runs one statement. Its connection comes back when the rows are closed.
func (s session) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	c, err := s.readers.lend(ctx)
	if err != nil {
		return nil, err
	}
	var r *rows
	defer func() {
		if r == nil { // also after a panic
			s.readers.giveBack(c)
		}
	}()
	if r, err = c.query(ctx, text, args); err != nil {
		return nil, err
	}
	r.closed = func() { s.readers.giveBack(c) }
	return r, nil
}

// ExecContext runs a statement whose rows nobody wants.
func (s session) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	c, err := s.readers.lend(ctx)
	if err != nil {
		return nil, err
	}
	defer s.readers.giveBack(c)
	return c.ExecContext(ctx, text, args)
}

// Ping reads the head of the file.
func (s session) Ping(ctx context.Context) error {
	c, err := s.readers.lend(ctx)
	if err != nil {
		return err
	}
	defer s.readers.giveBack(c)
	return c.Ping(ctx)
}

// Close has nothing to close.
func (session) Close() error { return nil }

// Prepare fails.
func (session) Prepare(string) (driver.Stmt, error) { return nil, errPrepare }

// Begin fails: a transaction is for writing, and each statement that reads sees one state of the data.
func (session) Begin() (driver.Tx, error) {
	return nil, errors.New("the pool that reads has no transactions")
}
