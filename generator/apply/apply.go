// Package apply brings planned files into a project: it derives what follows from them, lets Wire write the injectors, checks that
// everything type-checks, and only then writes, all or nothing.
package apply

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/gotool"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/render"
)

// Change is a file that a plan writes.
type Change struct {
	render.File
	Old []byte // nil when the file is new
}

// New reports whether the file was not there.
func (c Change) New() bool { return c.Old == nil }

// Plan is what is going to be written. It has been checked.
type Plan struct {
	project *project.Project
	Changes []Change
}

// ErrExists means that a file that would be generated is there already.
type ErrExists struct{ Paths []string }

func (e *ErrExists) Error() string {
	if len(e.Paths) == 1 {
		return e.Paths[0] + " exists; nothing was written"
	}
	return fmt.Sprintf("%s and %d more files exist; nothing was written", e.Paths[0], len(e.Paths)-1)
}

// CheckError means that the planned files do not type-check, alone or together with what is there.
type CheckError struct{ Output string }

func (e *CheckError) Error() string {
	return "the result does not type-check; nothing was written:\n" + e.Output
}

// Make plans to write these files, which must not exist, and the derived ones. Progress is told what takes long.
func Make(ctx context.Context, p *project.Project, files []render.File, progress func(string)) (*Plan, error) {
	var exist []string
	for _, f := range files {
		if _, err := os.Lstat(p.Path(filepath.FromSlash(f.Path))); err == nil {
			exist = append(exist, f.Path)
		}
	}
	if len(exist) > 0 {
		return nil, &ErrExists{exist}
	}
	planned := map[string][]byte{}
	for _, f := range files {
		planned[f.Path] = f.Data
	}
	disk := &derive.Disk{Project: p, Planned: planned}
	derived, err := derive.Files(disk, p.Module)
	if err != nil {
		return nil, err
	}
	modules, err := disk.Modules()
	if err != nil {
		return nil, err
	}
	st, err := newStage(p)
	if err != nil {
		return nil, err
	}
	defer st.remove()
	all := slices.Concat(files, derived)
	if err := st.write(all); err != nil {
		return nil, err
	}
	injectors, err := st.wire(ctx, modules, progress)
	if err != nil {
		return nil, err
	}
	all = append(all, injectors...)
	if err := st.check(ctx, all, modules, progress); err != nil {
		return nil, err
	}
	return changes(p, all)
}

// changes leaves out what is there already.
func changes(p *project.Project, files []render.File) (*Plan, error) {
	plan := &Plan{project: p}
	for _, f := range files {
		old, err := os.ReadFile(p.Path(filepath.FromSlash(f.Path)))
		switch {
		case errors.Is(err, os.ErrNotExist):
			old = nil
		case err != nil:
			return nil, err
		case bytes.Equal(old, f.Data):
			continue
		case old == nil:
			old = []byte{}
		}
		plan.Changes = append(plan.Changes, Change{File: f, Old: old})
	}
	return plan, nil
}

// Write writes the plan. After an error the tree is as it was.
func (p *Plan) Write() (err error) {
	var made []string // folders
	var done []Change
	defer func() {
		if err == nil {
			return
		}
		for _, c := range slices.Backward(done) {
			err = errors.Join(err, p.undo(c))
		}
		for _, dir := range slices.Backward(made) {
			_ = os.Remove(dir) // it is empty, or somebody else has put something into it
		}
	}()
	for _, c := range p.Changes {
		target := p.project.Path(filepath.FromSlash(c.Path))
		folders, err := mkdirAll(filepath.Dir(target))
		made = append(made, folders...)
		if err != nil {
			return err
		}
		done = append(done, c)
		if err := replace(target, c.Data, c.Mode); err != nil {
			return fmt.Errorf("write %s: %w", c.Path, err)
		}
	}
	return nil
}

func (p *Plan) undo(c Change) error {
	target := p.project.Path(filepath.FromSlash(c.Path))
	if !c.New() {
		return replace(target, c.Old, c.Mode)
	}
	if err := os.Remove(target); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// mkdirAll makes a folder and returns those that were not there.
func mkdirAll(dir string) (made []string, err error) {
	var missing []string
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); err == nil {
			break
		}
		missing = append(missing, d)
	}
	for _, d := range slices.Backward(missing) {
		if err := os.Mkdir(d, 0o755); err != nil {
			return made, err
		}
		made = append(made, d)
	}
	return made, nil
}

// replace writes a file so that nobody ever sees a part of it.
func replace(target string, data []byte, mode os.FileMode) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(target), ".banyan-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name()) // the write has failed already
		}
	}()
	if _, err := tmp.Write(data); err != nil {
		return errors.Join(err, tmp.Close())
	}
	if err := errors.Join(tmp.Chmod(mode), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), target)
}

// check type-checks the planned files in their places, tests included.
func (st *stage) check(ctx context.Context, files []render.File, modules []string, progress func(string)) error {
	overlay := map[string]map[string]string{"Replace": {}}
	for _, f := range files {
		overlay["Replace"][st.project.Path(filepath.FromSlash(f.Path))] = st.path(f.Path)
	}
	data, err := json.Marshal(overlay)
	if err != nil {
		return err
	}
	file := filepath.Join(st.dir, "overlay.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return err
	}
	args := []string{"list", "-test", "-export", "-overlay", file, "-f", ""}
	args = append(args, "./modules", st.project.Main())
	for _, m := range modules {
		if slices.ContainsFunc(files, func(f render.File) bool { return strings.HasPrefix(f.Path, "modules/"+m+"/") }) {
			args = append(args, "./modules/"+m+"/...")
		}
	}
	if progress != nil {
		progress("check     types; the first time compiles everything, a minute or two")
	}
	_, err = gotool.Go{Dir: st.project.Root, Progress: progress}.Run(ctx, args...)
	var failed *gotool.Error
	if errors.As(err, &failed) && ctx.Err() == nil {
		return &CheckError{strings.ReplaceAll(strings.TrimSpace(failed.Output), st.dir+string(filepath.Separator), "")}
	}
	return err
}
