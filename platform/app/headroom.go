package app

import (
	"slices"
	"strings"

	"github.com/banyan-go/banyan/platform/unit"
)

// headroom is how much garbage a program may at least leave before somebody collects it.
const headroom = 32 * unit.MiB

// reserve returns memory that nobody touches, and that so takes none. The collector of garbage comes when the heap has doubled, and counts it: to a
// program that keeps little it would come so often that it costs a tenth of all CPU. Of a small limit of memory it is an eighth; 0 stands for
// none. Who sets GOGC has decided how often it comes.
func reserve(limit unit.Bytes, environ []string) []byte {
	if slices.ContainsFunc(environ, func(pair string) bool { return strings.HasPrefix(pair, "GOGC=") }) {
		return nil
	}
	size := headroom
	if limit > 0 {
		size = min(size, limit/8)
	}
	return make([]byte, size)
}
