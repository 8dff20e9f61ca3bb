// Package outline gives Wire the packages that an application depends on without what their functions do. Wire reads no more than declarations, but parses
// and checks all of it from source, forty megabytes: without the bodies it takes a third of the time and of the memory.
package outline

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"

	"github.com/banyan-go/banyan/generator/gotool"
)

// Tag is the build tag under which Wire reads packages.
const Tag = "wireinject"

// listed is a package as go list tells of it.
type listed struct {
	ImportPath, Name, Dir      string
	GoFiles, CgoFiles, Imports []string
	ImportMap                  map[string]string
	Standard, DepOnly          bool
	Error                      *struct{ Err string }
	DepsErrors                 []struct{ Err string }
}

// loaded is a package as golang.org/x/tools/go/packages gets it from its driver.
type loaded struct {
	ID, Name, PkgPath        string
	GoFiles, CompiledGoFiles []string
	Imports                  map[string]string
}

// response is what such a driver answers.
type response struct {
	Compiler, Arch string
	Roots          []string
	Packages       []loaded
}

// Write writes an outline of all packages that the patterns stand for, and of those that they import, into the folder dir. A package in the folder of
// g stays as it is. What it returns is the environment in which golang.org/x/tools/go/packages, and with it Wire, loads the patterns from there; it is
// empty where packages cannot be loaded in that way, so that whoever loads them as usual learns why.
func Write(ctx context.Context, g gotool.Go, dir string, patterns ...string) (env []string, err error) {
	g.Progress = nil
	args := []string{"list", "-e", "-deps", "-tags=" + Tag, "-json=ImportPath,Name,Dir,GoFiles,CgoFiles,Imports,ImportMap,Standard,DepOnly,Error,DepsErrors"}
	out, err := g.Run(ctx, append(args, patterns...)...)
	if err != nil {
		return nil, ctx.Err() // Wire meets with the same
	}
	all, sound := read(out)
	if !sound {
		return nil, nil
	}
	response := response{Compiler: "gc", Arch: cmp.Or(os.Getenv("GOARCH"), runtime.GOARCH)}
	var files []file
	for _, l := range all {
		p := loaded{ID: l.ImportPath, Name: l.Name, PkgPath: l.ImportPath, Imports: l.imports()}
		own := within(l.Dir, g.Dir) && !within(l.Dir, filepath.Join(g.Dir, "vendor"))
		for _, name := range l.GoFiles {
			path := filepath.Join(l.Dir, name)
			p.GoFiles = append(p.GoFiles, path)
			if !own {
				files = append(files, file{path, filepath.Join(dir, strconv.Itoa(len(files))+".go")})
				path = files[len(files)-1].target
			}
			p.CompiledGoFiles = append(p.CompiledGoFiles, path)
		}
		response.Packages = append(response.Packages, p)
		if !l.DepOnly {
			response.Roots = append(response.Roots, p.ID)
		}
	}
	if err := write(ctx, files); err != nil {
		return nil, err
	}
	answer, err := json.Marshal(response)
	if err != nil {
		return nil, err
	}
	driver := filepath.Join(dir, "driver")
	return []string{"GOPACKAGESDRIVER=" + driver}, errors.Join(
		os.WriteFile(filepath.Join(dir, "packages.json"), answer, 0o600),
		os.WriteFile(driver, []byte("#!/bin/sh\nexec cat \"${0%/*}/packages.json\"\n"), 0o700))
}

// write writes the outlines.
func write(ctx context.Context, files []file) error {
	errs := make([]error, runtime.GOMAXPROCS(0))
	var workers sync.WaitGroup
	for w := range errs {
		workers.Go(func() {
			for i := w; i < len(files) && errs[w] == nil && ctx.Err() == nil; i += len(errs) {
				errs[w] = files[i].write()
			}
		})
	}
	workers.Wait()
	return errors.Join(errors.Join(errs...), ctx.Err())
}

// imports returns the package that each import of a file stands for.
func (l listed) imports() map[string]string {
	ids := map[string]string{}
	mapped := map[string]bool{}
	for path, id := range l.ImportMap {
		ids[path], mapped[id] = id, true
	}
	for _, id := range l.Imports {
		if !mapped[id] && id != "C" {
			ids[id] = id
		}
	}
	return ids
}

// within reports whether a path is that of a folder, or below it.
func within(path, dir string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// read reads what go list says. It is not sound where a package cannot be loaded, or is half in C: what cgo makes of that in the standard library alone
// is nothing that others see.
func read(out []byte) (all []listed, sound bool) {
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := d.Decode(&l); errors.Is(err, io.EOF) {
			return all, len(all) > 0
		} else if err != nil || l.Error != nil || len(l.DepsErrors) > 0 || len(l.CgoFiles) > 0 && !l.Standard {
			return nil, false
		}
		all = append(all, l)
	}
}

// file is one of the dependencies.
type file struct{ source, target string }

func (f file) write() error {
	src, err := os.ReadFile(f.source)
	if err != nil {
		return err
	}
	return os.WriteFile(f.target, bare(f.source, src), 0o600)
}

// bare returns a file of Go with nothing in its functions. Every line stays where it was. Of a file with mistakes everything stays.
func bare(name string, src []byte) []byte {
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
	if err != nil {
		return src
	}
	out := bytes.NewBuffer(make([]byte, 0, len(src)))
	fmt.Fprintf(out, "//line %s:1\n", name)
	at := 0
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
			from, to := int(fn.Body.Lbrace-f.FileStart)+1, int(fn.Body.Rbrace-f.FileStart)
			out.Write(src[at:from])
			out.WriteString("panic(0)")
			for range bytes.Count(src[from:to], []byte("\n")) {
				out.WriteByte('\n')
			}
			at = to
		}
	}
	out.Write(src[at:])
	return out.Bytes()
}
