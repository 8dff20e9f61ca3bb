package dev

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/banyan-go/banyan/generator/gotool"
	"github.com/banyan-go/banyan/generator/project"
)

// build builds the application's binary and returns its path.
func build(ctx context.Context, p *project.Project, progress func(string)) (string, error) {
	if err := os.MkdirAll(filepath.Dir(Binary(p)), 0o755); err != nil {
		return "", err
	}
	// Under a name of its own until it is whole: another banyan may build as well. Taking over the name leaves the file of a process that
	// runs alone.
	binary, fresh := Binary(p), own(p, "")
	_ = os.Link(binary, fresh) // what is up to date is not linked again; where that fails, it is
	g := gotool.Go{Dir: p.Root, Env: []string{"CGO_ENABLED=0"}, Progress: progress}
	_, err := g.Run(ctx, "build", "-v", "-buildvcs=false", "-o", fresh, p.Main()) // a commit does not link it again
	if err == nil {
		err = os.Rename(fresh, binary) // does nothing when both are one file
	}
	return binary, errors.Join(err, remove(fresh))
}

// Binary is where the application is built to for this machine: not where a person builds what goes into production. The folder is hidden, since
// an application may be called dev.
func Binary(p *project.Project) string { return p.Path("bin", ".dev", p.App) }

// own is a file beside the binary that is this process's.
func own(p *project.Project, suffix string) string {
	return fmt.Sprintf("%s.%d%s", Binary(p), os.Getpid(), suffix)
}

func remove(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// sweep removes what processes have left in a folder that were killed: everything with a name of prefix, the number of a process that is no
// more, and perhaps a dot and more. What cannot be removed stays.
func sweep(dir, prefix string) {
	entries, _ := os.ReadDir(dir) // no folder, nothing left
	for _, e := range entries {
		if _, lives, ok := taken(e.Name(), prefix); ok && !lives {
			_ = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}

// taken takes a name apart that is prefix, the number of a process, and what is behind that, and reports whether the process lives.
func taken(name, prefix string) (behind string, lives, ok bool) {
	rest, ok := strings.CutPrefix(name, prefix)
	number, behind, _ := strings.Cut(rest, ".")
	pid, err := strconv.Atoi(number)
	if !ok || err != nil || pid <= 0 {
		return "", false, false
	}
	return behind, !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH), true
}

// serving is how the file of a Run ends that says where it listens.
const serving = "serving"

// Serves returns the address at which a Run of any process serves the project, for a browser on this machine; "" when there is none.
func Serves(p *project.Project) string {
	dir := filepath.Dir(Binary(p))
	entries, _ := os.ReadDir(dir) // no folder, nobody
	for _, e := range entries {
		if behind, lives, _ := taken(e.Name(), p.App+"."); behind == serving && lives {
			if url, err := os.ReadFile(filepath.Join(dir, e.Name())); err == nil {
				return string(url)
			}
		}
	}
	return ""
}
