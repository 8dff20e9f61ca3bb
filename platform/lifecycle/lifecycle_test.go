package lifecycle_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/lifecycle"
)

// recorder makes hooks that write down when they run.
type recorder struct{ events []string }

func (r *recorder) hook(name string, startErr, stopErr error) lifecycle.Hook {
	return lifecycle.Hook{
		Name:  name,
		Start: func(context.Context) error { r.events = append(r.events, "start "+name); return startErr },
		Stop:  func(context.Context) error { r.events = append(r.events, "stop "+name); return stopErr },
	}
}

func TestStartsInOrderAndStopsInReverse(t *testing.T) {
	t.Parallel()
	var r recorder
	var l lifecycle.Lifecycle
	l.Append(r.hook("a", nil, nil))
	l.Append(lifecycle.Hook{Name: "nothing to do"})
	l.Append(r.hook("b", nil, nil))
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.Stop(t.Context()), l.Stop(t.Context())); err != nil {
		t.Fatal(err)
	}
	if want := []string{"start a", "start b", "stop b", "stop a"}; !slices.Equal(r.events, want) {
		t.Errorf("events = %q, want %q (a second Stop does nothing)", r.events, want)
	}
}

func TestFailedStartStopsWhatWasStarted(t *testing.T) {
	t.Parallel()
	var r recorder
	var l lifecycle.Lifecycle
	broken := errors.New("no route to host")
	l.Append(r.hook("a", nil, nil))
	l.Append(r.hook("b", broken, nil))
	l.Append(r.hook("c", nil, nil))
	err := l.Start(t.Context())
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "start b: ") {
		t.Errorf("err = %v, want it to name b and its cause", err)
	}
	if want := []string{"start a", "start b", "stop a"}; !slices.Equal(r.events, want) {
		t.Errorf("events = %q, want %q", r.events, want)
	}
}

func TestStopGoesOnAfterAnError(t *testing.T) {
	t.Parallel()
	var r recorder
	var l lifecycle.Lifecycle
	errA, errB := errors.New("a"), errors.New("b")
	l.Append(r.hook("a", nil, errA))
	l.Append(r.hook("b", nil, errB))
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.Stop(t.Context()); !errors.Is(err, errA) || !errors.Is(err, errB) {
		t.Errorf("err = %v, want both", err)
	}
}

func TestAppendAfterStartPanics(t *testing.T) {
	t.Parallel()
	var l lifecycle.Lifecycle
	l.Append(lifecycle.Hook{Name: "a"})
	if err := l.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a hook that will never run was accepted")
		}
	}()
	l.Append(lifecycle.Hook{Name: "late"})
}
