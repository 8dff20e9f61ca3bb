package scaffold_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/projecttest"
	"github.com/banyan-go/banyan/generator/scaffold"
)

func made(t *testing.T, o scaffold.Options) scaffold.Made {
	t.Helper()
	m, err := generator.New(t.Context(), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// withGit are options with a repository asked for, as the command asks for it.
func withGit(t *testing.T) scaffold.Options {
	t.Helper()
	o := options(t)
	o.NoGit = false
	return o
}

// A hook has variables in its environment that name another repository.
func TestNewApplicationIsARepository(t *testing.T) {
	other := t.TempDir()
	t.Setenv("GIT_DIR", other)
	o := withGit(t)
	if m := made(t, o); !m.Repository || m.Warning != "" || m.App != "shop" {
		t.Errorf("made %+v", m)
	}
	head, err := os.ReadFile(filepath.Join(o.Dir, ".git/HEAD"))
	if err != nil || string(head) != "ref: refs/heads/main\n" {
		t.Errorf("HEAD is %q (%v), want the branch main", head, err)
	}
	for path := range projecttest.Read(t, filepath.Join(o.Dir, ".git")) {
		if path == "index" || strings.HasPrefix(path, "refs/heads/") {
			t.Errorf("something was added or committed: .git/%s", path)
		}
	}
	if left := projecttest.Read(t, other); len(left) > 0 {
		t.Errorf("git worked on the repository of the environment: %v", left)
	}
}

func TestNoSecondRepository(t *testing.T) {
	t.Parallel()
	for what, mark := range map[string]func(t *testing.T, o *scaffold.Options){
		"it is not wanted": func(_ *testing.T, o *scaffold.Options) { o.NoGit = true },
		"in a repository": func(t *testing.T, o *scaffold.Options) {
			if err := os.Mkdir(filepath.Join(filepath.Dir(o.Dir), ".git"), 0o755); err != nil {
				t.Fatal(err)
			}
		},
		"deep in a worktree": func(t *testing.T, o *scaffold.Options) {
			if err := os.WriteFile(filepath.Join(filepath.Dir(o.Dir), ".git"), []byte("gitdir: elsewhere"), 0o644); err != nil {
				t.Fatal(err)
			}
			o.Dir = filepath.Join(filepath.Dir(o.Dir), "services/shop")
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			o := withGit(t)
			mark(t, &o)
			if m := made(t, o); m.Repository || m.Warning != "" {
				t.Errorf("made %+v", m)
			}
			if tree := projecttest.Read(t, o.Dir); tree[".git"] != "" || tree["go.mod"] == "" {
				t.Errorf(".git is %q", tree[".git"])
			}
		})
	}
}

func TestGitThatFailsIsAWarning(t *testing.T) {
	bin := t.TempDir()
	script := "#!/bin/sh\nmkdir .git\necho 'fatal: unknown option: --initial-branch' >&2\nexit 129\n"
	if err := os.WriteFile(filepath.Join(bin, "git"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	o := withGit(t)
	if m := made(t, o); m.Repository || !strings.Contains(m.Warning, "unknown option") {
		t.Errorf("made %+v", m)
	}
	if tree := projecttest.Read(t, o.Dir); tree["go.mod"] == "" || tree[".git"] != "" {
		t.Errorf("the application is not whole, or half a repository was left: %v", tree[".git"])
	}

	t.Setenv("PATH", t.TempDir())
	o = withGit(t)
	if m := made(t, o); m.Repository || m.Warning != "" {
		t.Errorf("without git: made %+v", m)
	}
}
