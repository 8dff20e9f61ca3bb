package banyan_test

import (
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/archtest"
)

// Who may import whom; each failure says why.
func TestImports(t *testing.T) {
	t.Parallel()
	archtest.Check(t, ".")
}

// The migrations of every module can be taken back and applied again, and make the same tables on both engines.
func TestMigrations(t *testing.T) {
	t.Parallel()
	apptest.Migrations(t, "modules")
}
