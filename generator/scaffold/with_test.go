package scaffold

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/derive"
)

const checkout = "../.."

// The module that `banyan new --with` writes is the one that serves here: for the module path of this repository it is the same, byte by byte, and for
// another one it is the same in all but that path.
func TestModulesAreThoseOfTheReference(t *testing.T) {
	t.Parallel()
	for _, m := range Modules() {
		here, err := moduleFiles(m, Framework)
		if err != nil {
			t.Fatal(err)
		}
		there, err := moduleFiles(m, "example.com/acme/shop")
		if err != nil {
			t.Fatal(err)
		}
		onDisk := map[string][]byte{}
		err = filepath.WalkDir(filepath.Join(checkout, "modules", m), func(file string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			rel, err := filepath.Rel(checkout, file)
			if err != nil {
				return err
			}
			onDisk[filepath.ToSlash(rel)], err = os.ReadFile(file)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(here) != len(onDisk) || len(there) != len(here) || len(here) == 0 {
			t.Errorf("%s: %d files for this repository, %d for another one, %d on disk", m, len(here), len(there), len(onDisk))
		}
		for i, f := range here {
			if !bytes.Equal(f.Data, onDisk[f.Path]) {
				t.Errorf("%s is another one in this repository", f.Path)
			}
			moved := strings.ReplaceAll(string(there[i].Data), "example.com/acme/shop/modules/", Framework+"/modules/")
			if sortedLines(moved) != sortedLines(string(f.Data)) {
				t.Errorf("%s is another one in another application", f.Path)
			}
			if bytes.Contains(there[i].Data, []byte(Framework+"/modules")) {
				t.Errorf("%s refers to this repository", f.Path)
			}
		}
	}
}

// sortedLines are the lines of a text in order: a path has its place among imports by its letters.
func sortedLines(text string) string {
	return strings.Join(slices.Sorted(strings.Lines(text)), "")
}

// The records of a module name each of its files once and keep its text, those apart that tools write.
func TestRecordsOfModules(t *testing.T) {
	t.Parallel()
	for _, m := range Modules() {
		files, err := moduleFiles(m, "example.com/shop")
		if err != nil {
			t.Fatal(err)
		}
		records, err := moduleRecords(m, files)
		if err != nil {
			t.Fatal(err)
		}
		texts, lists := map[string][]byte{}, ""
		for _, r := range records {
			if base, ok := strings.CutPrefix(r.Path, ".banyan/base/"); ok {
				texts[base] = r.Data
			} else {
				lists += string(r.Data)
			}
		}
		for _, f := range files {
			written := !derive.Derived(f.Path) && path.Ext(f.Path) != ".golden"
			if text, ok := texts[f.Path]; ok != written || ok && !bytes.Equal(text, f.Data) {
				t.Errorf("%s: its text is kept: %v, want %v", f.Path, ok, written)
			}
			if n := strings.Count(lists, strconv.Quote(f.Path)); n != map[bool]int{true: 1}[written] {
				t.Errorf("%s stands in the records %d times", f.Path, n)
			}
		}
	}
}

// `go mod vendor` copies what is imported; what a module imports is kept also when it has gone.
func TestVendorKeepsWhatModulesImport(t *testing.T) {
	t.Parallel()
	kept := keep()
	for _, m := range Modules() {
		files, err := moduleFiles(m, "example.com/shop")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if path.Ext(f.Path) != ".go" {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), f.Path, f.Data, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range file.Imports {
				imported, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(imported, derive.Platform+"/") && !slices.Contains(kept, imported) {
					t.Errorf("%s imports %s, which is not kept", f.Path, imported)
				}
			}
		}
	}
}
