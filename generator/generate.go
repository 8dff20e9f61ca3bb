// Package generator is what the command banyan does: it makes applications, writes modules and resources into them, and runs them in
// development. The texts that it writes are in templates; nothing here links a driver of the platform.
package generator

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

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

// Module plans an empty module.
func Module(ctx context.Context, p *project.Project, moduleName string, progress func(string)) (*apply.Plan, error) {
	if err := name.CheckModule(moduleName); err != nil {
		return nil, err
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
	return apply.Make(ctx, p, files, progress)
}

// Resource plans a resource, and its module when that is not there. A Migration of 0 in s takes the present time; the version that is used is
// part of what is recorded.
func Resource(ctx context.Context, p *project.Project, s resource.Spec, now time.Time, progress func(string)) (*apply.Plan, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	others, err := record.All(p)
	if err != nil {
		return nil, err
	}
	if record.Exists(p, s) {
		return nil, &apply.ExistsError{Paths: []string{"modules/" + s.Module + "/" + s.Name + ".go"}}
	}
	if err := s.CheckBeside(others); err != nil {
		return nil, err
	}
	modules, err := p.Modules()
	if err != nil {
		return nil, err
	}
	if s.Migration == 0 {
		if s.Migration, err = freeVersion(p, s.Module, now); err != nil {
			return nil, err
		}
	}
	files, err := resourceFiles(p.Module, s, !slices.Contains(modules, s.Module))
	if err != nil {
		return nil, err
	}
	recorded, err := record.File(s)
	if err != nil {
		return nil, err
	}
	return apply.Make(ctx, p, append(files, recorded), progress)
}

// Sync plans the derived files alone.
func Sync(ctx context.Context, p *project.Project, progress func(string)) (*apply.Plan, error) {
	return apply.Make(ctx, p, nil, progress)
}

func moduleFiles(root, moduleName string) ([]render.File, error) {
	names := strings.NewReplacer("MODULE", moduleName)
	return render.Tree(templates.Files, "module", names, moduleView{root, derive.Platform, moduleName})
}

func resourceFiles(root string, s resource.Spec, withModule bool) ([]render.File, error) {
	view, err := s.View(root, derive.Platform)
	if err != nil {
		return nil, err
	}
	names := strings.NewReplacer("MODULE", s.Module, "internal/RESOURCE", "internal/"+view.Package, "RESOURCE", s.Name,
		"TABLE", name.Plural(s.Name), "VERSION", strconv.FormatInt(s.Migration, 10))
	files, err := render.Tree(templates.Files, "resource", names, view)
	if err != nil || !withModule {
		return files, err
	}
	module, err := moduleFiles(root, s.Module)
	module = slices.DeleteFunc(module, func(f render.File) bool { return path.Base(f.Path) == ".keep" }) // the migrations keep their folders
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
