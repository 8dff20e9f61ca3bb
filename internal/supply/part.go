package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// part is something that others wrote and that stands in a program: a module, the standard library, an asset.
type part struct {
	Name, Version string
	PURL          string   // its package URL
	Licences      []string // by their SPDX names; all of them hold
	Texts         []string // files with licences and notices
	Needs         []string // the names of parts that its packages import
	problem       string   // why its licence is not known
}

// build says for what a program is built.
type build struct {
	env       []string // GOOS=linux
	tags      string
	goVersion string // 1.26.8
}

// standard is the name that scanners know the standard library by.
const standard = "stdlib"

// asset is what is no module of Go, and comes in with a package.
type asset struct {
	part

	of string // the import path
}

// assets are kept up by hand; a test compares the versions with what is really there.
func assets(root string) []asset {
	return []asset{
		{of: "github.com/banyan-go/banyan/platform/api/apidocs", part: part{
			Name: "swagger-ui-dist", Version: "5.35.0", PURL: "pkg:npm/swagger-ui-dist@5.35.0",
			Texts: []string{filepath.Join(root, "platform/api/apidocs/swagger/LICENSE"), filepath.Join(root, "platform/api/apidocs/swagger/NOTICE")},
		}},
		{of: "github.com/banyan-go/banyan/platform/images/webp", part: part{
			Name: "libwebp", Version: "1.4.0", PURL: "pkg:generic/libwebp@1.4.0",
			Texts: []string{filepath.Join(root, "platform/images/webp/libwebp/LICENSE.libwebp"), filepath.Join(root, "platform/images/webp/libwebp/LICENSE")},
		}},
		// In the public domain, by a text of its own that has an SPDX name and asks for nothing.
		{of: "github.com/ncruces/go-sqlite3-wasm/v6", part: part{
			Name: "sqlite", Version: "3.54.1", PURL: "pkg:generic/sqlite@3.54.1", Licences: []string{"blessing"},
		}},
	}
}

// listed is what go list says of a package.
type listed struct {
	ImportPath, Dir string
	Standard        bool
	Imports         []string
	Module          *struct {
		debug.Module

		Dir  string
		Main bool
	}
}

// origin returns what a module is: the one that replaces it, or itself where that is a folder, which has no name.
func origin(m *debug.Module) (path, version string) {
	if m.Replace != nil && m.Replace.Version != "" {
		m = m.Replace
	}
	return m.Path, m.Version
}

// linked returns the parts of programs, sorted by name, with their licences.
func linked(ctx context.Context, root string, b build, programs ...string) ([]part, error) {
	packages, err := list(ctx, root, b, programs)
	if err != nil {
		return nil, err
	}
	c := collection{parts: map[string]*part{}, owner: map[string]string{}}
	for _, p := range packages {
		if err := c.add(p, b); err != nil {
			return nil, err
		}
	}
	for _, a := range assets(root) {
		if slices.ContainsFunc(packages, func(p listed) bool { return p.ImportPath == a.of }) {
			c.parts[a.Name] = &a.part
			c.needs(a.of, a.Name)
		}
	}
	for _, p := range packages {
		for _, path := range p.Imports {
			c.needs(p.ImportPath, c.owner[path])
		}
	}
	return c.sorted()
}

// collection is the parts by name, and the name of the part that each package belongs to; ours have none.
type collection struct {
	parts map[string]*part
	owner map[string]string
}

func (c collection) add(p listed, b build) error {
	m := p.Module
	switch {
	case p.Standard:
		c.owner[p.ImportPath] = standard
		if p.ImportPath == "runtime" { // which every program has, two folders below the licence
			c.parts[standard] = &part{
				Name: standard, Version: b.goVersion, PURL: "pkg:golang/stdlib@" + b.goVersion, Texts: []string{filepath.Join(p.Dir, "../../LICENSE")},
			}
		}
		return nil
	case m == nil || m.Main:
		return nil
	}
	path, version := origin(&m.Module)
	if c.parts[path] == nil {
		c.parts[path] = &part{Name: path, Version: version, PURL: "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")}
	}
	c.owner[p.ImportPath] = path
	texts, err := textsOf(p.Dir, m.Dir)
	c.parts[path].Texts = append(c.parts[path].Texts, texts...)
	return err
}

// needs notes that a package cannot do without a part.
func (c collection) needs(path, name string) {
	if from := c.parts[c.owner[path]]; from != nil && name != "" && name != from.Name {
		from.Needs = append(from.Needs, name)
	}
}

func (c collection) sorted() ([]part, error) {
	parts := make([]part, 0, len(c.parts))
	for _, name := range slices.Sorted(maps.Keys(c.parts)) {
		p := c.parts[name]
		slices.Sort(p.Texts)
		slices.Sort(p.Needs)
		p.Texts, p.Needs = slices.Compact(p.Texts), slices.Compact(p.Needs)
		if err := p.recognise(); err != nil {
			return nil, err
		}
		parts = append(parts, *p)
	}
	return parts, nil
}

// list asks for all packages of programs.
func list(ctx context.Context, root string, b build, programs []string) ([]listed, error) {
	args := []string{"list", "-deps", "-json=ImportPath,Dir,Standard,Imports,Module", "-tags=" + b.tags}
	cmd := exec.CommandContext(ctx, "go", append(args, programs...)...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), b.env...)
	out, err := cmd.Output()
	if err != nil {
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			err = fmt.Errorf("%w\n%s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("list the packages: %w", err)
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("read what go list says: %w", err)
		}
		all = append(all, p)
	}
}

// textsOf returns the licences and notices for a package: those in its folder and above, up to the root of its module.
func textsOf(dir, root string) ([]string, error) {
	var texts []string
	for {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("look for licences: %w", err)
		}
		for _, e := range entries {
			if e.Type().IsRegular() && (isLicence(e.Name()) || isNotice(e.Name())) {
				texts = append(texts, filepath.Join(dir, e.Name()))
			}
		}
		if dir == root || len(dir) <= len(root) {
			return texts, nil
		}
		dir = filepath.Dir(dir)
	}
}
