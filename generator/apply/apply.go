// Package apply brings planned files into a project: it derives what follows from them, lets Wire write the injectors, checks that
// everything type-checks, and only then writes, all or nothing.
package apply

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/render"
)

// Change is a file that a plan writes or removes.
type Change struct {
	Path string // relative to the project, with slashes
	Old  []byte // nil when the file is not there
	New  []byte // nil when the file goes
	Mode fs.FileMode
}

// Edit is what a command does to a project, beside what is derived from it.
type Edit struct {
	Add    []render.File // files that must not be there
	Change []render.File // files that are there, with what is to be in them
	Keep   []render.File // what the generator keeps for itself in .banyan: written whatever is there
	Remove []string      // files that go
}

// Plan is what is going to be written. It has been checked.
type Plan struct {
	root    string
	step    func() // see journal
	Changes []Change
	// Warnings are what somebody should know before it is written, a line each.
	Warnings []string
	Took     Took
}

// Took says how long the go command was at work while a plan was made. What else it takes to plan and write is the generator's own.
type Took struct{ Wire, Check time.Duration }

// ExistsError means that files which would be generated are there already.
type ExistsError struct{ Paths []string }

func (e *ExistsError) Error() string {
	if len(e.Paths) == 1 {
		return e.Paths[0] + " exists; nothing was written"
	}
	return fmt.Sprintf("%s and %d more files exist; nothing was written", e.Paths[0], len(e.Paths)-1)
}

// ChangedError means that somebody has changed a file since the plan was made, another run of the generator for instance.
type ChangedError struct{ Path string }

func (e *ChangedError) Error() string {
	return e.Path + " has changed in the meantime; nothing was written"
}

// CheckError means that the planned files do not type-check, alone or together with what is there.
type CheckError struct{ Output string }

func (e *CheckError) Error() string {
	return "the result does not type-check; nothing was written:\n" + e.Output
}

// Make plans an edit, together with the derived files. Progress is told what takes long. Nothing in the project is touched.
func Make(ctx context.Context, p *project.Project, edit Edit, progress func(string)) (*Plan, error) {
	root, err := os.OpenRoot(p.Root)
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // it was only read from
	if err := absent(root, edit.Add); err != nil {
		return nil, err
	}
	disk := &derive.Disk{Project: p, Planned: map[string][]byte{}, Removed: edit.Remove}
	for _, f := range edit.Add {
		disk.Planned[f.Path] = f.Data
	}
	derived, err := derive.Files(disk, p.Module)
	if err != nil {
		return nil, err
	}
	modules, err := disk.Modules()
	if err != nil {
		return nil, err
	}
	st, err := newStage(ctx, p)
	if err != nil {
		return nil, err
	}
	defer st.remove()
	all := slices.Concat(edit.Add, edit.Change, derived)
	if err := errors.Join(st.write(all), st.drop(edit.Remove)); err != nil {
		return nil, err
	}
	began := time.Now()
	injectors, err := st.wire(ctx, modules, progress)
	if err != nil {
		return nil, err
	}
	wired := time.Now()
	all = append(all, injectors...)
	plan, err := changes(root, append(all, edit.Keep...), edit.Remove)
	if err != nil {
		return nil, err
	}
	if len(edit.Add) > 0 { // the tests of other modules are what they were; without an edit, after a merge for instance, everything is looked at
		modules = slices.DeleteFunc(modules, func(m string) bool { return !plan.touches(m) })
	}
	if err := st.check(ctx, all, edit.Remove, modules, progress); err != nil {
		return nil, err
	}
	plan.Took = Took{wired.Sub(began), time.Since(wired)}
	return plan, nil
}

// touches reports whether the plan changes a file of the module.
func (p *Plan) touches(module string) bool {
	return slices.ContainsFunc(p.Changes, func(c Change) bool { return strings.HasPrefix(c.Path, "modules/"+module+"/") })
}

// absent refuses files that are there, and paths that lead out of the tree.
func absent(root *os.Root, files []render.File) error {
	var exist []string
	for _, f := range files {
		_, err := root.Lstat(filepath.FromSlash(f.Path))
		switch {
		case err == nil:
			exist = append(exist, f.Path)
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("nothing was written: %w", err)
		}
	}
	if len(exist) > 0 {
		return &ExistsError{exist}
	}
	return nil
}

// changes leaves out what is there already, perhaps with the ends of lines of another checkout, or gone.
func changes(root *os.Root, files []render.File, removed []string) (*Plan, error) {
	plan := &Plan{root: root.Name()}
	for _, f := range files {
		if err := plan.change(root, f.Path, append([]byte{}, f.Data...), f.Mode); err != nil {
			return nil, err
		}
	}
	for _, path := range removed {
		if err := plan.change(root, path, nil, 0); err != nil {
			return nil, err
		}
	}
	return plan, nil
}

func (p *Plan) change(root *os.Root, path string, data []byte, mode fs.FileMode) error {
	old, err := read(root, path)
	if err != nil {
		return fmt.Errorf("nothing was written: %w", err)
	}
	if (old == nil) != (data == nil) || !render.Same(old, data) {
		p.Changes = append(p.Changes, Change{Path: path, Old: old, New: data, Mode: mode})
	}
	return nil
}

// read returns the content of a file, nil when there is none.
func read(root *os.Root, path string) ([]byte, error) {
	data, err := root.ReadFile(filepath.FromSlash(path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if data == nil && err == nil {
		data = []byte{}
	}
	return data, err
}
