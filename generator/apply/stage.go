package apply

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/banyan-go/banyan/generator/gotool"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/render"
)

// stage is a second tree in which Wire can work: it writes in place, and must not do so in the project. The folders that the generator writes
// into are copied, everything else is linked.
type stage struct {
	project *project.Project
	dir     string
}

func newStage(p *project.Project) (st *stage, err error) {
	dir, err := os.MkdirTemp("", "banyan-stage-")
	if err != nil {
		return nil, err
	}
	// The go command compares real paths.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	st = &stage{project: p, dir: dir}
	defer func() {
		if err != nil {
			st.remove()
		}
	}()
	entries, err := os.ReadDir(p.Root)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		source, target := p.Path(e.Name()), st.path(e.Name())
		switch e.Name() {
		case ".git", ".banyan", "data", "bin":
			continue
		case "modules", "cmd":
			err = copyTree(source, target)
		case "go.mod":
			err = st.copyModfile(source, target)
		default:
			err = os.Symlink(source, target)
		}
		if err != nil {
			return nil, fmt.Errorf("prepare a place to try the change: %w", err)
		}
	}
	return st, nil
}

func (st *stage) remove() { _ = os.RemoveAll(st.dir) } // a temporary folder; the system clears it otherwise

func (st *stage) path(slashed string) string {
	return filepath.Join(st.dir, filepath.FromSlash(slashed))
}

// copyTree copies the regular files below a folder.
func copyTree(source, target string) error {
	return filepath.WalkDir(source, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(source, path)
		if err != nil {
			return err
		}
		to := filepath.Join(target, rel)
		switch {
		case e.IsDir():
			return os.MkdirAll(to, 0o755)
		case !e.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o644)
	})
}

// copyModfile copies go.mod with its relative replacements made absolute.
func (st *stage) copyModfile(source, target string) error {
	data, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	f, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		return err
	}
	for _, r := range f.Replace {
		if modfile.IsDirectoryPath(r.New.Path) && !filepath.IsAbs(r.New.Path) {
			if err := f.AddReplace(r.Old.Path, r.Old.Version, st.project.Path(r.New.Path), ""); err != nil {
				return err
			}
		}
	}
	data, err = f.Format()
	if err != nil {
		return err
	}
	return os.WriteFile(target, data, 0o644)
}

func (st *stage) write(files []render.File) error {
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(st.path(f.Path)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(st.path(f.Path), f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// wire runs Wire once, over the injectors of the modules and of the application, and returns what it has written.
func (st *stage) wire(ctx context.Context, modules []string, progress func(string)) ([]render.File, error) {
	args := []string{"tool", "wire", "gen"}
	outputs := []string{"cmd/" + st.project.App + "/wire_gen.go"}
	for _, m := range modules {
		args = append(args, "./modules/"+m+"/"+m+"wire")
		outputs = append(outputs, "modules/"+m+"/"+m+"wire/wire_gen.go")
	}
	args = append(args, st.project.Main())
	if progress != nil {
		progress("wire      the injectors")
	}
	_, err := gotool.Go{Dir: st.dir, Progress: progress}.Run(ctx, args...)
	var failed *gotool.Error
	if errors.As(err, &failed) && ctx.Err() == nil {
		return nil, &CheckError{strings.ReplaceAll(strings.TrimSpace(failed.Output), st.dir+string(filepath.Separator), "")}
	}
	if err != nil {
		return nil, err
	}
	var files []render.File
	for _, path := range outputs {
		data, err := os.ReadFile(st.path(path))
		if err != nil {
			return nil, fmt.Errorf("wire wrote no %s: %w", path, err)
		}
		files = append(files, render.File{Path: path, Data: data, Mode: 0o644})
	}
	return files, nil
}
