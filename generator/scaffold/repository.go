package scaffold

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// initRepository makes the folder a git repository on branch main, with nothing committed. It does nothing where git is missing, and in a
// folder that is in a repository already.
func initRepository(ctx context.Context, dir string) (made bool, err error) {
	if _, err := exec.LookPath("git"); err != nil || inRepository(dir) {
		return false, nil
	}
	cmd := exec.CommandContext(ctx, "git", "init", "--quiet", "--initial-branch=main")
	cmd.Dir = dir
	// In a hook, or behind an alias, these name another repository.
	cmd.Env = slices.DeleteFunc(cmd.Environ(), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"}, name)
	})
	if out, err := cmd.CombinedOutput(); err != nil {
		half := os.RemoveAll(filepath.Join(dir, ".git"))
		return false, errors.Join(fmt.Errorf("git init: %w: %s", err, strings.TrimSpace(string(out))), half)
	}
	return true, nil
}

// inRepository reports whether a folder, or one above it, holds a .git: a folder, or the file of a worktree.
func inRepository(dir string) bool {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	for dir := resolve(abs); ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return true
		}
		if dir == filepath.Dir(dir) {
			return false
		}
	}
}
