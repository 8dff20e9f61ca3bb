// Package scaffold writes new applications: a small repository that imports the platform as a library, offline, in one step.
package scaffold

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/gotool"
	"github.com/banyan-go/banyan/generator/name"
	"github.com/banyan-go/banyan/generator/record"
	"github.com/banyan-go/banyan/generator/render"
	"github.com/banyan-go/banyan/templates"
)

// Framework is the module path of Banyan.
const Framework = "github.com/banyan-go/banyan"

// Options say what a new application is like.
type Options struct {
	// Dir is the folder to make; its last element is the application's name.
	Dir string
	// Module is the Go module's path; empty means the name.
	Module string
	// License is MIT, Apache-2.0 or Proprietary; empty means MIT.
	License string
	// Holder has the rights; empty means "the authors of <name>".
	Holder string
	// Replace is the checkout of Banyan that go.mod refers to; empty requires Version instead.
	Replace string
	// Version is the released version of Banyan, where there is no checkout.
	Version string
	// With names the modules that it begins with, see Modules.
	With []string
	// Add puts their files, and what the generator keeps of them, into the application in the folder dir, as generate does: wired and type-checked. Without
	// modules it is not asked.
	Add func(ctx context.Context, dir string, add, keep []render.File, progress func(string)) error
	// Vendor copies the dependencies into the tree.
	Vendor bool
	// NoGit leaves out that the folder becomes a git repository.
	NoGit bool
	// DryRun writes nothing: Made then says what would be there.
	DryRun bool
	// Now gives the year of the licence.
	Now time.Time
}

// Licenses are the choices of Options.License, as SPDX has them where it does.
func Licenses() []string { return []string{"MIT", "Apache-2.0", "Proprietary"} }

// view is what the templates know.
type view struct {
	App, Root, Platform string
	SPDX                string
	Year                int
	Holder              string
	Keep                []string
	Accounts            bool // it begins with that module
}

// keep is every package of the platform that generated code may import.
func keep() []string {
	var paths []string
	for _, p := range []string{
		"api", "app", "apptest", "archtest", "blob", "cache", "cache/redisstore", "clock", "config", "db", "db/platform", "db/postgres", "db/sqlite", "decimal", "fault", "files", "files/disk", "id", "images", "images/webp", "keyring", "lifecycle", "mail", "mail/smtp",
		"module", "money", "page", "password", "patch", "ratelimit", "servertest", "session", "session/driver", "session/memory", "session/redisstore", "session/sqlstore", "telemetry", "unit",
	} {
		paths = append(paths, derive.Platform+"/"+p)
	}
	return paths
}

// Made is what New has made.
type Made struct {
	App   string   // the application's name
	Files []string // with slashes, relative to the folder; without those of --vendor
	// Repository says that the folder is now a git repository, on branch main and with nothing committed.
	Repository bool
	// Warning says what did not work and is not needed; empty when all is well.
	Warning string
}

// New writes the application. The folder must not exist, or be empty; after an error it is as it was. With Vendor it runs the go command,
// and without NoGit git; git that fails is a warning.
func New(ctx context.Context, o Options, progress func(string)) (m Made, err error) {
	m.App = filepath.Base(o.Dir)
	if err := o.check(m.App); err != nil {
		return Made{}, err
	}
	files, err := o.files(m.App)
	if err != nil {
		return Made{}, err
	}
	m.Files = paths(files)
	modules, err := o.modules()
	if err != nil {
		return Made{}, err
	}
	m.Files = append(m.Files, paths(modules)...)
	slices.Sort(m.Files)
	if o.DryRun {
		return m, free(o.Dir)
	}
	folders, err := claim(o.Dir)
	if err != nil {
		return Made{}, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, empty(o.Dir, folders))
		}
	}()
	if err := write(o.Dir, files); err != nil {
		return Made{}, err
	}
	if len(modules) > 0 {
		if err := o.add(ctx, modules, progress); err != nil {
			return Made{}, err
		}
	}
	if o.Vendor {
		if err := vendor(ctx, o.Dir, progress); err != nil {
			return Made{}, err
		}
	}
	if !o.NoGit {
		var failed error
		if m.Repository, failed = initRepository(ctx, o.Dir); failed != nil {
			m.Warning = failed.Error()
		}
	}
	return m, ctx.Err()
}

func paths(files []render.File) []string {
	var paths []string
	for _, f := range files {
		paths = append(paths, f.Path)
	}
	return paths
}

func write(dir string, files []render.File) error {
	for _, f := range files {
		target := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, f.Data, f.Mode); err != nil {
			return err
		}
	}
	return nil
}

func vendor(ctx context.Context, dir string, progress func(string)) error {
	if progress != nil {
		progress("vendor    the dependencies")
	}
	// A workspace around the folder is none of its business.
	g := gotool.Go{Dir: dir, Env: []string{"GOWORK=off"}, Progress: progress}
	if _, err := g.Run(ctx, "mod", "vendor"); err != nil {
		return fmt.Errorf("copy the dependencies: %w", err)
	}
	return nil
}

// OptionError is an option that was refused.
type OptionError struct {
	Option string // "--license"
	Value  string
	Reason string
}

func (e *OptionError) Error() string { return e.Option + " " + e.Value + ": " + e.Reason }

func (o *Options) check(app string) error {
	if err := name.CheckApp(app); err != nil {
		return err
	}
	if o.Module == "" {
		o.Module = app
	}
	if err := checkModulePath(o.Module); err != nil {
		return err
	}
	if o.License == "" {
		o.License = "MIT"
	}
	i := slices.IndexFunc(Licenses(), func(l string) bool { return strings.EqualFold(l, o.License) })
	if i < 0 {
		return &OptionError{"--license", o.License, "want one of " + strings.Join(Licenses(), ", ")}
	}
	o.License = Licenses()[i]
	for _, m := range o.With {
		if !slices.Contains(Modules(), m) {
			return &OptionError{"--with", name.Quote(m), "want " + strings.Join(Modules(), ", ")}
		}
	}
	slices.Sort(o.With)
	o.With = slices.Compact(o.With)
	if o.Holder == "" {
		o.Holder = "the authors of " + app
	}
	if strings.ContainsAny(o.Holder, "\r\n\x00") {
		return &OptionError{"--holder", strconv.Quote(o.Holder), "has to be one line"}
	}
	return nil
}

var plainModule = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// checkModulePath refuses what the go command would refuse, and the paths of the standard library and of the framework.
func checkModulePath(path string) error {
	if plainModule.MatchString(path) {
		switch {
		case slices.Contains([]string{"cmd", "example", "go", "internal", "main", "std", "test", "toolchain", "vendor"}, path):
			return &OptionError{"--module", path, "is a name of the go command's own; try example.com/" + path}
		case slices.Contains(standard(), path):
			return &OptionError{"--module", path, "is a package of the standard library; try example.com/" + path}
		}
		return nil
	}
	if err := module.CheckPath(path); err != nil {
		if invalid, ok := errors.AsType[*module.InvalidPathError](err); ok {
			err = invalid.Err
		}
		return &OptionError{"--module", strconv.Quote(path), err.Error()}
	}
	if path == Framework || strings.HasPrefix(path, Framework+"/") {
		return &OptionError{"--module", path, "is the framework's own path"}
	}
	return nil
}

// standard are the packages of the standard library whose paths are one word. A test compares them with those of the Go that runs it.
func standard() []string {
	return []string{
		"bufio", "bytes", "cmp", "context", "crypto", "embed", "encoding", "errors", "expvar", "flag", "fmt", "hash", "html", "image", "io", "iter", "log", "maps",
		"math", "mime", "net", "os", "path", "plugin", "reflect", "regexp", "runtime", "slices", "sort", "strconv", "strings", "structs", "sync", "syscall", "testing",
		"time", "unicode", "unique", "unsafe", "weak",
	}
}

func (o *Options) files(app string) ([]render.File, error) {
	v := view{App: app, Root: o.Module, Platform: derive.Platform, SPDX: spdx(o.License), Year: o.Now.Year(), Holder: o.Holder, Keep: keep(), Accounts: slices.Contains(o.With, "accounts")}
	files, err := render.Tree(templates.Files, "app", strings.NewReplacer("APP", app), v)
	if err != nil {
		return nil, err
	}
	license, err := render.Tree(templates.Files, "license", strings.NewReplacer(), v)
	if err != nil {
		return nil, err
	}
	for _, f := range license {
		if f.Path == o.License {
			f.Path = "LICENSE"
			files = append(files, f)
		}
	}
	derived, err := derive.Files(nothing{}, o.Module)
	if err != nil {
		return nil, err
	}
	records, err := o.records(app, files)
	if err != nil {
		return nil, err
	}
	files = slices.Concat(files, derived, records)
	for i, f := range files {
		if f.Path == "go.mod" {
			if files[i].Data, err = o.require(f.Data); err != nil {
				return nil, err
			}
		}
	}
	return files, nil
}

// records returns what is kept of a new application: what was asked for, and the texts of the files that are not written again by tools.
func (o *Options) records(app string, files []render.File) ([]render.File, error) {
	files = slices.DeleteFunc(slices.Clone(files), func(f render.File) bool {
		return f.Path == "go.mod" || f.Path == "go.sum" || derive.Derived(f.Path)
	})
	r, err := record.App{Name: app, Module: o.Module, License: o.License, With: o.With, Written: record.NewWritten(templates.AppVersion(), files)}.File()
	return append(record.Bases(files), r), err
}

// spdx is the identifier that an API document shows.
func spdx(license string) string {
	if license == "Proprietary" {
		return "LicenseRef-Proprietary"
	}
	return license
}

// require makes go.mod refer to the framework: to the checkout, by a relative path where there is one, or to the released version.
func (o *Options) require(gomod []byte) ([]byte, error) {
	f, err := modfile.Parse("go.mod", gomod, nil)
	if err != nil {
		return nil, err
	}
	if o.Replace == "" {
		if err := f.AddRequire(Framework, o.Version); err != nil {
			return nil, err
		}
		return f.Format()
	}
	path, err := relative(o.Dir, o.Replace)
	if err != nil {
		return nil, err
	}
	if err := f.AddReplace(Framework, "", path, ""); err != nil {
		return nil, err
	}
	return f.Format()
}

// relative writes the way from a new application to a checkout as go.mod wants it.
func relative(from, to string) (string, error) {
	from, err := filepath.Abs(from)
	if err != nil {
		return "", err
	}
	if to, err = filepath.Abs(to); err != nil {
		return "", err
	}
	from, to = resolve(from), resolve(to)
	rel, err := filepath.Rel(from, to)
	if err != nil {
		return filepath.ToSlash(to), nil
	}
	rel = filepath.ToSlash(rel)
	if !strings.HasPrefix(rel, "../") && rel != ".." {
		rel = "./" + rel
	}
	return rel, nil
}

// resolve follows the symbolic links of a path as far as it exists: a .. behind a link leads elsewhere.
func resolve(path string) string {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		return target
	}
	parent := filepath.Dir(path)
	if parent == path {
		return path
	}
	return filepath.Join(resolve(parent), filepath.Base(path))
}

// ErrTaken means that something stands where the application is to be.
var ErrTaken = errors.New("is there already; nothing was written")

// free returns ErrTaken unless the folder is empty or not there.
func free(dir string) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) == 0 {
		return nil
	}
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("%s %w", dir, ErrTaken)
	}
	return nil
}

// claim makes the folder, unless it is there and empty, and returns the folders that were not there, the outermost first.
func claim(dir string) (made []string, err error) {
	if err := free(dir); err != nil {
		return nil, err
	}
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); err == nil {
			break
		}
		made = slices.Insert(made, 0, d)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		_ = os.RemoveAll(made[0]) // the error before counts
		return nil, err
	}
	return made, nil
}

// empty takes back what was written, and the folders that were made for it.
func empty(dir string, made []string) error {
	if len(made) > 0 {
		return os.RemoveAll(made[0])
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		errs = append(errs, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return errors.Join(errs...)
}

// nothing is a project without modules.
type nothing struct{}

func (nothing) Modules() ([]string, error)     { return nil, nil }
func (nothing) Files(string) ([]string, error) { return nil, nil }
func (nothing) Read(string) ([]byte, error)    { return nil, os.ErrNotExist }
