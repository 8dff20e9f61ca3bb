package apply

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/projecttest"
	"github.com/banyan-go/banyan/platform/servertest"
)

// The environment of a process of this test binary that writes, or recovers, a tree, and is killed at a step.
const (
	treeVar = "APPLY_TREE"
	stepVar = "APPLY_KILL_AT"
	workVar = "APPLY_WORK"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(treeVar); dir != "" {
		os.Exit(victim(dir))
	}
	os.Exit(m.Run())
}

// victim does its work on a tree and kills its own process at the given step; it returns 0 when there are fewer.
func victim(dir string) int {
	last, _ := strconv.Atoi(os.Getenv(stepVar)) // a test has written it
	steps := 0
	step := func() {
		if steps++; steps == last {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	var err error
	if os.Getenv(workVar) == "recover" {
		root, openErr := os.OpenRoot(dir)
		if openErr != nil {
			return 2
		}
		j := &journal{root: root, step: step}
		found, loadErr := j.load()
		if err = loadErr; found {
			err = j.undo()
		}
	} else {
		plan := sample(dir)
		plan.step = step
		if os.Getenv(workVar) == "derive" { // nothing of the records
			plan.Changes = plan.Changes[:1]
		}
		err = plan.Write()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	return 0
}

// sample changes, makes and removes files of the tree that sampleTree makes.
func sample(dir string) *Plan {
	plan := &Plan{root: dir, Changes: []Change{
		change("modules/modules_gen.go", "old", "new"), change("modules/catalog/catalog.go", "", "package catalog"), change("modules/catalog/web/web.go", "", "package web"),
		change("cmd/shop/wire_gen.go", "old", "newer"), change(".banyan/base/modules/catalog/catalog.go", "", "package catalog"),
		{Path: "modules/gone/deep/gone.go", Old: []byte("package gone")}, {Path: "modules/gone/gone.go", Old: []byte("")},
		{Path: "modules/alone/very/deep/gone.go", Old: []byte("package gone")},
	}}
	plan.Changes[1].New = slices.Repeat([]byte("// long\n"), 2000)
	return plan
}

func sampleTree(t *testing.T) string {
	t.Helper()
	root := tree(t, map[string]string{
		"modules/modules_gen.go": "old", "cmd/shop/wire_gen.go": "old", "modules/gone/deep/gone.go": "package gone", "modules/gone/gone.go": "", "modules/other/other.go": "package other",
		"modules/alone/very/deep/gone.go": "package gone",
	})
	if err := os.Chmod(filepath.Join(root, "modules/gone/deep/gone.go"), 0o755); err != nil {
		t.Fatal(err)
	}
	return root
}

// start starts a victim.
func start(t *testing.T, dir, work string, step int) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), treeVar+"="+dir, workVar+"="+work, stepVar+"="+strconv.Itoa(step))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// killed runs a victim until the step; it reports whether the step came.
func killed(t *testing.T, dir, work string, step int) bool {
	t.Helper()
	err := start(t, dir, work, step).Wait()
	if err == nil {
		return false
	}
	if status, ok := errors.AsType[*exec.ExitError](err); !ok || !status.Sys().(syscall.WaitStatus).Signaled() {
		t.Fatalf("%s, step %d: %v", work, step, err)
	}
	return true
}

// lock takes the lock of a tree, which recovers it, and returns what is in it.
func lock(t *testing.T, dir string) projecttest.Tree {
	t.Helper()
	l, err := TakeLock(&project.Project{Root: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	return projecttest.Read(t, dir)
}

// whole returns the tree before the sample and after it.
func whole(t *testing.T) (before, after projecttest.Tree) {
	t.Helper()
	dir := sampleTree(t)
	before = projecttest.Read(t, dir)
	if err := sample(dir).Write(); err != nil {
		t.Fatal(err)
	}
	return before, projecttest.Read(t, dir)
}

// Whenever a run is killed, the next one finds the tree as it was before or as it was to be, to the byte; and so when that one is killed, too.
func TestKilledAtEachStep(t *testing.T) {
	t.Parallel()
	before, after := whole(t)
	if diff := before.Diff(after); len(diff) != 19 {
		t.Fatalf("the sample changes %v", diff)
	}
	undone, done := 0, 0
	for step := 1; ; step++ {
		dir := sampleTree(t)
		if !killed(t, dir, "write", step) {
			break
		}
		for again := 1 + step%3; again < 100 && killed(t, dir, "recover", again); again += 7 { // it goes on where the last one was killed
		}
		got := lock(t, dir)
		switch {
		case len(before.Diff(got)) == 0:
			undone++
		case len(after.Diff(got)) == 0:
			done++
		default:
			t.Errorf("step %d: neither before %v nor after %v", step, before.Diff(got), after.Diff(got))
		}
	}
	if undone < 20 || done < 1 {
		t.Errorf("killed %d times before the end and %d times behind it", undone, done)
	}
}

func TestKilledAtRandomMoments(t *testing.T) {
	t.Parallel()
	before, after := whole(t)
	for range 20 {
		dir := sampleTree(t)
		cmd := start(t, dir, "write", 0)
		timer := time.NewTimer(time.Duration(rand.Int64N(int64(30 * time.Millisecond))))
		<-timer.C
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		if got := lock(t, dir); len(before.Diff(got)) > 0 && len(after.Diff(got)) > 0 {
			t.Errorf("neither before %v nor after %v", before.Diff(got), after.Diff(got))
		}
	}
}

// What somebody has done to a file since the run was killed is worth more than what the run wanted.
func TestRecoveryKeepsWhatAHandHasDone(t *testing.T) {
	t.Parallel()
	for step := 1; ; step++ {
		dir := sampleTree(t)
		if !killed(t, dir, "write", step) {
			t.Fatal("no step at which the first file is in its place and the journal is there")
		}
		text, err := os.ReadFile(filepath.Join(dir, "modules/catalog/catalog.go"))
		if _, journal := os.Stat(filepath.Join(dir, journalFile)); err != nil || journal != nil {
			continue
		}
		edited := "// Ours.\n" + string(text)
		if err := os.WriteFile(filepath.Join(dir, "modules/catalog/catalog.go"), []byte(edited), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err = TakeLock(&project.Project{Root: dir})
		var e *EditedError
		if !errors.As(err, &e) || !slices.Equal(e.Paths, []string{"modules/catalog/catalog.go"}) || !strings.Contains(err.Error(), "killed") {
			t.Errorf("got %v", err)
		}
		after := lock(t, dir) // the next one has nothing to recover
		if after["modules/catalog/catalog.go"] != "-rw-r--r--\n"+edited || after["modules/modules_gen.go"] != "-rw-r--r--\nold" || after[".banyan"] != "" {
			t.Errorf("after it: %v", after)
		}
		return
	}
}

func TestTwoAtOnceAreLockedOut(t *testing.T) {
	t.Parallel()
	p := &project.Project{Root: sampleTree(t)}
	first, err := TakeLock(p)
	if err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if second, err := TakeLock(p); !errors.As(err, &locked) {
		t.Errorf("the second: %v, %v", second, err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	lock(t, p.Root)
}

// A disk that is full, or a folder that may not be written to, leaves the tree as it was. The limit of a file's size fails as a full disk does,
// in the middle of a write.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := sampleTree(t)
	before := projecttest.Read(t, dir)
	cmd := exec.CommandContext(t.Context(), "bash", "-c", `ulimit -f 8; trap "" XFSZ; exec "$0"`, self) // 8 KiB, and a file of the sample has 16
	cmd.Env = append(os.Environ(), treeVar+"="+dir)
	if out, err := cmd.CombinedOutput(); err == nil {
		t.Errorf("it was written: %s", out)
	}
	if diff := before.Diff(projecttest.Read(t, dir)); len(diff) > 0 {
		t.Errorf("left behind: %v", diff)
	}
	if diff := before.Diff(lock(t, dir)); len(diff) > 0 {
		t.Errorf("recovered: %v", diff)
	}
}

// bound returns a command for which the modes of files hold: root is above them, and so the test of a root starts it without that power.
func bound(t *testing.T, program string) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		return exec.CommandContext(t.Context(), program)
	}
	setpriv := servertest.Need(t, servertest.Program{Name: "setpriv", Debian: "util-linux"})
	return exec.CommandContext(t.Context(), setpriv, "--bounding-set=-dac_override,-dac_read_search", program)
}

// A folder that may not be written to is named, whichever of the change it is, before anything of it is done.
func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for folder, work := range map[string]string{".": "write", ".banyan": "derive", "modules": "write", "modules/gone/deep": "write", "cmd/shop": "write"} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			dir := sampleTree(t)
			full := filepath.Join(dir, filepath.FromSlash(folder))
			if err := os.MkdirAll(full, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(full, 0o555); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.Chmod(full, 0o755) })
			before := projecttest.Read(t, dir)
			cmd := bound(t, self)
			cmd.Env = append(os.Environ(), treeVar+"="+dir, workVar+"="+work)
			out, err := cmd.CombinedOutput()
			if want := "the folder " + folder + " cannot be written to (permission denied); nothing was written\n"; err == nil || string(out) != want {
				t.Errorf("%v: %s, want %s", err, out, want)
			}
			if diff := before.Diff(projecttest.Read(t, dir)); len(diff) > 0 {
				t.Errorf("changed: %v", diff)
			}
		})
	}
}
