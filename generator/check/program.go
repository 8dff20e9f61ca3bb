package check

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/banyan-go/banyan/generator/gotool"
)

// inspection is what the hidden command check of an application prints; platform/app says more.
type inspection struct {
	Problems []struct {
		Profile string `json:"profile"`
		Where   string `json:"where"`
		Key     string `json:"key"`
		What    string `json:"what"`
		Note    bool   `json:"note"`
	} `json:"problems"`
	Routes []struct {
		Method string `json:"method"`
		Path   string `json:"path"`
		At     string `json:"at"`
		Raw    bool   `json:"raw"`
		Writes bool   `json:"writes"`
		Public bool   `json:"public"`
	} `json:"routes"`
	Defects   []string `json:"defects"`
	Described bool     `json:"described"`
}

// program builds the application and asks it about its configuration and its routes.
func (c *checker) program(ctx context.Context) error {
	if c.broken {
		c.unchecked("the application does not compile: configuration and routes were not looked at")
		return nil
	}
	dir, err := os.MkdirTemp("", "banyan-check-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder for temporary files
	binary := filepath.Join(dir, c.project.App)
	c.tell("build     " + c.project.Main())
	// Flags of banyan dev: what it has compiled is not compiled again.
	g := gotool.Go{Dir: c.project.Root, Env: []string{"CGO_ENABLED=0"}, Progress: c.progress}
	_, err = g.Run(ctx, "build", "-v", "-buildvcs=false", "-o", binary, c.project.Main())
	if failed, ok := errors.AsType[*gotool.Error](err); ok && ctx.Err() == nil {
		if !c.stale { // else that is why
			c.compile(failed.Output)
		}
		c.unchecked("the application does not compile as it is: configuration and routes were not looked at")
		return nil
	}
	if err != nil {
		return err
	}
	return c.inspect(ctx, binary)
}

func (c *checker) unchecked(what string) {
	c.report("unchecked", "cmd/"+c.project.App+"/main.go", 1, what)
}

// inspect asks the application.
func (c *checker) inspect(ctx context.Context, binary string) error {
	profiles, err := c.profiles()
	if err != nil {
		return err
	}
	found, err := c.ask(ctx, binary, profiles)
	if errors.Is(err, errTooOld) {
		c.unchecked("the application uses a version of Banyan that does not tell its configuration and routes")
		return nil
	}
	if ended, ok := errors.AsType[*endedError](err); ok {
		file, line := c.frame(ended.said)
		c.report("start", file, line, ended.Error())
		c.unchecked("the application ends before it answers: configuration and routes were not looked at")
		return nil
	}
	if err != nil {
		return err
	}
	c.configuration(found)
	c.routes(found)
	if !found.Described {
		c.unchecked("no profile has a configuration that can be used: routes were not looked at")
	}
	return nil
}

// profiles returns the names of the files in configs/profiles; "single" when there are none, for the application to refuse.
func (c *checker) profiles() ([]string, error) {
	files, err := filepath.Glob(c.project.Path("configs", "profiles", "*.yaml"))
	if err != nil || len(files) == 0 {
		return []string{"single"}, err
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".yaml"))
	}
	return names, nil
}

// errTooOld means that the application has no command check.
var errTooOld = errors.New("the application does not know the command check")

// endedError is an application that ends before it answers. A panic has the exit code of a command that is not known.
type endedError struct{ said string }

// Error is what the application has said, without the goroutines that stand below a panic.
func (e *endedError) Error() string {
	text, _, _ := strings.Cut(e.said, "\ngoroutine ")
	return "the application ends: " + cmp.Or(strings.Join(strings.Fields(text), " "), "it says nothing, and its exit code is 2")
}

// frame returns the topmost place in the project that a panic names, and the program itself when there is none.
func (c *checker) frame(said string) (file string, line int) {
	for _, m := range regexp.MustCompile(`(?m)^\t(.+\.go):(\d+)`).FindAllStringSubmatch(said, -1) {
		file := c.relative(m[1])
		if _, err := os.Stat(c.project.Path(filepath.FromSlash(file))); err == nil && filepath.IsLocal(file) { // with -trimpath others are short as well
			line, _ = strconv.Atoi(m[2]) // digits
			return file, line
		}
	}
	return "cmd/" + c.project.App + "/main.go", 1
}

// ask runs the application.
func (c *checker) ask(ctx context.Context, binary string, profiles []string) (*inspection, error) {
	const exitUsage = 2
	args := append([]string{"check", "--json", "--mode", "prod", "--config", "configs"}, profiles...)
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.project.Root, &out, &errs
	if err := cmd.Run(); err != nil {
		said := strings.TrimSpace(errs.String())
		switch {
		case ctx.Err() != nil || cmd.ProcessState.ExitCode() != exitUsage:
			return nil, fmt.Errorf("ask the application: %w\n%s", err, said)
		case strings.HasPrefix(said, "error: "):
			return nil, errTooOld
		default:
			return nil, &endedError{said}
		}
	}
	var found inspection
	if err := json.Unmarshal(out.Bytes(), &found); err != nil {
		return nil, fmt.Errorf("ask the application: %w", err)
	}
	return &found, nil
}

// configuration reports what is wrong with profiles.
func (c *checker) configuration(found *inspection) {
	for _, p := range found.Problems {
		file, line := place(p.Where)
		if file == "" { // a rule about several keys
			file = "configs/profiles/" + p.Profile + ".yaml"
		}
		id := "setting"
		switch {
		case p.Note && strings.HasSuffix(p.Key, ".driver"):
			id = "driver"
		case p.Note:
			id = "secret"
		}
		what := p.What
		if p.Key != "" {
			what = p.Key + ": " + what
		}
		c.report(id, file, line, what)
	}
}

// routes reports what has to be known of routes.
func (c *checker) routes(found *inspection) {
	for _, defect := range found.Defects {
		file, line := "modules/modules_gen.go", 1
		if open := strings.LastIndex(defect, " ("); open >= 0 && strings.HasSuffix(defect, ")") {
			if f, n := place(defect[open+2 : len(defect)-1]); n > 0 {
				file, line, defect = c.relative(f), n, defect[:open]
			}
		}
		c.report("route", file, line, defect)
	}
	for _, r := range found.Routes {
		file, line := place(r.At)
		if r.Writes && r.Public {
			c.report("public-write", c.relative(file), line, r.Method+" "+r.Path)
		}
		if r.Raw {
			c.report("raw", c.relative(file), line, r.Method+" "+r.Path)
		}
	}
}

// place takes "configs/base.yaml:3" apart. The file is empty when this is no place.
func place(s string) (file string, line int) {
	m := regexp.MustCompile(`^(.+\.\w+):(\d+)$`).FindStringSubmatch(s)
	if m == nil {
		return "", 0
	}
	line, _ = strconv.Atoi(m[2]) // digits
	return m[1], line
}

// relative returns a file as it is called in the project. The compiler knows it by its real path, or, with -trimpath, below the path of its
// Go module.
func (c *checker) relative(file string) string {
	if rest, ok := strings.CutPrefix(file, c.project.Module+"/"); ok {
		return rest
	}
	if rel := c.project.Relative(file); rel != file {
		return rel
	}
	if root, err := filepath.EvalSymlinks(c.project.Root); err == nil {
		if rel, ok := strings.CutPrefix(file, root+string(filepath.Separator)); ok {
			return filepath.ToSlash(rel)
		}
	}
	return file
}
