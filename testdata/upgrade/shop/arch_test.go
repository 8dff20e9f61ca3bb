package arch_test

import (
	"testing"

	"github.com/banyan-go/banyan/platform/archtest"
)

// Who may import whom; each failure says why.
func TestImports(t *testing.T) {
	t.Parallel()
	archtest.Check(t, ".")
}
