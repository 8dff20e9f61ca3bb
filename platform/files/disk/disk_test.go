package disk_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/files/disk"
	"github.com/banyan-go/banyan/platform/files/driver"
	"github.com/banyan-go/banyan/platform/files/filestest"
)

func open(t *testing.T, dir string) driver.Store {
	t.Helper()
	s, err := disk.Driver{}.Open(driver.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	t.Parallel()
	filestest.Run(t, func(t *testing.T) (s, again driver.Store) {
		dir := filepath.Join(t.TempDir(), "not", "there")
		return open(t, dir), open(t, dir)
	})
}

// Whoever may write into the folder may not make the program read, or write, what is outside.
func TestNothingLeadsOutOfTheFolder(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	const link, folder, pipe, linked = "own-aa000000000000000000000000000000.txt", "own-bb000000000000000000000000000000.txt", "own-cc000000000000000000000000000000.txt", "own-dd000000000000000000000000000000.txt"
	filestest.Write(t, s, "own-aa111111111111111111111111111111.txt", "inside")
	for _, err := range []error{
		os.Symlink(secret, filepath.Join(dir, "aa", link)),
		os.Symlink(outside, filepath.Join(dir, "bb")),
		os.WriteFile(filepath.Join(outside, folder), []byte("secret"), 0o600),
		os.Mkdir(filepath.Join(dir, "cc"), 0o700),
		syscall.Mkfifo(filepath.Join(dir, "cc", pipe), 0o600),
		os.Mkdir(filepath.Join(dir, "dd"), 0o700),
		os.Symlink("../aa/own-aa111111111111111111111111111111.txt", filepath.Join(dir, "dd", linked)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{link, folder, pipe, linked, "../../" + filepath.Base(outside) + "/secret", "../secret", secret, "own-/../../../etc/passwd", ""} {
		if c, err := s.Open(t.Context(), name); err == nil {
			t.Errorf("%q can be read", name)
			_ = c.Close()
		}
	}
	if _, err := s.Open(t.Context(), linked); !errors.Is(err, driver.ErrNotFound) {
		t.Errorf("a link inside: %v", err)
	}
	// bb leads outside: what is kept there would be.
	d, err := s.Create(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Commit(); err == nil {
		t.Error("a file was kept outside of the folder")
	}
	if err := d.Abort(); err != nil {
		t.Error(err)
	}
	if err := s.Delete(t.Context(), folder); err == nil {
		t.Error("a file was deleted outside of the folder")
	}
}

func TestASettingThatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	s, err := disk.Driver{}.Open(driver.Options{})
	if err != nil {
		t.Fatal(err) // an application that keeps no files needs none
	}
	for _, err := range []error{s.(driver.Checker).Check(), s.Start(t.Context())} {
		if problems, ok := errors.AsType[config.Problems](err); !ok || problems[0].Key != "files.dir" {
			t.Error(err)
		}
	}
}
