package catalog_test

import (
	"testing"

	"example.com/shop/modules/catalog/catalogwire"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/module"
)

// application is one with this module alone.
type application struct {
	*apptest.App
	module *catalogwire.Module
}

func boot(t *testing.T) application {
	t.Helper()
	var m *catalogwire.Module
	a := apptest.Run(t, func(p module.Platform) (_ module.Module, err error) {
		m, err = catalogwire.New(p, catalogwire.Default(), catalogwire.Needs{})
		return m, err
	})
	return application{a, m}
}

func TestModuleStarts(t *testing.T) {
	t.Parallel()
	boot(t).Get("/readyz").Want(200)
}
