package app

import (
	"testing"

	"github.com/banyan-go/banyan/platform/unit"
)

func TestReserve(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		limit   unit.Bytes
		environ []string
		want    unit.Bytes
	}{
		{"no limit", 0, nil, 32 * unit.MiB},
		{"a large machine", 23 * unit.GiB, []string{"HOME=/", "XGOGC=1"}, 32 * unit.MiB},
		{"a small container", 64 * unit.MiB, nil, 8 * unit.MiB},
		{"GOGC is set", 0, []string{"HOME=/", "GOGC=50"}, 0},
	} {
		if got := unit.Bytes(len(reserve(c.limit, c.environ))); got != c.want {
			t.Errorf("%s: %d bytes, want %d", c.name, got, c.want)
		}
	}
}
