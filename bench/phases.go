package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/project"
	spec "github.com/banyan-go/banyan/generator/resource"
)

// generated is how long one kind of generation took, by phase.
type generated struct {
	name                     string
	limit                    float64 // seconds
	plan                     func(ctx context.Context, p *project.Project, i int) (*apply.Plan, error)
	total, wire, check, rest []float64
	cpu, own                 []float64 // of all processes in seconds, of this one in ms
}

// cpuSince returns the user and the system time, since then, of this process and of those that it has waited for.
func cpuSince(was [2]time.Duration) (now [2]time.Duration, err error) {
	for i, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			return now, fmt.Errorf("read the CPU time: %w", err)
		}
		now[i] = time.Duration(u.Utime.Nano()+u.Stime.Nano()) - was[i]
	}
	return now, nil
}

// phases measures what of g module and g resource is Wire's pass, what the type check, and what the generator's own: in this process, with all that
// the commands do but reading their arguments.
func (b *bench) phases(ctx context.Context) ([]figure, error) {
	c, ok, err := b.cli(ctx)
	if err != nil {
		return nil, err
	}
	f := figure{Name: "generate", Title: "Phases of banyan g module and banyan g resource, warm build cache"}
	if !ok || !c.has(ctx, "new") {
		f.Skipped = "there is no banyan that makes applications"
		return []figure{f}, nil
	}
	dir := b.path(filepath.Join("phases", "shop"))
	if err := os.MkdirAll(filepath.Dir(dir), 0o750); err != nil {
		return nil, fmt.Errorf("make a folder for an application: %w", err)
	}
	if _, err := c.run(ctx, filepath.Dir(dir), "new", "shop"); err != nil {
		return nil, err
	}
	p, err := project.Find(dir)
	if err != nil {
		return nil, err
	}
	kinds := []*generated{
		{name: "g module", limit: 5, plan: func(ctx context.Context, p *project.Project, i int) (*apply.Plan, error) {
			return generator.Module(ctx, p, fmt.Sprintf("empty%d", i), nil)
		}},
		{name: "g resource", limit: 10, plan: func(ctx context.Context, p *project.Project, i int) (*apply.Plan, error) {
			return generator.Resource(ctx, p, spec.Spec{Module: fmt.Sprintf("full%d", i), Name: "product", Fields: resource()[1:]}, time.Now(), nil)
		}},
	}
	b.say("measuring the phases of banyan g module and banyan g resource")
	for i := range b.opts.rounds + 1 {
		for _, k := range kinds {
			was, err := cpuSince([2]time.Duration{})
			if err != nil {
				return nil, err
			}
			began := time.Now()
			plan, err := k.plan(ctx, p, i)
			if err == nil {
				err = plan.Write()
			}
			total := time.Since(began)
			cpu, cpuErr := cpuSince(was)
			err = errors.Join(err, cpuErr)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", k.name, err)
			}
			if i == 0 { // it fills the build cache
				continue
			}
			k.total, k.wire, k.check = append(k.total, total.Seconds()), append(k.wire, plan.Took.Wire.Seconds()), append(k.check, plan.Took.Check.Seconds())
			k.cpu, k.own = append(k.cpu, (cpu[0]+cpu[1]).Seconds()), append(k.own, float64(cpu[0].Milliseconds()))
			k.rest = append(k.rest, float64((total - plan.Took.Wire - plan.Took.Check).Milliseconds()))
		}
	}
	for _, k := range kinds {
		f.Rows = append(f.Rows, row{Name: k.name, Values: []value{
			sampled("all", "s", k.total), sampled("all CPU", "s", k.cpu), sampled("Wire", "s", k.wire), sampled("type check", "s", k.check), sampled("rest", "ms", k.rest), sampled("CPU of the generator", "ms", k.own),
		}})
		f.Verdicts = append(f.Verdicts, atMost(k.name, median(k.total), "s", k.limit), atMost(k.name+" without Wire and the type check", median(k.rest), "ms", 300))
	}
	f.Notes = []string{fmt.Sprintf("Each %d times, in turns, into one application that grows by it. Wire and the type check use more cores than one, so on a machine that others use look at the CPU.", b.opts.rounds)}
	return []figure{f}, nil
}
