package keyring

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxFile is the most bytes that a key file may have: enough for hundreds of keys, and a wrong path does not fill the memory.
const maxFile = 64 << 10

// Load reads a ring from a file, as Parse reads it from text. When there is no such file and create is true, as in development, it
// writes one with a new key and mode 0600, with its folder if that is missing; a process that starts at the same moment gets the same
// key. The error names the file. Ask the ring for its Warning.
func Load(path string, create bool) (*Ring, error) {
	text, mode, err := readFile(path)
	if create && errors.Is(err, fs.ErrNotExist) {
		if err := createFile(path); err != nil {
			return nil, fmt.Errorf("make key file %s: %w", path, err)
		}
		text, mode, err = readFile(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no key file %s: %s", path, makeOne)
	}
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	r, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read key file %s: %w", path, err)
	}
	if mode.Perm()&0o007 != 0 {
		r.warning = fmt.Sprintf(`key file %s is open to every user of this machine (mode %04o): run "chmod 600 %[1]s"`, path, mode.Perm())
	}
	return r, nil
}

// Warning returns what is unsafe about the file that the ring was loaded from, as a sentence with what to do about it, or "". So far
// that is a file that users other than its owner and group may read or write. It is no error, since some platforms mount secrets so.
func (r *Ring) Warning() string { return r.warning }

func readFile(path string) (text string, mode fs.FileMode, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", 0, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", 0, err
	}
	if len(b) > maxFile {
		return "", 0, fmt.Errorf("%s has more than %d bytes, it is no key file", path, maxFile)
	}
	return string(b), info.Mode(), nil
}

// createFile writes a new key to path, unless a file is there. The file appears at once with its content, so that nobody reads half a
// key, and a hard link, unlike a rename, does not replace the file of a process that was faster.
func createFile(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".key-*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(NewKey() + "\n")
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
