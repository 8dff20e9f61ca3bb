package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// resource is the one of the tutorial.
func resource() []string {
	return []string{"catalog/product", "sku:string:required,unique,max=64", "name:string:required,search", "price:money",
		"active:bool:default=true,filter", "released:date:null"}
}

// cli is the command banyan. Which commands it has is asked, so that nothing is measured before it can do it.
type cli struct {
	bench   *bench
	program string
}

// cli returns the command, ok false when there is none.
func (b *bench) cli(ctx context.Context) (c cli, ok bool, err error) {
	c = cli{bench: b, program: b.opts.banyan}
	if c.program != "" {
		c.program, err = filepath.Abs(c.program)
		return c, true, err
	}
	if _, err := os.Stat(filepath.Join(b.root, "cmd/banyan/main.go")); err != nil {
		return c, false, nil
	}
	c.program = b.path("banyan")
	return c, true, b.build(ctx, "banyan")
}

// has reports whether the command is there, by what it offers a shell for completion.
func (c cli) has(ctx context.Context, words ...string) bool {
	last := len(words) - 1
	args := append(append([]string{"__complete"}, words[:last]...), "")
	out, err := c.bench.output(ctx, c.bench.dir, settings(), c.program, args...)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(out)) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), "\t"); name == words[last] {
			return true
		}
	}
	return false
}

// run runs the command in dir and returns how long it took. No result of an earlier test counts.
func (c cli) run(ctx context.Context, dir string, args ...string) (time.Duration, error) {
	env := append(settings(), "CGO_ENABLED=0", "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -count=1"))
	began := time.Now()
	_, err := c.bench.output(ctx, dir, env, c.program, args...)
	return time.Since(began), err
}

// project measures what a team that begins has to wait for.
func (b *bench) project(ctx context.Context) ([]figure, error) {
	f := figure{Name: "project", Title: "A new application: go.sum, and warm times of banyan g resource and banyan test"}
	values, notes, err := b.newApplication(ctx)
	if err != nil {
		return nil, err
	}
	if b.opts.app != "" {
		lines, err := countLines(filepath.Join(b.opts.app, "go.sum"))
		if err != nil {
			return nil, err
		}
		values = append(slices.DeleteFunc(values, func(v value) bool { return v.Name == goSum }), single(goSum, "lines", lines))
	}
	if len(values) == 0 {
		f.Skipped = strings.Join(notes, "; ")
		return []figure{f}, nil
	}
	f.Rows, f.Notes = []row{{Name: "shop", Values: values}}, notes
	for _, v := range values {
		switch v.Name {
		case generateTime:
			f.Verdicts = append(f.Verdicts, atMost(v.Name, v.Median, v.Unit, 10))
		case testTime:
			f.Verdicts = append(f.Verdicts, atMost(v.Name, v.Median, v.Unit, 60))
		}
	}
	return []figure{f}, nil
}

const (
	goSum        = "go.sum"
	generateTime = "banyan g resource"
	testTime     = "banyan test"
)

// newApplication makes applications and measures in them what this banyan can do. The notes say what it cannot.
func (b *bench) newApplication(ctx context.Context) (values []value, notes []string, err error) {
	c, ok, err := b.cli(ctx)
	switch {
	case err != nil:
		return nil, nil, err
	case !ok:
		return nil, []string{"there is no cmd/banyan/main.go, and no --banyan"}, nil
	case !c.has(ctx, "new"):
		return nil, []string{"this banyan has no command new"}, nil
	}
	shops := b.path("shops")
	if err := os.Mkdir(shops, 0o750); err != nil {
		return nil, nil, fmt.Errorf("make a folder for applications: %w", err)
	}
	var shop string
	create := func(i int) error {
		name := fmt.Sprintf("shop%d", i)
		shop = filepath.Join(shops, name)
		_, err := c.run(ctx, shops, "new", name)
		return err
	}
	if err := create(0); err != nil {
		return nil, nil, err
	}
	lines, err := countLines(filepath.Join(shop, "go.sum"))
	if err != nil {
		return nil, nil, err
	}
	values = append(values, single(goSum, "lines", lines))
	if c.has(ctx, "generate", "resource") {
		b.say("measuring banyan g resource")
		times, err := warm(b.opts.rounds, func(i int) (time.Duration, error) {
			if i > 0 { // each into an application of its own
				if err := create(i); err != nil {
					return 0, err
				}
			}
			return c.run(ctx, shop, append([]string{"generate", "resource"}, resource()...)...)
		})
		if err != nil {
			return nil, nil, err
		}
		values = append(values, sampled(generateTime, "s", times))
	} else {
		notes = append(notes, "this banyan has no command generate resource")
	}
	if !c.has(ctx, "test") {
		return values, append(notes, "this banyan has no command test"), nil
	}
	b.say("measuring banyan test")
	times, err := warm(b.opts.rounds, func(int) (time.Duration, error) { return c.run(ctx, shop, "test") })
	if err != nil {
		return nil, nil, err
	}
	return append(values, sampled(testTime, "s", times)), notes, nil
}

// warm calls do once to fill the caches and then n times, and returns the seconds of those.
func warm(n int, do func(i int) (time.Duration, error)) ([]float64, error) {
	var seconds []float64
	for i := range n + 1 {
		took, err := do(i)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			seconds = append(seconds, took.Seconds())
		}
	}
	return seconds, nil
}

func countLines(file string) (float64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("count lines: %w", err)
	}
	return float64(strings.Count(string(text), "\n")), nil
}
