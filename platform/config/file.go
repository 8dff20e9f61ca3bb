package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxFile is the most bytes that a file of the configuration or of a secret may have: 1 MiB.
const maxFile = 1 << 20

// source is where the files are: a folder, or what is embedded.
type source struct {
	fsys fs.FS
	dir  string // as given; empty for embedded files
}

// name returns what a file is called in problems and origins.
func (s source) name(path string) string {
	if s.dir == "" {
		return "embedded:" + path
	}
	return filepath.Join(s.dir, path)
}

// files puts the files on the stack. Its error is a defect, not bad input.
func (l *loader) files() error {
	src := source{fsys: l.opts.Embedded, dir: l.opts.Dir}
	if src.dir != "" {
		src.fsys = os.DirFS(src.dir)
		if info, err := os.Stat(src.dir); err != nil || !info.IsDir() {
			l.problem(Problem{Where: src.dir, Got: "is not a folder that can be read", Hint: "name the folder that holds base.yaml"})
			return nil
		}
	}
	if src.fsys == nil {
		if l.opts.Profile != "" {
			l.problem(Problem{Key: "profile", Where: l.profileFrom(), Got: quote(l.opts.Profile), Want: "no profile", Hint: "there are no files"})
		}
		return nil
	}
	paths := []string{"base.yaml"}
	if path, ok := l.profilePath(src); ok {
		paths = append(paths, path)
	}
	if l.opts.Mode == Dev && src.dir != "" {
		if _, err := fs.Stat(src.fsys, "local.yaml"); !errors.Is(err, fs.ErrNotExist) {
			paths = append(paths, "local.yaml")
		}
	}
	for _, path := range paths {
		data, _, err := read(src.fsys, path)
		if err != nil {
			l.problem(Problem{Where: src.name(path), Got: "cannot be read", Hint: err.Error()})
			continue
		}
		if err := l.stack.file(l.parseFile(src.name(path), data)); err != nil {
			return err
		}
	}
	return nil
}

// Profiles returns the names of the profiles that there are files for, in order; none where the files cannot be read.
func (o Options) Profiles() (names []string) {
	fsys := o.Embedded
	if o.Dir != "" {
		fsys = os.DirFS(o.Dir)
	}
	if fsys == nil {
		return nil
	}
	found, _ := fs.Glob(fsys, "profiles/*.yaml") // fails for a wrong pattern alone
	for _, f := range found {
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(f, "profiles/"), ".yaml"))
	}
	return names
}

// profilePath returns the path of the profile's file, or notes which profiles there are.
func (l *loader) profilePath(src source) (path string, ok bool) {
	name := cmp.Or(l.opts.Profile, "single")
	path = "profiles/" + name + ".yaml"
	// The name must be a word, or "../x" would leave the folder.
	if isWord(name, entryJoints) {
		if _, err := fs.Stat(src.fsys, path); !errors.Is(err, fs.ErrNotExist) {
			return path, true
		}
	}
	names := l.opts.Profiles()
	want := strings.Join(names, ", ")
	if len(names) == 0 {
		want = "a file in " + src.name("profiles")
	}
	l.problem(Problem{Key: "profile", Where: l.profileFrom(), Got: quote(name), Want: want, Hint: didYouMean(suggest(name, names))})
	return "", false
}

func (l *loader) profileFrom() string { return cmp.Or(l.opts.ProfileFrom, "--profile") }

// read returns the content of a regular file of at most maxFile bytes. Its errors say why not, without the path.
func read(fsys fs.FS, path string) ([]byte, fs.FileInfo, error) {
	// Before it is opened: opening a named pipe would wait for a writer.
	info, err := fs.Stat(fsys, path)
	if err != nil {
		return nil, nil, reason(err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errors.New("not a regular file")
	}
	f, err := fsys.Open(path)
	if err != nil {
		return nil, nil, reason(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, nil, reason(err)
	}
	if len(data) > maxFile {
		return nil, nil, fmt.Errorf("larger than %d MiB", maxFile>>20)
	}
	return data, info, nil
}

// reason strips an error of the path, which the problem says already.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
