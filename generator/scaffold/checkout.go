package scaffold

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"golang.org/x/mod/modfile"
)

// ErrNoCheckout means that this binary was not built from a released version, and that the source it was built from is not to be found.
var ErrNoCheckout = errors.New("this banyan was built from a checkout that is not there any more: name one with --replace PATH")

// Source finds out what a new application depends on: the released version that this binary was built from, or else a checkout: the one that
// is named, the one that the application around the folder wd refers to, the one that this binary was built from, or one around the binary
// or around wd. Wd is an absolute path; what is named may be relative to it.
func Source(wd, named string) (checkout, version string, err error) {
	if named != "" {
		dir := named
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(wd, dir)
		}
		if !isCheckout(dir) {
			return "", "", &OptionError{"--replace", named, "there is no go.mod of " + Framework}
		}
		return dir, "", nil
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Path == Framework && info.Main.Sum != "" {
		return "", info.Main.Version, nil
	}
	candidates := []string{replacedBy(wd)}
	if _, file, _, ok := runtime.Caller(0); ok {
		candidates = append(candidates, above(filepath.Dir(file)))
	}
	if exe, err := os.Executable(); err == nil {
		candidates = append(candidates, above(filepath.Dir(exe)))
	}
	for _, dir := range append(candidates, above(wd)) {
		if dir != "" && isCheckout(dir) {
			return dir, "", nil
		}
	}
	return "", "", ErrNoCheckout
}

func isCheckout(dir string) bool {
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && modfile.ModulePath(data) == Framework
}

// above returns the nearest folder at or above dir that is a checkout, "" when there is none.
func above(dir string) string {
	for filepath.IsAbs(dir) {
		if isCheckout(dir) {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	return ""
}

// replacedBy returns the checkout that the go.mod at or above dir replaces the framework by.
func replacedBy(dir string) string {
	for {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil {
			f, err := modfile.Parse("go.mod", data, nil) // ParseLax leaves the replacements out
			if err != nil {
				return ""
			}
			for _, r := range f.Replace {
				if r.Old.Path == Framework && modfile.IsDirectoryPath(r.New.Path) {
					if filepath.IsAbs(r.New.Path) {
						return r.New.Path
					}
					return filepath.Join(dir, r.New.Path)
				}
			}
			return ""
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}
