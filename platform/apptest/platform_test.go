package apptest_test

import (
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
)

// The platform's own tables can be made, taken away and made again, and are the same on both engines.
func TestMigrationsOfThePlatform(t *testing.T) {
	t.Parallel()
	apptest.Migrations(t, "../db")
}
