// Package record keeps what the generator has done, in the folder .banyan of the project: what was asked for, by resource and module, so that
// the same files can be written again; and the text of each file as it was written, so that what a hand has changed since can be told from
// what the templates have. The records are committed; they hold no times but the version of the migration, which was drawn once.
package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/render"
	"github.com/banyan-go/banyan/generator/resource"
)

// The folders of the records: what was asked for, by module, and the texts, in the places of their files.
const (
	folder       = ".banyan/resources"
	moduleFolder = ".banyan/modules"
	baseFolder   = ".banyan/base"
)

// Resource is the record of a resource.
type Resource struct {
	resource.Spec
	Written
}

// Module is the record of a module.
type Module struct {
	Name string `json:"module"`
	Written
}

// App is the record of an application.
type App struct {
	Name    string   `json:"app"`
	Module  string   `json:"module"` // of Go
	License string   `json:"license"`
	With    []string `json:"with,omitempty"` // the modules that it began with
	Written
}

// Written is what was written. It is empty in records from the time when texts were not kept.
type Written struct {
	Templates string   `json:"templates,omitempty"` // the version of the templates
	Files     []string `json:"files,omitempty"`     // paths, in order
}

// NewWritten lists files as the work of this version of the templates. A file that only keeps an empty folder alive is nobody's.
func NewWritten(templates string, files []render.File) Written {
	w := Written{Templates: templates}
	for _, f := range files {
		if path.Base(f.Path) != ".keep" {
			w.Files = append(w.Files, f.Path)
		}
	}
	slices.Sort(w.Files)
	return w
}

func pathOf(module, name string) string { return path.Join(folder, module, name+".json") }

func modulePath(module string) string { return path.Join(moduleFolder, module+".json") }

// File returns the record as a file.
func (r Resource) File() (render.File, error) { return file(pathOf(r.Module, r.Name), r) }

// File returns the record as a file.
func (m Module) File() (render.File, error) { return file(modulePath(m.Name), m) }

// File returns the record as a file.
func (a App) File() (render.File, error) { return file(".banyan/app.json", a) }

// BasePath returns where the text of a file is kept.
func BasePath(file string) string { return path.Join(baseFolder, file) }

// Bases returns the files that keep the texts of these.
func Bases(files []render.File) []render.File {
	var bases []render.File
	for _, f := range files {
		if path.Base(f.Path) != ".keep" {
			bases = append(bases, render.File{Path: BasePath(f.Path), Data: f.Data, Mode: 0o644})
		}
	}
	return bases
}

func file(name string, record any) (render.File, error) {
	var data bytes.Buffer
	e := json.NewEncoder(&data)
	e.SetEscapeHTML(false) // people read the differences
	e.SetIndent("", "  ")
	if err := e.Encode(record); err != nil {
		return render.File{}, err
	}
	return render.File{Path: name, Data: data.Bytes(), Mode: 0o644}, nil
}

// Find returns the record of a resource; ok is false when there is none.
func Find(p *project.Project, module, name string) (r Resource, ok bool, err error) {
	ok, err = load(p, pathOf(module, name), &r)
	return r, ok, err
}

// FindModule returns the record of a module; ok is false when there is none.
func FindModule(p *project.Project, module string) (m Module, ok bool, err error) {
	ok, err = load(p, modulePath(module), &m)
	return m, ok, err
}

// Modules returns the names of the modules that are recorded, in order.
func Modules(p *project.Project) ([]string, error) {
	files, err := filepath.Glob(p.Path(filepath.FromSlash(moduleFolder), "*.json"))
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".json")
	}
	return files, err
}

func load(p *project.Project, name string, record any) (bool, error) {
	data, err := os.ReadFile(p.Path(filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := json.Unmarshal(data, record); err != nil {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	return true, nil
}

// All returns the resources of a project, by module and name.
func All(p *project.Project) ([]Resource, error) {
	files, err := filepath.Glob(p.Path(filepath.FromSlash(folder), "*", "*.json"))
	if err != nil {
		return nil, err
	}
	var all []Resource
	for _, file := range files {
		var r Resource
		if _, err := load(p, p.Relative(file), &r); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Resource) int {
		return strings.Compare(pathOf(a.Module, a.Name), pathOf(b.Module, b.Name))
	})
	return all, nil
}

// Text returns the text that was written to a file; ok is false when it was not kept.
func Text(p *project.Project, file string) (text []byte, ok bool, err error) {
	text, err = os.ReadFile(p.Path(filepath.FromSlash(BasePath(file))))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return text, err == nil, err
}

// Edited is a file that is not as it was written.
type Edited struct {
	Path    string
	Was, Is []byte // Is is nil when the file is gone
}

// Edits returns the files whose text is another one, beyond the ends of its lines.
func Edits(p *project.Project, files []string) ([]Edited, error) {
	var edits []Edited
	for _, file := range files {
		was, ok, err := Text(p, file)
		if err != nil {
			return nil, err
		}
		is, err := os.ReadFile(p.Path(filepath.FromSlash(file)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if !ok || err != nil || !render.Same(is, was) {
			edits = append(edits, Edited{file, was, is})
		}
	}
	return edits, nil
}
