package suite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/generator/project"
)

// UpdateBudget is the value of Options.Budget that takes over what the routes of the modules cost now.
const UpdateBudget = "update"

// updateBudget runs tests that write the golden files of the modules. They only raise what such a file says, so the files are taken away first,
// unless only some tests of a package run. They are put back when the tests fail.
func (o Options) updateBudget(ctx context.Context, p *project.Project, run func() error) error {
	before, err := o.goldenFiles(ctx, p)
	if err != nil {
		return err
	}
	if !o.partly() {
		for file := range before {
			if err := os.Remove(p.Path(file)); err != nil {
				return err
			}
		}
	}
	failed := run()
	after, err := o.goldenFiles(context.WithoutCancel(ctx), p) // what was interrupted is put back as well
	if failed != nil {
		if wrong := putBack(p, before, after); wrong != nil || err != nil {
			return errors.Join(failed, err, wrong)
		}
		fmt.Fprintln(o.Err, "the golden files of queries are as before, because tests fail")
		return failed
	}
	if err != nil {
		return err
	}
	changed := 0
	for _, file := range slices.Sorted(maps.Keys(after)) {
		if old, ok := before[file]; !ok || string(old) != string(after[file]) {
			fmt.Fprintln(o.Err, "  budget   ", file)
			changed++
		}
	}
	for _, file := range slices.Sorted(maps.Keys(before)) {
		if _, ok := after[file]; !ok {
			fmt.Fprintln(o.Err, "  budget   ", file, "is gone: no test sends a request that runs a statement")
			changed++
		}
	}
	if changed == 0 {
		fmt.Fprintln(o.Err, "  budget    nothing has changed")
	}
	return nil
}

// putBack makes the golden files what they were before.
func putBack(p *project.Project, before, after map[string][]byte) (err error) {
	for file, text := range before {
		err = errors.Join(err, os.WriteFile(p.Path(file), text, 0o644))
	}
	for file := range after {
		if _, was := before[file]; !was {
			err = errors.Join(err, os.Remove(p.Path(file)))
			_ = os.Remove(filepath.Dir(p.Path(file))) // a folder that was made for it; one that holds more stays
		}
	}
	return err
}

// noteUnbudgeted runs tests, and lists the modules with routes whose cost no golden file has. While tests fail their cost is not worth keeping.
func (o Options) noteUnbudgeted(p *project.Project, run func(Options) error) error {
	dir, err := os.MkdirTemp("", "banyan-test-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder for temporary files
	o.unbudgeted = filepath.Join(dir, "routes")
	failed := run(o)
	text, err := os.ReadFile(o.unbudgeted)
	if failed != nil || errors.Is(err, fs.ErrNotExist) {
		return failed
	}
	routes := map[string]bool{}
	var modules []string
	for line := range strings.Lines(string(text)) {
		if folder, _, ok := strings.Cut(line, "\t"); ok && !routes[line] {
			routes[line] = true
			modules = append(modules, relative(o.dir(p), folder))
		}
	}
	slices.Sort(modules)
	fmt.Fprintf(o.Err, "\nroutes whose queries no golden file has: %d\nnext:  %s test --budget update %s\n", len(routes), banyan(p), strings.Join(slices.Compact(modules), " "))
	return err
}

// partly reports whether the flags of go test leave tests out.
func (o Options) partly() bool {
	return slices.ContainsFunc(o.Flags, func(flag string) bool {
		name, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimLeft(flag, "-"), "test."), "=")
		return slices.Contains([]string{"run", "skip", "short", "list"}, name)
	})
}

// goldenFiles returns the golden files of queries beside the tests that run, by their paths in the project.
func (o Options) goldenFiles(ctx context.Context, p *project.Project) (map[string][]byte, error) {
	cmd := o.command(ctx, p, "go", append([]string{"list", "-e", "-f", "{{.Dir}}"}, o.packages(p)...)...)
	cmd.Stdout = nil
	dirs, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the packages: %w", err)
	}
	files := map[string][]byte{}
	for dir := range strings.Lines(string(dirs)) {
		file := filepath.Join(strings.TrimSpace(dir), "testdata", "queries.golden")
		text, err := os.ReadFile(file)
		switch {
		case err == nil:
			files[p.Relative(file)] = text
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return files, nil
}
