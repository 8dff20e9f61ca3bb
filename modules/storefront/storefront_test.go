package storefront_test

import (
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
)

// application is one with this module and those that it asks.
type application struct {
	*apptest.App
	built
}

func boot(t *testing.T) application {
	t.Helper()
	var b built
	a := apptest.Run(t, b.builders()...)
	return application{a, b}
}

func TestModuleStarts(t *testing.T) {
	t.Parallel()
	boot(t).Get("/readyz").Want(200)
}
