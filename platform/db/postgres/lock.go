package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// lockKey is what the programs of this framework agree on to lock the migrations of a database.
const lockKey = 0x62616e79616e // "banyan"

// Lock takes an advisory lock of the database, on a connection of its own, which the server gives back when that ends for any reason.
func (Driver) Lock(ctx context.Context, o driver.Options) (func() error, error) {
	cfg, err := settings(o)
	if err != nil {
		return nil, err
	}
	cfg = apart(cfg)
	delete(cfg.RuntimeParams, "lock_timeout")
	c, err := connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if _, err := c.pgx.Exec(ctx, "select pg_advisory_lock($1)", int64(lockKey)); err != nil {
		return nil, errors.Join(fmt.Errorf("wait for the lock of the migrations: %w", c.fail(ctx, err)), c.Close())
	}
	return c.Close, nil
}
