package generator

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/record"
)

// inGit reports whether a commit holds the file: then others may have it, and databases have run it.
func inGit(ctx context.Context, p *project.Project, file string) bool {
	cmd := exec.CommandContext(ctx, "git", "cat-file", "-e", "HEAD:./"+file)
	cmd.Dir = p.Root
	return cmd.Run() == nil // without git or a repository there is no commit
}

// planned adds to a plan that writes something what git cannot take back: the work of a hand that would lie under that of the generator.
func planned(ctx context.Context, p *project.Project, plan *apply.Plan, err error) (*apply.Plan, error) {
	if err != nil || len(plan.Changes) == 0 {
		return plan, err
	}
	if files := uncommitted(ctx, p); len(files) > 0 {
		plan.Warnings = append(plan.Warnings, dirty(files))
	}
	return plan, nil
}

// dirty says that files have changes.
func dirty(files []string) string {
	const most = 3
	n, named := "1 file has", strings.Join(files[:min(most, len(files))], ", ")
	if len(files) > 1 {
		n = fmt.Sprint(len(files), " files have")
	}
	if len(files) > most {
		named += ", ..."
	}
	return n + " changes that no commit has (" + named + "); committed first, they are easily told from what is written now"
}

// uncommitted returns the files that git knows and that a hand has changed since the last commit: not those that are derived, nor those that are
// as the generator has written them. Without git, a repository or a commit there is nothing to compare with.
func uncommitted(ctx context.Context, p *project.Project) []string {
	cmd := exec.CommandContext(ctx, "git", "diff", "--name-only", "-z", "--relative", "--no-renames", "--no-ext-diff", "--ignore-submodules=dirty", "HEAD")
	cmd.Dir = p.Root
	out, err := cmd.Output()
	if err != nil {
		return nil
	}
	changed := strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
	return slices.DeleteFunc(slices.Clone(changed), func(file string) bool {
		switch {
		case strings.HasPrefix(file, ".banyan/"), derive.Derived(file):
			return true
		case gone(p, file): // and the text of what was destroyed
			return gone(p, record.BasePath(file)) && slices.Contains(changed, record.BasePath(file))
		}
		edits, err := record.Edits(p, []string{file})
		return err == nil && len(edits) == 0
	})
}
