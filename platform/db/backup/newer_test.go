package backup

import (
	"archive/zip"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A file of a form that is not known yet is whole, and refused as what it is.
func TestNewerForm(t *testing.T) {
	t.Parallel()
	for manifest, want := range map[string]error{
		`{"format": 1}`:                        nil,
		`{"format": 2, "engine": "something"}`: ErrNewer,
		`{"format": 2, "engine": 7}`:           ErrNewer,
		`{"format": 0}`:                        ErrDamaged,
		`{}`:                                   ErrDamaged,
		`{`:                                    ErrDamaged,
	} {
		f, err := os.Create(filepath.Join(t.TempDir(), "x"))
		if err != nil {
			t.Fatal(err)
		}
		z := zip.NewWriter(f)
		for _, entry := range [][2]string{{dataEntry, "data"}, {manifestEntry, manifest}} {
			w, err := z.Create(entry[0])
			if err == nil {
				_, err = w.Write([]byte(entry[1]))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(z.SetComment(comment(make([]byte, 32))), z.Close(), seal(f), f.Close()); err != nil {
			t.Fatal(err)
		}
		b, err := Open(f.Name())
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", manifest, err, want)
		}
		if b != nil {
			b.Close()
		}
	}
}
