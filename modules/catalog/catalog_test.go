package catalog_test

import (
	"testing"

	"github.com/banyan-go/banyan/modules/catalog/catalogwire"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/module"
)

// boot starts an application with this module alone.
func boot(t *testing.T) *apptest.App {
	t.Helper()
	return apptest.Run(t, func(p module.Platform) (module.Module, error) {
		return catalogwire.New(p, catalogwire.Default(), catalogwire.Needs{})
	})
}

func TestModuleStarts(t *testing.T) {
	t.Parallel()
	boot(t).Get("/readyz").Want(200)
}
