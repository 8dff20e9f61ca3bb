package disk

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/banyan-go/banyan/platform/files/driver"
)

// A file that may not outlast a loss of power is none: what Commit says no to is not there, and nobody would ever delete it.
func TestAFileWhoseFolderIsNotSyncedIsGone(t *testing.T) {
	t.Parallel()
	const name = "own-00112233445566778899aabbccddeeff.txt"
	for wrong, want := range map[error]error{syscall.EIO: syscall.EIO, syscall.ENOSPC: driver.ErrFull} {
		s := &store{dir: t.TempDir(), sync: func(*os.File) error { return wrong }}
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		d, err := s.Create(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Write([]byte("text")); err != nil {
			t.Fatal(err)
		}
		if err := d.Commit(); !errors.Is(err, want) {
			t.Errorf("commit: %v, want %v", err, want)
		}
		if err := d.Abort(); err != nil {
			t.Errorf("abort: %v", err)
		}
		err = s.List(t.Context(), "", func(name string, _ int64) error {
			t.Errorf("there is %s", name)
			return nil
		})
		if left, wrong := os.ReadDir(s.dir + "/" + drafts); err != nil || wrong != nil || len(left) > 0 {
			t.Errorf("%v, %v, %d drafts", err, wrong, len(left))
		}
		if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}
}
