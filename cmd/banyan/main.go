// Command banyan makes applications and works on their source trees: it scaffolds, generates, and runs them in development.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A terminal that is closed counts as well: the application that dev has started is in a group of its own, and would live on.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := run(ctx, ".", os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
