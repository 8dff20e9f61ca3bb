// Package generator is what the command banyan does: it makes applications, writes modules and resources into them, and runs them in
// development. The texts that it writes are in templates; nothing here links a driver of the platform.
package generator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/name"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/record"
	"github.com/banyan-go/banyan/generator/render"
	"github.com/banyan-go/banyan/generator/resource"
	"github.com/banyan-go/banyan/templates"
)

// moduleView is what the templates of a module know.
type moduleView struct{ Root, Platform, Module string }

// Module plans an empty module. The plan is empty when the module is there as it would be written.
func Module(ctx context.Context, p *project.Project, moduleName string, progress func(string)) (*apply.Plan, error) {
	if err := name.CheckModule(moduleName); err != nil {
		return nil, err
	}
	if m, ok, err := record.FindModule(p, moduleName); err != nil {
		return nil, err
	} else if ok {
		return there(m.Written), unedited(p, m.Files)
	}
	modules, err := p.Modules()
	if err != nil {
		return nil, err
	}
	if slices.Contains(modules, moduleName) {
		return nil, &apply.ExistsError{Paths: []string{"modules/" + moduleName}}
	}
	files, err := moduleFiles(p.Module, moduleName)
	if err != nil {
		return nil, err
	}
	keep, err := moduleRecord(moduleName, files)
	if err != nil {
		return nil, err
	}
	plan, err := apply.Make(ctx, p, apply.Edit{Add: files, Keep: keep}, progress)
	return planned(ctx, p, plan, err)
}

// OtherError means that a resource is there that was asked for in another way.
type OtherError struct {
	Resource string
	Was      string // the arguments of the command that made it
}

func (e *OtherError) Error() string {
	return e.Resource + " exists, made by: banyan generate resource " + e.Was
}

// Resource plans a resource, and its module when that is not there. A Migration of 0 in s takes the present time; the version that is used is
// part of what is recorded; so is an Auth that s leaves open: Session where users can sign in, and Public elsewhere, where Read has nothing to open. The plan is empty when the resource is there as it would be written.
func Resource(ctx context.Context, p *project.Project, s resource.Spec, now time.Time, progress func(string)) (*apply.Plan, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	s.Cache = s.Cache.Canonical()
	r, ok, err := record.Find(p, s.Module, s.Name)
	if err != nil {
		return nil, err
	}
	if ok {
		return again(p, r, s)
	}
	if s.Auth == "" {
		if s.Auth, err = usualAuth(p); err != nil {
			return nil, err
		}
	}
	all, err := record.All(p)
	if err != nil {
		return nil, err
	}
	var others []resource.Spec
	for _, r := range all {
		others = append(others, r.Spec)
	}
	if err := s.CheckBeside(others); err != nil {
		return nil, err
	}
	if err := checkTargets(p, s, others); err != nil {
		return nil, err
	}
	modules, err := p.Modules()
	if err != nil {
		return nil, err
	}
	if s.Migration == 0 {
		if s.Migration, err = freeVersion(p, s.Module, behind(now, s, others)); err != nil {
			return nil, err
		}
	}
	edit, err := resourceEdit(p, s, !slices.Contains(modules, s.Module), others...)
	if err != nil {
		return nil, err
	}
	var driver string
	if s.Pictures() {
		if edit.Change, driver, err = withImageDriver(p); err != nil {
			return nil, err
		}
	}
	tokens, err := withoutTokens(p, s)
	if err != nil {
		return nil, err
	}
	plan, err := apply.Make(ctx, p, edit, progress)
	if plan, err = planned(ctx, p, plan, err); err != nil {
		return nil, err
	}
	for _, warning := range []string{driver, tokens} {
		if warning != "" {
			plan.Warnings = append(plan.Warnings, warning)
		}
	}
	return plan, nil
}

// again answers for a resource that is there: the same inputs have nothing to do, unless a hand has changed what they gave.
func again(p *project.Project, r record.Resource, s resource.Spec) (*apply.Plan, error) {
	s.Migration, r.Auth = r.Migration, cmp.Or(r.Auth, resource.Public)
	s.Auth, s.Read, s.Cache = cmp.Or(s.Auth, r.Auth), cmp.Or(s.Read, r.Read), cmp.Or(s.Cache, r.Cache)
	if !reflect.DeepEqual(s, r.Spec) {
		return nil, &OtherError{r.Module + "/" + r.Name, r.Command()}
	}
	if len(r.Files) == 0 {
		return nil, &apply.ExistsError{Paths: []string{"modules/" + s.Module + "/" + s.Name + ".go"}}
	}
	return there(r.Written), unedited(p, r.Files)
}

// there is the plan for what has been written already: to change nothing, also where other templates wrote it.
func there(w record.Written) *apply.Plan {
	plan := &apply.Plan{}
	if w.Templates != templates.Version() {
		const form = "it was written by the templates %s, and this banyan has %s, which might write it in another way"
		plan.Warnings = []string{fmt.Sprintf(form, w.Templates, templates.Version())}
	}
	return plan
}

// unedited returns an error that shows what a hand has changed in these files.
func unedited(p *project.Project, files []string) error {
	edits, err := record.Edits(p, files)
	if err != nil || len(edits) == 0 {
		return err
	}
	e := &apply.EditedError{}
	for _, edit := range edits {
		e.Paths = append(e.Paths, edit.Path)
		e.Diff += string(diff.Diff(edit.Path+" as it was written", edit.Was, edit.Path, edit.Is))
	}
	return e
}

// resourceEdit returns what a resource adds: its files, those of its module when that is new, and the records of both.
func resourceEdit(p *project.Project, s resource.Spec, withModule bool, others ...resource.Spec) (apply.Edit, error) {
	files, err := resourceFiles(p.Module, s, false, others...)
	if err != nil {
		return apply.Edit{}, err
	}
	r, err := record.Resource{Spec: s, Written: record.NewWritten(templates.Version(), files)}.File()
	if err != nil {
		return apply.Edit{}, err
	}
	edit := apply.Edit{Add: files, Keep: append(record.Bases(files), r)}
	if !withModule {
		return edit, nil
	}
	module, err := filledModule(p.Module, s.Module)
	if err != nil {
		return apply.Edit{}, err
	}
	keep, err := moduleRecord(s.Module, module)
	edit.Add, edit.Keep = append(module, edit.Add...), append(keep, edit.Keep...)
	return edit, err
}

// moduleRecord returns what is kept of a module.
func moduleRecord(moduleName string, files []render.File) ([]render.File, error) {
	r, err := record.Module{Name: moduleName, Written: record.NewWritten(templates.Version(), files)}.File()
	return append(record.Bases(files), r), err
}

// Sync plans the derived files alone.
func Sync(ctx context.Context, p *project.Project, progress func(string)) (*apply.Plan, error) {
	return apply.Make(ctx, p, apply.Edit{}, progress)
}

func moduleFiles(root, moduleName string) ([]render.File, error) {
	names := strings.NewReplacer("MODULE", moduleName)
	return render.Tree(templates.Files, "module", names, moduleView{root, derive.Platform, moduleName})
}

// filledModule returns the files of a module that has migrations: they keep their folders.
func filledModule(root, moduleName string) ([]render.File, error) {
	files, err := moduleFiles(root, moduleName)
	return slices.DeleteFunc(files, func(f render.File) bool { return path.Base(f.Path) == ".keep" }), err
}

func resourceFiles(root string, s resource.Spec, withModule bool, others ...resource.Spec) ([]render.File, error) {
	view, err := s.View(root, derive.Platform, others...)
	if err != nil {
		return nil, err
	}
	names := strings.NewReplacer("MODULE", s.Module, "internal/RESOURCE", "internal/"+view.Package, "RESOURCE", s.Name,
		"TABLE", name.Plural(s.Name), "VERSION", strconv.FormatInt(s.Migration, 10))
	files, err := render.Tree(templates.Files, "resource", names, view)
	if err != nil || !withModule {
		return files, err
	}
	module, err := filledModule(root, s.Module)
	return append(module, files...), err
}

// versionLayout is how a migration's version spells its time.
const versionLayout = "20060102150405"

// freeVersion returns the version of a new migration: now, or the next second that no migration of the module has.
func freeVersion(p *project.Project, moduleName string, now time.Time) (int64, error) {
	taken := map[string]bool{}
	for _, dialect := range []string{"sqlite", "postgres"} {
		entries, err := os.ReadDir(p.Path("modules", moduleName, "migrations", dialect))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return 0, err
		}
		for _, e := range entries {
			version, _, _ := strings.Cut(e.Name(), "_")
			taken[version] = true
		}
	}
	for t := now.UTC(); ; t = t.Add(time.Second) {
		version := t.Format(versionLayout)
		if taken[version] {
			continue
		}
		v, err := strconv.ParseInt(version, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("version %s: %w", version, err)
		}
		return v, nil
	}
}
