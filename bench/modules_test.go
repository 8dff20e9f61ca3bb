package main

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A copy is the module under another name, wherever the name stands, and the files of the application stay what they are.
func TestCopyModule(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("modules/m01/m01wire/wire.go", "package m01wire // M01")
	write("modules/modules_gen.go", "package modules // m01")
	write(".banyan/resources/m01/product.json", `{"module": "m01"}`)
	write("cmd/shop/main.go", "package main // m01")
	if err := copyModule(dir, "m01", "m02"); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, name := range []string{"modules/m02/m02wire/wire.go", ".banyan/resources/m02/product.json", "modules/modules_gen.go", "modules/m01/m01wire/wire.go"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		got[name] = string(text)
	}
	if want := map[string]string{
		"modules/m02/m02wire/wire.go": "package m02wire // M02", ".banyan/resources/m02/product.json": `{"module": "m02"}`,
		"modules/modules_gen.go": "package modules // m01", "modules/m01/m01wire/wire.go": "package m01wire // M01",
	}; !maps.Equal(got, want) {
		t.Errorf("copied %q, want %q", got, want)
	}
}

// What a command costs holds what it has started and waited for.
func TestCostOfChildren(t *testing.T) {
	t.Parallel()
	b := &bench{}
	took, err := b.cost(t.Context(), t.TempDir(), os.Environ(), "sh", "-c", `sh -c 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done'; true`)
	if err != nil || took.cpu < 10*time.Millisecond || took.wall <= 0 {
		t.Errorf("a loop in a child of the command took %+v, %v", took, err)
	}
	if _, err := b.cost(t.Context(), t.TempDir(), os.Environ(), "sh", "-c", "echo broken >&2; exit 3"); err == nil || err.Error() != "sh -c echo broken >&2; exit 3: exit status 3\nbroken" {
		t.Errorf("a command that fails: %v", err)
	}
}
