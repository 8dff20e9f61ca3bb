package main

import (
	"context"
	"errors"

	"github.com/banyan-go/banyan/platform/servertest"
)

// onPostgres measures with a PostgreSQL server of its own, whose address it gives to measure. Where none is installed the figure of that name says so.
func (b *bench) onPostgres(ctx context.Context, name, title string, measure func(dsn string) ([]figure, error)) (_ []figure, err error) {
	file := servertest.Postgres().Find()
	if file == "" {
		return []figure{{Name: name, Title: title, Skipped: "PostgreSQL is not installed: " + servertest.Postgres().Install()}}, nil
	}
	server, err := servertest.RunPostgres(ctx, file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	return measure(server.DSN("postgres"))
}
