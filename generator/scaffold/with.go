package scaffold

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"go/format"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/banyan-go/banyan"
	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/record"
	"github.com/banyan-go/banyan/generator/render"
)

// Modules are the choices of Options.With.
func Modules() []string { return []string{"accounts"} }

// modules returns the files of the modules that the application begins with, and the records of them. What follows from them is among them, for whoever
// asks what would be written, with the text that it has here.
func (o *Options) modules() ([]render.File, error) {
	var all []render.File
	for _, m := range o.With {
		files, err := moduleFiles(m, o.Module)
		if err != nil {
			return nil, err
		}
		records, err := moduleRecords(m, files)
		if err != nil {
			return nil, err
		}
		all = slices.Concat(all, files, records)
	}
	return all, nil
}

// add puts modules into the application that is there.
func (o *Options) add(ctx context.Context, files []render.File, progress func(string)) error {
	var add, keep []render.File
	for _, f := range files {
		switch {
		case kept(f):
			keep = append(keep, f)
		case !derive.Derived(f.Path):
			add = append(add, f)
		}
	}
	return o.Add(ctx, o.Dir, add, keep, progress)
}

// kept reports whether a file is one that the generator keeps for itself.
func kept(f render.File) bool { return strings.HasPrefix(f.Path, ".banyan/") }

// moduleFiles returns the files of a module of the reference application, as an application has them whose Go module is called root.
func moduleFiles(module, root string) ([]render.File, error) {
	var files []render.File
	err := fs.WalkDir(banyan.Modules, "modules/"+module, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(banyan.Modules, name)
		if err != nil {
			return err
		}
		if path.Ext(name) == ".go" {
			if text, err = rehomed(text, root); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		files = append(files, render.File{Path: name, Data: text, Mode: 0o644})
		return nil
	})
	return files, err
}

// rehomed returns Go source whose imports of modules are those of the Go module root, in the order that gofmt gives them.
func rehomed(src []byte, root string) ([]byte, error) {
	return format.Source(bytes.ReplaceAll(src, []byte(`"`+Framework+`/modules/`), []byte(`"`+root+`/modules/`)))
}

// moduleRecords returns what is kept of a module: which files are those of its resources, which are its own, and the text of all.
func moduleRecords(module string, files []render.File) ([]render.File, error) {
	files = slices.DeleteFunc(slices.Clone(files), func(f render.File) bool {
		return derive.Derived(f.Path) || path.Ext(f.Path) == ".golden" // which tests write
	})
	version := textVersion(files)
	own := record.NewWritten(version, files)
	var records []render.File
	dir := ".banyan/resources/" + module
	entries, err := fs.ReadDir(banyan.Modules, dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		text, err := fs.ReadFile(banyan.Modules, path.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		var r record.Resource
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("%s/%s: %w", dir, e.Name(), err)
		}
		r.Templates = version
		r.Files = slices.DeleteFunc(r.Files, func(file string) bool { return !slices.Contains(own.Files, file) })
		own.Files = slices.DeleteFunc(own.Files, func(file string) bool { return slices.Contains(r.Files, file) })
		f, err := r.File()
		if err != nil {
			return nil, err
		}
		records = append(records, f)
	}
	f, err := record.Module{Name: module, Written: own}.File()
	return slices.Concat(records, []render.File{f}, record.Bases(files)), err
}

// textVersion names texts by what they say, as templates.Version does.
func textVersion(files []render.File) string {
	sum := sha256.New()
	for _, f := range files {
		fmt.Fprintf(sum, "%s %d\n%s", f.Path, len(f.Data), f.Data)
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}
