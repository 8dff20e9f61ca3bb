// Package backup reads and writes the file of a backup: a zip with two entries, manifest.json, which says what was saved, and data, which is
// what the database has written: a database file of SQLite, or text for psql. So any unzip opens it, whatever becomes of this program:
//
//	unzip -p shop.backup data > app.db
//	unzip -p shop.backup data | psql shop
//
// The comment at the end of the zip is the SHA-256 of everything in front of it: a file that was cut off or changed anywhere is refused
// before anything is done with it. A backup holds everything that the database holds, and only its owner may read it.
package backup

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// What is wrong with a file.
var (
	ErrForeign = errors.New("is no backup")
	ErrDamaged = errors.New("is damaged: it was cut off or changed after it was written")
	ErrNewer   = errors.New("was written by a newer program, in a form that this one does not read")
)

// format is the form of the file that this package writes, and the newest that it reads.
const format = 1

// Manifest says what a backup holds.
type Manifest struct {
	Format      int            `json:"format"`
	Application string         `json:"application"`
	Version     string         `json:"version"` // of the application
	Engine      string         `json:"engine"`  // the dialect: "sqlite"
	Created     time.Time      `json:"created"` // when the copy began
	Migrations  []Migration    `json:"migrations"`
	Tables      []driver.Table `json:"tables"`
	// Sum is the SHA-256 of the data, hexadecimal; Bytes its length.
	Sum   string `json:"sum"`
	Bytes int64  `json:"bytes"`
}

// Migration is one that the database had.
type Migration struct {
	Module  string `json:"module"`
	Version int64  `json:"version"`
	Name    string `json:"name"`
}

// The entries of the zip, and what its comment begins with.
const (
	dataEntry     = "data"
	manifestEntry = "manifest.json"
	commentPrefix = "banyan backup, sha256 of what is in front of this comment: "
)

// comment is as long as that of every backup.
func comment(sum []byte) string { return commentPrefix + hex.EncodeToString(sum) }

// commentLength is that of the comment, which nothing follows.
const commentLength = len(commentPrefix) + 2*sha256.Size

// Write writes a backup to file, which must not exist. Data writes what is to be saved, and returns the manifest as far as it knows it. Until
// the file is whole and on the disk it has another name beside its own, and is removed after an error. The error is an fs.ErrExist when the file is there.
func Write(file string, data func(io.Writer) (Manifest, error)) (m Manifest, err error) {
	if err := absent(file); err != nil {
		return m, err
	}
	dir := filepath.Dir(file)
	temporary := filepath.Join(dir, "."+filepath.Base(file)+"."+rand.Text()[:8])
	f, err := os.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return m, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(temporary))
		}
	}()
	if m, err = write(f, data); err != nil {
		return m, err
	}
	if err := errors.Join(seal(f), f.Sync()); err != nil {
		return m, err
	}
	if err := absent(file); err != nil { // it has taken a while
		return m, err
	}
	if err := os.Rename(temporary, file); err != nil {
		return m, err
	}
	return m, errors.Join(f.Close(), syncFolder(dir))
}

func absent(file string) error {
	_, err := os.Lstat(file)
	switch {
	case err == nil:
		return &fs.PathError{Op: "write", Path: file, Err: fs.ErrExist}
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return err
	}
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// write writes the zip, with a comment that holds no sum yet.
func write(w io.Writer, data func(io.Writer) (Manifest, error)) (m Manifest, err error) {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	entry, err := z.Create(dataEntry)
	if err != nil {
		return m, err
	}
	counted := newCounter(entry)
	if m, err = data(counted); err != nil {
		return m, err
	}
	m.Format, m.Sum, m.Bytes = format, counted.sum(), counted.bytes
	if entry, err = z.Create(manifestEntry); err != nil {
		return m, err
	}
	e := json.NewEncoder(entry)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		return m, err
	}
	if err := z.SetComment(comment(make([]byte, sha256.Size))); err != nil {
		return m, err
	}
	return m, z.Close()
}

// seal puts the sum into the comment.
func seal(f *os.File) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	sum, err := sumOf(f, size)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(comment(sum)), size-int64(commentLength))
	return err
}

// sumOf returns the sum of what is in front of the comment.
func sumOf(r io.ReaderAt, size int64) ([]byte, error) {
	h := sha256.New()
	_, err := io.Copy(h, io.NewSectionReader(r, 0, size-int64(commentLength)))
	return h.Sum(nil), err
}

// Backup is a file that was found whole. Close it.
type Backup struct {
	Manifest
	file *os.File
	data *zip.File
}

// Open reads the whole file once to see that it is whole. Its errors are ErrForeign, ErrDamaged and ErrNewer, with the name of the file, and
// those of the file system.
func Open(file string) (*Backup, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	b, err := open(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s %w", file, err), f.Close())
	}
	return b, nil
}

func open(f *os.File) (*Backup, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	if err := whole(f, size); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(f, size)
	if err != nil {
		return nil, ErrDamaged // though its sum is right: somebody has made it so
	}
	b := &Backup{file: f}
	for _, entry := range z.File {
		switch entry.Name {
		case dataEntry:
			b.data = entry
		case manifestEntry:
			err = b.readManifest(entry)
		}
	}
	switch {
	case b.Format > format:
		return nil, ErrNewer
	case err != nil || b.data == nil || b.Format < 1:
		return nil, ErrDamaged
	}
	return b, nil
}

// whole compares the file with the sum at its end. One that has neither the beginning of a backup nor its end is none.
func whole(f io.ReaderAt, size int64) error {
	begins := make([]byte, len(beginning))
	if n, err := f.ReadAt(begins, 0); n < len(begins) && !errors.Is(err, io.EOF) {
		return err
	}
	end := make([]byte, commentLength)
	if size >= int64(commentLength) {
		if _, err := f.ReadAt(end, size-int64(commentLength)); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	switch ends := bytes.HasPrefix(end, []byte(commentPrefix)); {
	case !ends && !bytes.Equal(begins, []byte(beginning)):
		return ErrForeign
	case !ends:
		return ErrDamaged
	}
	sum, err := sumOf(f, size)
	if err != nil {
		return err
	}
	if comment(sum) != string(end) {
		return ErrDamaged
	}
	return nil
}

// beginning is how the zip begins whose first entry is the data, compressed and of a length that was not known.
const beginning = "PK\x03\x04\x14\x00\x08\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00\x00" + dataEntry

func (b *Backup) readManifest(entry *zip.File) error {
	r, err := entry.Open()
	if err != nil {
		return err
	}
	defer r.Close() //nolint:errcheck // it was only read
	return json.NewDecoder(r).Decode(&b.Manifest)
}

// Data returns a reader of what was saved, which ends with ctx. At its end it returns ErrDamaged unless it has read what was written.
func (b *Backup) Data(ctx context.Context) (io.Reader, error) {
	r, err := b.data.Open()
	if err != nil {
		return nil, ErrDamaged
	}
	return &checked{ctx: ctx, r: r, counter: newCounter(io.Discard), want: b.Manifest}, nil
}

// Close closes the file.
func (b *Backup) Close() error { return b.file.Close() }
