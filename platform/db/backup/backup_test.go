package backup_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/db/backup"
	"github.com/banyan-go/banyan/platform/db/driver"
)

// manifest is one as a database fills it in.
func manifest() backup.Manifest {
	return backup.Manifest{
		Application: "shop", Version: "v1.2.3", Engine: "sqlite", Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Migrations: []backup.Migration{{Module: "catalog", Version: 20260101000000, Name: "20260101000000_products.sql"}},
		Tables:     []driver.Table{{Name: "catalog_products", Rows: 2, Sum: strings.Repeat("0", 32)}},
	}
}

const data = "what the database has written, which is longer than its name"

func writeData(w io.Writer) (backup.Manifest, error) {
	_, err := io.WriteString(w, data)
	return manifest(), err
}

// written is a backup in a folder of its own.
func written(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "shop.backup")
	if _, err := backup.Write(file, writeData); err != nil {
		t.Fatal(err)
	}
	return file
}

// read returns what Open and its Data find in a file with this content.
func read(t *testing.T, file string) (backup.Manifest, string, error) {
	t.Helper()
	b, err := backup.Open(file)
	if err != nil {
		return backup.Manifest{}, "", err
	}
	defer b.Close()
	r, err := b.Data(t.Context())
	if err != nil {
		return b.Manifest, "", err
	}
	text, err := io.ReadAll(r)
	return b.Manifest, string(text), err
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	file := written(t)
	m, text, err := read(t, file)
	if err != nil || text != data {
		t.Fatalf("got %q, %v", text, err)
	}
	want := manifest()
	want.Format, want.Bytes, want.Sum = 1, int64(len(data)), m.Sum
	if !reflect.DeepEqual(m, want) || len(m.Sum) != 64 {
		t.Errorf("got %+v, want %+v", m, want)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(entries) != 1 {
		t.Errorf("beside it stands %v, %v", entries, err)
	}
}

// Whatever becomes of this program, any unzip gets at the data.
func TestAnyUnzipOpensIt(t *testing.T) {
	t.Parallel()
	z, err := zip.OpenReader(written(t))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	r, err := z.Open("data")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(r); err != nil || string(text) != data {
		t.Errorf("got %q, %v", text, err)
	}
}

// Not one byte can be changed or lost, wherever it stands.
func TestEveryByteCounts(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(written(t))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x")
	wrong := func(content []byte, how string, at int) {
		t.Helper()
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := read(t, file); !errors.Is(err, backup.ErrDamaged) && !errors.Is(err, backup.ErrForeign) {
			t.Errorf("%s at %d of %d: %v", how, at, len(whole), err)
		}
	}
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		wrong(changed, "changed", i)
		wrong(whole[:i], "cut off", i)
		wrong(append(bytes.Clone(whole[:i]), whole[i+1:]...), "lost", i)
	}
	wrong(append(bytes.Clone(whole), 0), "longer", len(whole))
	if err := os.WriteFile(file, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := read(t, file); err != nil {
		t.Errorf("whole: %v", err)
	}
}

// A file is called damaged while it can be seen that it was a backup, and otherwise what it is: none.
func TestWhatIsWrongWithAFile(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile(written(t))
	if err != nil {
		t.Fatal(err)
	}
	var other bytes.Buffer
	z := zip.NewWriter(&other)
	if _, err := z.Create("something"); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x")
	for name, c := range map[string]struct {
		content []byte
		want    error
	}{
		"half of it":      {whole[:len(whole)/2], backup.ErrDamaged},
		"other beginning": {append([]byte("xx"), whole[2:]...), backup.ErrDamaged},
		"nothing":         {nil, backup.ErrForeign},
		"text":            {[]byte("SELECT 1;"), backup.ErrForeign},
		"another zip":     {other.Bytes(), backup.ErrForeign},
		"a database":      {append([]byte("SQLite format 3\x00"), make([]byte, 4096)...), backup.ErrForeign},
	} {
		if err := os.WriteFile(file, c.content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := read(t, file); !errors.Is(err, c.want) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, _, err := read(t, filepath.Join(t.TempDir(), "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// A write that fails leaves nothing, and one onto a file that is there leaves that one alone.
func TestWriteIsAllOrNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	wrong := errors.New("the database is gone")
	_, err := backup.Write(filepath.Join(dir, "x"), func(w io.Writer) (backup.Manifest, error) {
		_, _ = io.WriteString(w, data) // what counts is the error below
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 1 || entries[0].Name() == "x" {
			t.Errorf("while it is written there is %v, %v", entries, err)
		}
		return manifest(), wrong
	})
	if entries, _ := os.ReadDir(dir); !errors.Is(err, wrong) || len(entries) != 0 {
		t.Errorf("%v, and there is %v", err, entries)
	}
	file := written(t)
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Write(file, writeData); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto a file: %v", err)
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the file has changed: %v", err)
	}
	late := filepath.Join(dir, "late")
	if _, err := backup.Write(late, func(w io.Writer) (backup.Manifest, error) {
		return manifest(), os.WriteFile(late, []byte("of somebody else"), 0o600)
	}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto a file that came meanwhile: %v", err)
	}
	if text, err := os.ReadFile(late); err != nil || string(text) != "of somebody else" {
		t.Errorf("the file holds %q, %v", text, err)
	}
}

func TestDataEndsWithItsContext(t *testing.T) {
	t.Parallel()
	b, err := backup.Open(written(t))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := b.Data(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(r); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
