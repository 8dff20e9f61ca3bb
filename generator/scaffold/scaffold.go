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
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"

	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/gotool"
	"github.com/banyan-go/banyan/generator/name"
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
	// Vendor copies the dependencies into the tree.
	Vendor bool
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
}

// keep is every package of the platform that generated code may import.
func keep() []string {
	var paths []string
	for _, p := range []string{
		"api", "app", "apptest", "archtest", "clock", "config", "db", "db/sqlite", "decimal", "fault", "id", "keyring", "lifecycle", "module", "money",
		"page", "patch", "telemetry", "unit",
	} {
		paths = append(paths, derive.Platform+"/"+p)
	}
	return paths
}

// New writes the application. The folder must not exist, or be empty; after an error it is as it was. With Vendor it runs the go command,
// otherwise nothing.
func New(ctx context.Context, o Options, progress func(string)) (app string, err error) {
	app = filepath.Base(o.Dir)
	if err := o.check(app); err != nil {
		return "", err
	}
	files, err := o.files(app)
	if err != nil {
		return "", err
	}
	made, err := claim(o.Dir)
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, empty(o.Dir, made))
		}
	}()
	for _, f := range files {
		target := filepath.Join(o.Dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(target, f.Data, f.Mode); err != nil {
			return "", err
		}
	}
	if o.Vendor {
		if progress != nil {
			progress("vendor    the dependencies")
		}
		if _, err := (gotool.Go{Dir: o.Dir, Progress: progress}).Run(ctx, "mod", "vendor"); err != nil {
			return "", fmt.Errorf("copy the dependencies: %w", err)
		}
	}
	return app, nil
}

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
		return fmt.Errorf("--license %s: want one of %s", o.License, strings.Join(Licenses(), ", "))
	}
	o.License = Licenses()[i]
	if o.Holder == "" {
		o.Holder = "the authors of " + app
	}
	if strings.ContainsAny(o.Holder, "\r\n\x00") {
		return errors.New("--holder: has to be one line")
	}
	return nil
}

var plainModule = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// checkModulePath refuses what the go command would refuse, and the paths of the standard library and of the framework.
func checkModulePath(path string) error {
	if plainModule.MatchString(path) {
		if slices.Contains([]string{"cmd", "internal", "std", "test", "vendor", "main", "example"}, path) {
			return fmt.Errorf("--module %s: is a name of the go command's own; try example.com/%s", path, path)
		}
		return nil
	}
	if err := module.CheckPath(path); err != nil {
		return fmt.Errorf("--module: %w", err)
	}
	if path == Framework || strings.HasPrefix(path, Framework+"/") {
		return fmt.Errorf("--module %s: is the framework's own path", path)
	}
	return nil
}

func (o *Options) files(app string) ([]render.File, error) {
	v := view{App: app, Root: o.Module, Platform: derive.Platform, SPDX: spdx(o.License), Year: o.Now.Year(), Holder: o.Holder, Keep: keep()}
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
	files = append(files, derived...)
	for i, f := range files {
		if f.Path == "go.mod" {
			if files[i].Data, err = o.require(f.Data); err != nil {
				return nil, err
			}
		}
	}
	return files, nil
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
		if err := errors.Join(f.DropReplace(Framework, ""), f.AddRequire(Framework, o.Version)); err != nil {
			return nil, err
		}
		f.Cleanup()
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
	// Both without symbolic links, as far as they exist: a .. behind a link leads elsewhere.
	if parent, err := filepath.EvalSymlinks(filepath.Dir(from)); err == nil {
		from = filepath.Join(parent, filepath.Base(from))
	}
	if real, err := filepath.EvalSymlinks(to); err == nil {
		to = real
	}
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

// ErrTaken means that the folder of a new application holds something.
var ErrTaken = errors.New("is there already and is not empty")

// claim makes the folder and reports whether it was not there.
func claim(dir string) (made bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case err == nil && len(entries) > 0:
		return false, fmt.Errorf("%s %w", dir, ErrTaken)
	case err == nil:
		return false, nil
	case !errors.Is(err, os.ErrNotExist):
		return false, err
	}
	return true, os.MkdirAll(dir, 0o755)
}

// empty takes back what was written.
func empty(dir string, made bool) error {
	if made {
		return os.RemoveAll(dir)
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
