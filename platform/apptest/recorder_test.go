package apptest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
)

// recorder is a test that writes down how it fails, and does not.
type recorder struct {
	testing.TB
	said []string
}

func (*recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatal(args ...any) { r.Fatalf("%s", fmt.Sprint(args...)) }

// failures returns what a check said when it failed, one line for each time; "" when it passed.
func failures(t *testing.T, a *apptest.App, check func(a *apptest.App)) string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() { // which Fatal ends
		defer close(done)
		check(a.On(r))
	}()
	<-done
	return strings.Join(r.said, "\n")
}
