package generator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
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
)

// goldenQueries is a file that the tests of a module write, in its folder testdata.
const goldenQueries = "queries.golden"

// UnknownError means that nothing of this name was generated.
type UnknownError struct {
	Kind, Name string
	Known      []string
}

func (e *UnknownError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("there is no %s %s that was generated, nor any other", e.Kind, e.Name)
	}
	return fmt.Sprintf("there is no %s %s that was generated; there are %s", e.Kind, e.Name, strings.Join(e.Known, ", "))
}

// InUseError means that something else has to go first.
type InUseError struct{ Name, By string }

func (e *InUseError) Error() string { return e.Name + " cannot go: " + e.By }

// Destroyed is the plan to take a resource or a module back.
type Destroyed struct {
	*apply.Plan
	// Applied is the version of the migration that goes because git does not have it, 0 for none. A database that has run it keeps its table
	// unless it is migrated down before.
	Applied int64
	// Down is the version of the migration that was added to undo one that git has, 0 for none.
	Down int64
}

// DestroyResource plans to remove what was generated for a resource, when no hand has changed it.
func DestroyResource(ctx context.Context, p *project.Project, moduleName, resourceName string, now time.Time, progress func(string)) (*Destroyed, error) {
	r, ok, err := record.Find(p, moduleName, resourceName)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, unknownResource(p, moduleName+"/"+resourceName)
	}
	if err := unreferred(p, moduleName, resourceName); err != nil {
		return nil, err
	}
	files := r.Files
	if len(files) == 0 {
		return nil, &InUseError{moduleName + "/" + resourceName, "it was generated before texts were kept, so what is yours cannot be told; remove its files by hand, then banyan sync"}
	}
	d := &Destroyed{}
	edit := apply.Edit{Remove: []string{".banyan/resources/" + moduleName + "/" + resourceName + ".json"}}
	var committed []string
	for _, file := range files {
		edit.Remove = append(edit.Remove, record.BasePath(file))
		switch {
		case !strings.HasPrefix(file, "modules/"+moduleName+"/migrations/"):
		case inGit(ctx, p, file):
			committed = append(committed, file)
			continue
		default:
			d.Applied = r.Migration
		}
		edit.Remove = append(edit.Remove, file)
	}
	if err := unedited(p, slices.DeleteFunc(slices.Clone(files), func(f string) bool { return slices.Contains(committed, f) || gone(p, f) })); err != nil {
		return nil, err
	}
	if edit.Add, err = reversed(p, committed, moduleName, name.Plural(resourceName), now); err != nil {
		return nil, err
	}
	if len(committed) > 0 {
		version, _, _ := strings.Cut(path.Base(edit.Add[0].Path), "_")
		d.Down, _ = strconv.ParseInt(version, 10, 64) // it was made of a number
	}
	keep, err := keepers(p, edit, moduleName)
	if err != nil {
		return nil, err
	}
	edit.Add = append(edit.Add, keep...)
	plan, err := apply.Make(ctx, p, edit, progress)
	d.Plan, err = planned(ctx, p, plan, err)
	return d, err
}

// DestroyModule plans to remove a generated module that has no resources any more.
func DestroyModule(ctx context.Context, p *project.Project, moduleName string, progress func(string)) (*Destroyed, error) {
	m, ok, err := record.FindModule(p, moduleName)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, unknownModule(p, moduleName)
	}
	all, err := record.All(p)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if r.Module == moduleName {
			return nil, &InUseError{moduleName, fmt.Sprintf("it has the resource %s; banyan destroy resource %s/%s", r.Name, r.Module, r.Name)}
		}
	}
	if err := unedited(p, slices.DeleteFunc(slices.Clone(m.Files), func(f string) bool { return gone(p, f) })); err != nil {
		return nil, err
	}
	edit := apply.Edit{Remove: []string{".banyan/modules/" + moduleName + ".json"}}
	for _, file := range m.Files {
		edit.Remove = append(edit.Remove, file, record.BasePath(file))
	}
	var others []string
	err = filepath.WalkDir(p.Path("modules", moduleName), func(file string, e fs.DirEntry, err error) error {
		rel := p.Relative(file)
		switch {
		case err != nil || e.IsDir() || slices.Contains(m.Files, rel):
		case path.Base(rel) == ".keep" || derive.Derived(rel) || path.Base(rel) == goldenQueries:
			edit.Remove = append(edit.Remove, rel)
		default:
			others = append(others, rel)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(others) > 0 {
		return nil, &InUseError{moduleName, "it holds files that were not generated: " + strings.Join(others, ", ")}
	}
	plan, err := apply.Make(ctx, p, edit, progress)
	plan, err = planned(ctx, p, plan, err)
	return &Destroyed{Plan: plan}, err
}

func unknownResource(p *project.Project, name string) error {
	all, err := record.All(p)
	if err != nil {
		return err
	}
	e := &UnknownError{Kind: "resource", Name: name}
	for _, r := range all {
		e.Known = append(e.Known, r.Module+"/"+r.Name)
	}
	return e
}

func unknownModule(p *project.Project, name string) error {
	modules, err := record.Modules(p)
	return errors.Join(err, &UnknownError{Kind: "module", Name: name, Known: modules})
}

// gone reports whether somebody has removed a file already.
func gone(p *project.Project, file string) bool {
	_, err := os.Lstat(p.Path(filepath.FromSlash(file)))
	return errors.Is(err, fs.ErrNotExist)
}

// reversed returns migrations that undo these, which stay: with their ways up and down exchanged.
func reversed(p *project.Project, migrations []string, moduleName, table string, now time.Time) ([]render.File, error) {
	if len(migrations) == 0 {
		return nil, nil
	}
	version, err := freeVersion(p, moduleName, now)
	if err != nil {
		return nil, err
	}
	var files []render.File
	for _, m := range migrations {
		text, err := os.ReadFile(p.Path(filepath.FromSlash(m)))
		if err != nil {
			return nil, err
		}
		head, up, down, ok := sections(text)
		if !ok {
			return nil, &InUseError{m, "it has not the lines -- +goose Up and -- +goose Down, in this order, so it cannot be turned round"}
		}
		data := slices.Concat(head, upLine, down, []byte("\n"), downLine, bytes.TrimRight(up, "\n"), []byte("\n"))
		files = append(files, render.File{Path: path.Join(path.Dir(m), fmt.Sprintf("%d_drop_%s.sql", version, table)), Data: data, Mode: 0o644})
	}
	return files, nil
}

var upLine, downLine = []byte("-- +goose Up\n"), []byte("-- +goose Down\n") //nolint:gochecknoglobals // Go has no constant slices

// sections takes a migration apart.
func sections(text []byte) (head, up, down []byte, ok bool) {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	head, rest, hasUp := bytes.Cut(text, upLine)
	up, down, hasDown := bytes.Cut(rest, downLine)
	return head, up, bytes.TrimRight(down, "\n"), hasUp && hasDown
}

// keepers returns the files that keep the folders of the migrations where nothing else is left in them: they are embedded.
func keepers(p *project.Project, edit apply.Edit, moduleName string) ([]render.File, error) {
	var files []render.File
	for _, dialect := range []string{"sqlite", "postgres"} {
		dir := path.Join("modules", moduleName, "migrations", dialect)
		entries, err := os.ReadDir(p.Path(filepath.FromSlash(dir)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		left := slices.ContainsFunc(entries, func(e os.DirEntry) bool { return !slices.Contains(edit.Remove, path.Join(dir, e.Name())) })
		added := slices.ContainsFunc(edit.Add, func(f render.File) bool { return path.Dir(f.Path) == dir })
		if !left && !added {
			files = append(files, render.File{Path: dir + "/.keep", Mode: 0o644})
		}
	}
	return files, nil
}
