package db

import (
	"context"
	"errors"
	"fmt"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// errExplained ends the transaction of Explain.
var errExplained = errors.New("explained")

// Explain returns how the engine would run a SELECT, UPDATE or DELETE, which has "?" for each parameter and does not run. It returns an error that
// is errors.ErrUnsupported when the driver cannot tell.
func (d *DB) Explain(ctx context.Context, statement string) (plan driver.Plan, err error) {
	e, ok := d.driver.(driver.Explainer)
	if !ok {
		return plan, fmt.Errorf("explain: driver %s: %w", d.features.Dialect, errors.ErrUnsupported)
	}
	platform := d.Platform()
	err = platform.Tx(ctx, Global, func(ctx context.Context) (err error) {
		if plan, err = e.Explain(ctx, &pool{handle: platform, tx: current(ctx, d)}, statement); err != nil {
			return err
		}
		return errExplained
	})
	if !errors.Is(err, errExplained) {
		return driver.Plan{}, fmt.Errorf("explain: %w", err)
	}
	return plan, nil
}
