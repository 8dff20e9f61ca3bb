// Package project finds an application's source tree and says what is in it.
package project

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// Project is the source tree of one application.
type Project struct {
	Root   string // absolute path
	Module string // the Go module's path
	App    string // the name of the application: the folder in cmd with the injector
	// Vendored says that the tree has a folder vendor, which the go command then uses.
	Vendored bool
}

// ErrNone means that the folder is in no project.
var ErrNone = errors.New("this is not in a Banyan application: there is no go.mod with a folder modules beside it; make one with banyan new NAME")

// MissingError means that the project takes its framework from a folder that is not there.
type MissingError struct {
	Folder string // as go.mod says it
	Path   string // where that is
}

func (e *MissingError) Error() string {
	return "go.mod takes the framework from the folder " + e.Folder + ", and there is none at " + e.Path
}

// Find returns the project that dir is in.
func Find(dir string) (*Project, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	near := "" // a go.mod without modules
	for {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && isDir(filepath.Join(dir, "modules")) {
			return open(dir, data)
		}
		if err == nil && near == "" {
			near = filepath.Join(dir, "go.mod")
		}
		parent := filepath.Dir(dir)
		if parent == dir && near != "" {
			return nil, fmt.Errorf("%w (there is none beside %s)", ErrNone, near)
		}
		if parent == dir {
			return nil, ErrNone
		}
		dir = parent
	}
}

func open(root string, gomod []byte) (*Project, error) {
	f, err := modfile.ParseLax("go.mod", gomod, nil)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(root, "go.mod"), err)
	}
	if f.Module == nil {
		return nil, fmt.Errorf("%s names no module", filepath.Join(root, "go.mod"))
	}
	p := &Project{Root: root, Module: f.Module.Mod.Path, Vendored: isDir(filepath.Join(root, "vendor"))}
	if folder := replaced(gomod); folder != "" && !p.Vendored {
		path := folder
		if !filepath.IsAbs(path) {
			path = filepath.Join(root, path)
		}
		if !isDir(path) {
			return nil, &MissingError{folder, path}
		}
	}
	p.App, err = appOf(root)
	return p, err
}

// framework is the module that every project requires.
const framework = "github.com/banyan-go/banyan"

// replaced returns the folder that go.mod takes the framework from, "" when it takes a version.
func replaced(gomod []byte) string {
	f, err := modfile.Parse("go.mod", gomod, nil)
	if err != nil {
		return "" // the go command says what is wrong
	}
	for _, r := range f.Replace {
		if r.Old.Path == framework && r.New.Version == "" {
			return r.New.Path
		}
	}
	return ""
}

// appOf returns the folder in cmd that has the injector of an application.
func appOf(root string) (string, error) {
	injectors, err := filepath.Glob(filepath.Join(root, "cmd", "*", "wire.go"))
	if err != nil {
		return "", err
	}
	if len(injectors) != 1 {
		for i, file := range injectors {
			injectors[i] = filepath.ToSlash(strings.TrimPrefix(file, root+string(filepath.Separator)))
		}
		const form = "%s: want one application, a folder in cmd with a wire.go, and found %s"
		return "", fmt.Errorf(form, root, cmp.Or(strings.Join(injectors, ", "), "none"))
	}
	return filepath.Base(filepath.Dir(injectors[0])), nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Path returns the absolute path of a file of the project, given with slashes.
func (p *Project) Path(elem ...string) string {
	return filepath.Join(append([]string{p.Root}, elem...)...)
}

// Main returns the pattern of the application's main package, "./cmd/shop".
func (p *Project) Main() string { return "./cmd/" + p.App }

var moduleName = regexp.MustCompile(`^[a-z][a-z0-9]*$`)

// Modules returns the names of the feature modules, in order: the folders in modules that hold a folder of their wiring.
func (p *Project) Modules() ([]string, error) {
	entries, err := os.ReadDir(p.Path("modules"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && moduleName.MatchString(e.Name()) && isDir(p.Path("modules", e.Name(), e.Name()+"wire")) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// Relative writes a path inside the project as a person reads it.
func (p *Project) Relative(path string) string {
	if rel, err := filepath.Rel(p.Root, path); err == nil && !strings.HasPrefix(rel, "..") {
		return filepath.ToSlash(rel)
	}
	return path
}
