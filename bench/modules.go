package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The sizes that are compared.
const (
	fewModules  = 5
	manyModules = 50
)

// grown is an application with a number of modules, each with the resource of the tutorial.
type grown struct {
	name    string
	dir     string
	modules int
	env     []string // of its binary
	wall    map[string][]float64
	cpu     map[string][]float64
}

// step is something that people wait for, and that must not take longer because there are more modules.
type step struct {
	name string
	do   func(ctx context.Context, g *grown, i int) (cost, error)
}

// cost is what something took: CPU is the user and the system time of all its processes.
type cost struct{ wall, cpu time.Duration }

// modules compares an application of many modules with one of few.
func (b *bench) modules(ctx context.Context) ([]figure, error) {
	f := figure{Name: "modules", Title: fmt.Sprintf("An application of %d modules against one of %d", manyModules, fewModules)}
	c, ok, err := b.cli(ctx)
	if err != nil {
		return nil, err
	}
	if !ok || !c.has(ctx, "generate", "resource") || !c.has(ctx, "check") {
		f.Skipped = "there is no banyan that generates resources and checks"
		return []figure{f}, nil
	}
	apps, err := b.grow(ctx, c)
	if err != nil {
		return nil, err
	}
	addr, err := freeAddrs(2)
	if err != nil {
		return nil, err
	}
	steps := []step{
		{"g resource", func(ctx context.Context, g *grown, i int) (cost, error) {
			return c.cost(ctx, g.dir, "generate", "resource", "m01/thing", "name:string:required,search", "--dry-run")
		}},
		{"build", func(ctx context.Context, g *grown, i int) (cost, error) { return b.rebuild(ctx, g, i) }},
		{"start", func(ctx context.Context, g *grown, _ int) (cost, error) { return b.startup(ctx, g, addr) }},
		{"check", func(ctx context.Context, g *grown, _ int) (cost, error) { return c.cost(ctx, g.dir, "check") }},
	}
	b.say("measuring an application of %d modules against one of %d", manyModules, fewModules)
	for i := range b.opts.rounds + 1 {
		for _, s := range steps {
			for _, g := range apps {
				took, err := s.do(ctx, g, i)
				if err != nil {
					return nil, fmt.Errorf("%s with %d modules: %w", s.name, g.modules, err)
				}
				if i > 0 { // the first fills the caches
					g.wall[s.name] = append(g.wall[s.name], took.wall.Seconds())
					g.cpu[s.name] = append(g.cpu[s.name], took.cpu.Seconds())
				}
			}
		}
	}
	for _, g := range apps {
		r := row{Name: fmt.Sprintf("%d modules", g.modules)}
		for _, s := range steps {
			r.Values = append(r.Values, sampled(s.name, "s", g.wall[s.name]), sampled(s.name+" CPU", "s", g.cpu[s.name]))
		}
		f.Rows = append(f.Rows, r)
	}
	few, many := apps[0], apps[1]
	for _, s := range steps {
		f.Verdicts = append(f.Verdicts, atMost(s.name+", CPU of the few modules'", median(many.cpu[s.name])/median(few.cpu[s.name]), "", 1.5))
	}
	f.Notes = []string{"CPU is that of every process, so others on the machine do not count; g resource writes nothing (--dry-run); build is go build after a change of one file of one module; " +
		"start is from exec to the first 200 of /readyz in mode prod, on a migrated database."}
	return []figure{f}, nil
}

// grow makes the two applications. One module is generated; the others are the same under another name, and banyan sync puts them together.
func (b *bench) grow(ctx context.Context, c cli) ([]*grown, error) {
	var apps []*grown
	for _, n := range []int{fewModules, manyModules} {
		g := &grown{name: fmt.Sprintf("shop%d", n), modules: n, wall: map[string][]float64{}, cpu: map[string][]float64{}}
		g.dir = b.path(filepath.Join("modules", g.name))
		if err := os.MkdirAll(filepath.Dir(g.dir), 0o750); err != nil {
			return nil, fmt.Errorf("make a folder for applications: %w", err)
		}
		b.say("making an application of %d modules", n)
		if _, err := c.run(ctx, filepath.Dir(g.dir), "new", g.name); err != nil {
			return nil, err
		}
		if _, err := c.run(ctx, g.dir, append([]string{"generate", "resource", "m01/product"}, resource()[1:]...)...); err != nil {
			return nil, err
		}
		for i := 2; i <= n; i++ {
			if err := copyModule(g.dir, "m01", fmt.Sprintf("m%02d", i)); err != nil {
				return nil, err
			}
		}
		if _, err := c.run(ctx, g.dir, "sync"); err != nil {
			return nil, err
		}
		if _, err := b.rebuild(ctx, g, 0); err != nil {
			return nil, err
		}
		key, err := b.keys(ctx, g.name)
		if err != nil {
			return nil, err
		}
		g.env = settings(key, "APP_DB__DSN=file:"+b.path(g.name+".db"))
		if _, err := b.output(ctx, b.dir, g.env, b.path(g.name), "migrate", "up"); err != nil {
			return nil, err
		}
		apps = append(apps, g)
	}
	return apps, nil
}

// copyModule copies everything about a module under another name of the same length, the records of the generator too.
func copyModule(dir, from, to string) error {
	rename := strings.NewReplacer(from, to, strings.ToUpper(from), strings.ToUpper(to))
	for _, tree := range []string{"modules", ".banyan"} {
		err := fs.WalkDir(os.DirFS(dir), tree, func(name string, e fs.DirEntry, err error) error {
			renamed := rename.Replace(name)
			if err != nil || e.IsDir() || renamed == name {
				return err
			}
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			target := filepath.Join(dir, renamed)
			if err := os.MkdirAll(filepath.Dir(target), 0o750); err != nil {
				return err
			}
			return os.WriteFile(target, []byte(rename.Replace(string(text))), 0o600)
		})
		if err != nil {
			return fmt.Errorf("copy the module %s: %w", from, err)
		}
	}
	return nil
}

// rebuild changes one file of one module and builds the application, as banyan dev does.
func (b *bench) rebuild(ctx context.Context, g *grown, i int) (cost, error) {
	text := fmt.Sprintf("package product\n\n// Change is what has changed.\nfunc Changed() int { return %d }\n", i)
	if err := os.WriteFile(filepath.Join(g.dir, "modules/m02/internal/product/changed.go"), []byte(text), 0o600); err != nil {
		return cost{}, fmt.Errorf("change a file: %w", err)
	}
	return b.cost(ctx, g.dir, append(settings(), "CGO_ENABLED=0"), "go", "build", "-buildvcs=false", "-o", b.path(g.name), "./cmd/"+g.name)
}

// startup starts the application of g, on the server's core.
func (b *bench) startup(ctx context.Context, g *grown, addr []string) (cost, error) {
	ctx, cancel := context.WithTimeout(ctx, maxStart)
	defer cancel()
	s, err := b.serve(ctx, g.env, g.name, "serve", "--addr", addr[0], "--ops-addr", addr[1])
	if err != nil {
		return cost{}, err
	}
	defer s.stop()
	wall, err := s.ready(ctx, "http://"+addr[0]+"/readyz", time.Millisecond)
	if err != nil {
		return cost{}, err
	}
	cpu, err := s.cpuTime()
	return cost{wall, cpu}, err
}

// cost runs banyan in dir. Warm caches are what is measured, so it says nothing to the go command.
func (c cli) cost(ctx context.Context, dir string, args ...string) (cost, error) {
	return c.bench.cost(ctx, dir, append(settings(), "CGO_ENABLED=0"), c.program, args...)
}

// cost runs a command to its end and returns what it took, with everything that it has started and waited for.
func (b *bench) cost(ctx context.Context, dir string, env []string, name string, args ...string) (cost, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	began := time.Now()
	err := cmd.Run()
	took := cost{wall: time.Since(began)}
	if err != nil {
		return cost{}, errors.Join(fmt.Errorf("%s %s: %w", filepath.Base(name), strings.Join(args, " "), err), errors.New(tail(stderr.String())))
	}
	took.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return took, nil
}
