// Package web is the HTTP face of the module accounts: requests, responses, and the tables of operations.
package web

import (
	"context"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/id"
)

// caller returns the user who calls an operation that only users may call.
func caller(ctx context.Context) (id.ID, error) {
	userID, err := id.Parse(api.CallerFrom(ctx).Subject)
	if err != nil {
		return id.ID{}, api.ErrUnauthenticated.Because(err) // a service, which is no user
	}
	return userID, nil
}
