package apply

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/banyan-go/banyan/generator/gotool"
	"github.com/banyan-go/banyan/generator/outline"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/render"
)

// stage is a second tree in which Wire can work: it writes in place, and must not do so in the project. The folders that the generator writes
// into are copied, everything else is linked.
type stage struct {
	project *project.Project
	root    string // of the project, without symbolic links: the go command compares real paths
	dir     string
	flags   string // GOFLAGS
	work    string // the go.work that the project is under, "" when there is none
}

func newStage(ctx context.Context, p *project.Project) (*stage, error) {
	st := &stage{project: p}
	if err := st.open(ctx); err != nil {
		st.remove()
		return nil, fmt.Errorf("prepare a place to try the change: %w", err)
	}
	return st, nil
}

func (st *stage) open(ctx context.Context) (err error) {
	if st.root, err = filepath.EvalSymlinks(st.project.Root); err != nil {
		return err
	}
	if err := st.readEnv(ctx); err != nil {
		return err
	}
	if st.dir, err = os.MkdirTemp("", "banyan-stage-"); err != nil {
		return err
	}
	if st.dir, err = filepath.EvalSymlinks(st.dir); err != nil {
		return err
	}
	return st.fill()
}

// remove removes the stage. It is a temporary folder: what stays, the system clears.
func (st *stage) remove() {
	if st.dir != "" {
		_ = os.RemoveAll(st.dir)
	}
}

func (st *stage) path(slashed string) string {
	return filepath.Join(st.dir, filepath.FromSlash(slashed))
}

// readEnv asks the go command what it would work with in the project. It must not be allowed to edit go.mod and go.sum.
func (st *stage) readEnv(ctx context.Context) error {
	out, err := gotool.Go{Dir: st.root}.Run(ctx, "env", "GOFLAGS", "GOWORK")
	if err != nil {
		return err
	}
	flags, work, _ := strings.Cut(string(out), "\n")
	st.flags = strings.Join(slices.DeleteFunc(strings.Fields(flags), func(f string) bool { return strings.TrimLeft(f, "-") == "mod=mod" }), " ")
	if st.work = strings.TrimSpace(work); st.work == "off" {
		st.work = ""
	}
	return nil
}

// fill copies and links the project's files.
func (st *stage) fill() error {
	entries, err := os.ReadDir(st.root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		source, target := filepath.Join(st.root, e.Name()), st.path(e.Name())
		switch e.Name() {
		case ".git", ".banyan", "data", "bin", "go.work", "go.work.sum":
			continue
		case "modules", "cmd":
			if !e.IsDir() {
				return fmt.Errorf("%s is not a folder of this tree; nothing was written", e.Name())
			}
			err = copyTree(source, target)
		case "go.mod":
			err = st.copyModfile(source, target)
		case "go.sum":
			err = copyFile(source, target)
		default:
			err = os.Symlink(source, target)
		}
		if err != nil {
			return err
		}
	}
	if st.work != "" {
		return st.copyWorkfile(st.work)
	}
	return nil
}

// copyTree copies the files below a folder.
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
		if e.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		// What a link leads to counts for the go command when it is a file.
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return nil
		}
		return copyFile(path, to)
	})
}

func copyFile(source, target string) error {
	data, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	return os.WriteFile(target, data, 0o644)
}

// copyModfile copies go.mod with its relative replacements made absolute; but a vendored tree has to agree with vendor/modules.txt to the
// letter, and does not follow them.
func (st *stage) copyModfile(source, target string) error {
	if st.project.Vendored && st.work == "" {
		return copyFile(source, target)
	}
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
			if err := f.AddReplace(r.Old.Path, r.Old.Version, filepath.Join(st.root, r.New.Path), ""); err != nil {
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

// copyWorkfile copies a go.work with the stage in the place of the project.
func (st *stage) copyWorkfile(source string) error {
	data, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	f, err := modfile.ParseWork(source, data, nil)
	if err != nil {
		return err
	}
	dir := filepath.Dir(source)
	absolute := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(dir, path)
	}
	for _, u := range slices.Clone(f.Use) {
		target := absolute(u.Path)
		if used, err := filepath.EvalSymlinks(target); err == nil && used == st.root {
			target = st.dir
		}
		if err := errors.Join(f.DropUse(u.Path), f.AddUse(target, u.ModulePath)); err != nil {
			return err
		}
	}
	for _, r := range f.Replace {
		if modfile.IsDirectoryPath(r.New.Path) {
			if err := f.AddReplace(r.Old.Path, r.Old.Version, absolute(r.New.Path), ""); err != nil {
				return err
			}
		}
	}
	f.Cleanup()
	if err := os.WriteFile(st.path("go.work"), modfile.Format(f.Syntax), 0o644); err != nil {
		return err
	}
	if err := copyFile(source+".sum", st.path("go.work.sum")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
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

// drop removes files.
func (st *stage) drop(paths []string) error {
	for _, path := range paths {
		if err := os.Remove(st.path(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// wire runs Wire once, over the injectors of the modules and of the application, and returns what it has written.
func (st *stage) wire(ctx context.Context, modules []string, progress func(string)) ([]render.File, error) {
	var injectors []string
	outputs := []string{"cmd/" + st.project.App + "/wire_gen.go"}
	for _, m := range modules {
		injectors = append(injectors, "./modules/"+m+"/"+m+"wire")
		outputs = append(outputs, "modules/"+m+"/"+m+"wire/wire_gen.go")
	}
	injectors = append(injectors, st.project.Main())
	// What a merge has left in the old ones need not even parse.
	for _, path := range outputs {
		if err := os.Remove(st.path(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if progress != nil {
		progress("wire      the injectors")
	}
	env := []string{"GOFLAGS=" + st.flags, "GOWORK=off"}
	if st.work != "" {
		env[1] = "GOWORK=" + st.path("go.work")
	}
	// Wire reads everything from source, and ends: with the garbage collected less often it takes a third less time for a fifth more memory.
	if os.Getenv("GOGC") == "" {
		env = append(env, "GOGC=400")
	}
	outlines, err := os.MkdirTemp("", "banyan-outline-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(outlines) //nolint:errcheck // a folder for temporary files
	driver, err := outline.Write(ctx, gotool.Go{Dir: st.dir, Env: env}, outlines, injectors...)
	if err != nil {
		return nil, fmt.Errorf("read the packages: %w", err)
	}
	_, err = gotool.Go{Dir: st.dir, Env: append(env, driver...), Progress: progress}.Run(ctx, slices.Concat([]string{"tool", "wire", "gen"}, injectors)...)
	if err := st.failed(ctx, err); err != nil {
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

// failed turns the error of a go command into one about files of the project.
func (st *stage) failed(ctx context.Context, err error) error {
	var failed *gotool.Error
	if !errors.As(err, &failed) || ctx.Err() != nil {
		return err
	}
	output := strings.TrimSpace(failed.Output)
	places := []string{st.dir}
	if rel, err := filepath.Rel(st.root, st.dir); err == nil { // the go command shortens paths
		places = append(places, rel)
	}
	for _, place := range places {
		output = strings.ReplaceAll(output, place+string(filepath.Separator), "")
	}
	return &CheckError{output}
}
