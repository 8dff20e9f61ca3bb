package apply

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/banyan-go/banyan/generator/gotool"
	"github.com/banyan-go/banyan/generator/render"
)

// check type-checks the application, with the planned files in their places, and the tests of these modules. Where files go, everything that may
// have used them is checked.
func (st *stage) check(ctx context.Context, files []render.File, removed, modules []string, progress func(string)) error {
	overlay := map[string]map[string]string{"Replace": {}}
	for _, f := range files {
		overlay["Replace"][filepath.Join(st.root, filepath.FromSlash(f.Path))] = st.path(f.Path)
	}
	for _, path := range removed {
		overlay["Replace"][filepath.Join(st.root, filepath.FromSlash(path))] = ""
	}
	data, err := json.Marshal(overlay)
	if err != nil {
		return err
	}
	file := filepath.Join(st.dir, "overlay.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return err
	}
	// Nothing is built to be kept, so what git says of the tree is of no interest, and its refusal to say anything no failure.
	args := []string{"list", "-test", "-export", "-buildvcs=false", "-overlay", file, "-f", ""}
	args = append(args, "./modules", st.project.Main())
	if len(removed) > 0 {
		args = append(args, "./...")
	}
	for _, m := range modules {
		args = append(args, "./modules/"+m+"/...")
	}
	if progress != nil {
		progress("check     types; the first time compiles everything, a minute or two")
	}
	_, err = gotool.Go{Dir: st.root, Env: []string{"GOFLAGS=" + st.flags}, Progress: progress}.Run(ctx, args...)
	return st.failed(ctx, err)
}
