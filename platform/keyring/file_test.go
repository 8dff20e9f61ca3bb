package keyring_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/banyan-go/banyan/platform/keyring"
)

func write(t *testing.T, text string, mode fs.FileMode) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "keys")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
	return path
}

func TestLoad(t *testing.T) {
	t.Parallel()
	path := write(t, goldenOne+","+goldenTwo+"\n", 0o600)
	r, err := keyring.Load(path, false)
	if err != nil {
		t.Fatal(err)
	}
	want := ring(t, goldenOne).Signer("test").SignText([]byte("x"))
	if got := r.Signer("test").SignText([]byte("x")); got != want || r.Warning() != "" {
		t.Errorf("another ring, or the warning %q", r.Warning())
	}
}

func TestLoadCreates(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "var", "deep", "dev.key")
	first, err := keyring.Load(path, true)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 || first.Warning() != "" {
		t.Errorf("mode %v, warning %q", info.Mode(), first.Warning())
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has the mode %v, %v", info.Mode(), err)
	}
	second, err := keyring.Load(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Signer("test").OpenText(first.Signer("test").SignText(nil)); err != nil {
		t.Errorf("the second start has another key: %v", err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("beside the key file: %v, %v", left, err)
	}
}

// Processes that start together end up with one key, and none of them reads half a file.
func TestLoadCreatesOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "dev.key")
	const starts = 32
	texts := make([]string, starts)
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i := range starts {
		all.Go(func() {
			<-begin
			r, err := keyring.Load(path, true)
			if err != nil {
				t.Errorf("start %d: %v", i, err)
				return
			}
			texts[i] = r.Signer("test").SignText(nil)
		})
	}
	close(begin)
	all.Wait()
	for i, text := range texts {
		if text != texts[0] {
			t.Fatalf("starts 0 and %d have different keys", i)
		}
	}
}

func TestLoadWarnsOfOpenFiles(t *testing.T) {
	t.Parallel()
	for mode, open := range map[fs.FileMode]bool{0o400: false, 0o600: false, 0o640: false, 0o660: false, 0o604: true, 0o644: true, 0o602: true, 0o666: true} {
		path := write(t, goldenOne, mode)
		r, err := keyring.Load(path, true)
		if err != nil {
			t.Fatal(err)
		}
		if w := r.Warning(); (w != "") != open || open && !strings.Contains(w, `run "chmod 600 `+path+`"`) {
			t.Errorf("mode %o: warning %q", mode, w)
		}
	}
	path := write(t, goldenOne, 0o644)
	if r, err := keyring.Load(path, false); err != nil {
		t.Error(err)
	} else if want := "key file " + path + ` is open to every user of this machine (mode 0644): run "chmod 600 ` + path + `"`; r.Warning() != want {
		t.Errorf("warning %q, want %q", r.Warning(), want)
	}
}

// A file that is there is never replaced, however wrong it is.
func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "none")
	folder := t.TempDir()
	empty := write(t, "", 0o600)
	short := write(t, "c2hvcnQ\n", 0o600)
	large := write(t, strings.Repeat(goldenOne+",", 2000), 0o600)
	blocked := filepath.Join(short, "dev.key") // its folder is a file
	for _, c := range []struct {
		name, path string
		create     bool
		want       string
	}{
		{"missing", missing, false, "there is no key file " + missing + `: make one with the command "keys new"`},
		{"empty", empty, true, "read key file " + empty + `: there is no key: make one with the command "keys new"`},
		{"short", short, true, "read key file " + short + `: key 1 of 1 has 5 bytes, want 32: make one with the command "keys new"`},
		{"large", large, false, "read key file: " + large + " has more than 65536 bytes, it is no key file"},
		{"folder", folder, true, "read key file: read " + folder + ": is a directory"},
		{"below a file", blocked, true, "read key file: open " + blocked + ": not a directory"},
		{"name too long", filepath.Join(folder, strings.Repeat("x", 300)), true, "read key file: open " + filepath.Join(folder, strings.Repeat("x", 300)) + ": file name too long"},
	} {
		if r, err := keyring.Load(c.path, c.create); err == nil || err.Error() != c.want || r != nil {
			t.Errorf("%s: %v, want the error %s", c.name, err, c.want)
		}
	}
	if b, err := os.ReadFile(empty); err != nil || len(b) != 0 {
		t.Errorf("the empty file was replaced: %q, %v", b, err)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a file was made, though nobody asked for it")
	}
}

// Where the file cannot be written, the error says so and nothing is left behind.
func TestLoadCannotCreate(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	// A dangling link: there is no file to read, and none can be made where the link stands.
	path := filepath.Join(folder, "dev.key")
	if err := os.Symlink(filepath.Join(folder, "elsewhere"), path); err != nil {
		t.Fatal(err)
	}
	if r, err := keyring.Load(path, true); err == nil || r != nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a dangling link: %v", err)
	}
	below := filepath.Join(path, "deep", "dev.key") // its folder would be below the link
	if r, err := keyring.Load(below, true); err == nil || r != nil || !strings.HasPrefix(err.Error(), "make key file "+below+": ") {
		t.Errorf("a folder that cannot be made: %v", err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
