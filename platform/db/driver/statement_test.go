package driver_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/db/driver"
)

func TestStatement(t *testing.T) {
	t.Parallel()
	type key struct{}
	late := errors.New("late")
	caller, end := context.WithTimeout(context.WithValue(t.Context(), key{}, "value"), time.Hour)
	deadline, _ := caller.Deadline()
	soon, past := time.Now().Add(time.Minute), time.Now().Add(-time.Minute)

	s := &driver.Statement{Caller: caller, Until: soon, Late: late}
	if d, ok := s.Deadline(); !ok || d != soon {
		t.Errorf("the deadline is %v, want %v", d, soon)
	}
	if d, ok := (&driver.Statement{Caller: caller, Until: deadline.Add(1)}).Deadline(); !ok || d != deadline {
		t.Errorf("the deadline is %v, want the caller's, %v", d, deadline)
	}
	if d, ok := (&driver.Statement{Caller: caller}).Deadline(); !ok || d != deadline {
		t.Errorf("the deadline is %v without one of its own, want the caller's, %v", d, deadline)
	}
	if driver.Awaited(s) != caller || driver.Awaited(caller) != caller {
		t.Error("what is waited for is not the caller")
	}
	if s.Done() != nil || (&driver.Statement{Caller: caller, Watched: true}).Done() != caller.Done() {
		t.Error("only a statement that is watched has a Done")
	}
	if s.Value(key{}) != "value" {
		t.Error("the values of the caller are lost")
	}
	for _, s := range []*driver.Statement{s, {Caller: caller, Late: late}} {
		if err := s.Err(); err != nil {
			t.Errorf("in time: %v", err)
		}
	}
	if err := (&driver.Statement{Caller: caller, Until: past, Late: late}).Err(); err != late {
		t.Errorf("too late: %v", err)
	}
	end()
	if err := (&driver.Statement{Caller: caller, Until: past, Late: late}).Err(); err != context.Canceled {
		t.Errorf("too late, and the caller has gone: %v, want the caller's error", err)
	}
}
