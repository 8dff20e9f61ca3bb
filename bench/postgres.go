package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/banyan-go/banyan/platform/servertest"
)

// onPostgres measures with a PostgreSQL server of its own on the core of the client, and gives measure its address. Where none is installed the figure
// of that name says so.
func (b *bench) onPostgres(ctx context.Context, name, title string, measure func(dsn string) ([]figure, error)) ([]figure, error) {
	return b.besidePostgres(ctx, name, title, b.opts.clientCore, measure)
}

// besidePostgres does the same with the server on these cores.
func (b *bench) besidePostgres(ctx context.Context, name, title, cores string, measure func(dsn string) ([]figure, error)) (_ []figure, err error) {
	file := servertest.Postgres().Find()
	if file == "" {
		return []figure{{Name: name, Title: title, Skipped: "PostgreSQL is not installed: " + servertest.Postgres().Install()}}, nil
	}
	server, err := servertest.RunPostgres(ctx, file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	if err := b.pin(ctx, server, cores); err != nil {
		return nil, err
	}
	return measure(server.DSN("postgres"))
}

// pin keeps the sessions of a server to these cores. Where the scheduler may choose, they are beside the program that is measured at one
// time and on the other core at another, and what it takes to wake one differs by more than what is measured.
func (b *bench) pin(ctx context.Context, server *servertest.PostgresServer, cores string) error {
	text, err := os.ReadFile(filepath.Join(filepath.Dir(server.Socket()), "data", "postmaster.pid"))
	if err != nil {
		return fmt.Errorf("find the process of PostgreSQL: %w", err)
	}
	pid, _, _ := strings.Cut(string(text), "\n")
	_, err = b.output(ctx, b.dir, nil, "taskset", "-cp", cores, pid)
	return err
}
