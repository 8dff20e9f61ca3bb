// Package rig runs what tests have of servers in a program that measures.
package rig

import (
	"context"
	"fmt"
	"slices"

	"github.com/banyan-go/banyan/platform/servertest"
)

// Run calls do, which ends servers, proxies and whatever else belongs to t with its own end. What fails t is the error.
func Run(ctx context.Context, name string, do func(t servertest.Test) error) (err error) {
	r := &rig{ctx: ctx, name: name}
	defer func() {
		for _, f := range slices.Backward(r.cleanups) {
			f()
		}
		if r.failed != nil {
			err = r.failed
		}
	}()
	defer func() {
		if got := recover(); got != nil && got != any(r) {
			panic(got)
		}
	}()
	return do(r)
}

// rig is a test that is none.
type rig struct {
	ctx      context.Context //nolint:containedctx // it is that of a test
	name     string
	cleanups []func()
	failed   error
}

func (*rig) Helper() {}

func (r *rig) Name() string             { return r.name }
func (r *rig) Context() context.Context { return r.ctx }
func (r *rig) Cleanup(f func())         { r.cleanups = append(r.cleanups, f) }

func (r *rig) Errorf(format string, args ...any) { r.failed = fmt.Errorf(format, args...) }

func (r *rig) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(r) // Run takes it
}

func (r *rig) Skipf(format string, args ...any) { r.Fatalf(format, args...) }
