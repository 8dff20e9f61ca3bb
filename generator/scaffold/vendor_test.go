package scaffold_test

import (
	"debug/elf"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/projecttest"
	"github.com/banyan-go/banyan/generator/resource"
)

// TestVendoredApplication makes an application with its dependencies in the tree, removes the checkout that it was made from, and works on
// with the network off.
func TestVendoredApplication(t *testing.T) {
	// Vendoring takes in what other systems need, which nothing that was built here has fetched.
	command(t, projecttest.Checkout(t), nil, 0, "go", "mod", "download")
	for _, pair := range offline() {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	o := options(t)
	o.Replace, o.Vendor, o.With = filepath.Join(t.TempDir(), "banyan"), true, []string{"accounts"}
	copyCheckout(t, o.Replace)
	if _, err := generator.New(t.Context(), o, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(o.Replace); err != nil {
		t.Fatal(err)
	}

	t.Run("image", func(t *testing.T) { imageWorks(t, o.Dir) })

	t.Run("resource", func(t *testing.T) {
		p, err := project.Find(o.Dir)
		if err != nil {
			t.Fatal(err)
		}
		spec := resource.Spec{Module: "catalog", Name: "product", Fields: strings.Fields("sku:string:required,unique,max=64 name:string:required,search " +
			"body:text:null stock:int:min=0,sort big:int64 ratio:float rate:decimal=5.2:min=0,max=100 active:bool:default=true,filter released:date:null " +
			"placed:time:sort owner:uuid:filter mail:email:null link:url:null handle:slug:unique price:money status:enum=draft+live:default=draft,filter")}
		before := projecttest.Read(t, o.Dir)
		plan, err := generator.Resource(t.Context(), p, spec, o.Now, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := plan.Write(); err != nil {
			t.Fatal(err)
		}
		for _, line := range before.Diff(projecttest.Read(t, o.Dir)) {
			if !strings.HasPrefix(line, "+ ") && line != "~ modules/modules_gen.go" && line != "~ cmd/shop/wire_gen.go" {
				t.Errorf("generation: %s", line)
			}
		}
		command(t, o.Dir, nil, 0, "go", "test", "-vet=all", "./...")
	})
}

// copyCheckout copies what is in version control, or would be.
func copyCheckout(t *testing.T, dir string) {
	t.Helper()
	root := projecttest.Checkout(t)
	list := command(t, root, nil, 0, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "go.mod", "go.sum", "platform")
	for file := range strings.SplitSeq(strings.Trim(list, "\x00"), "\x00") {
		if _, err := os.Lstat(filepath.Join(root, file)); os.IsNotExist(err) {
			continue // removed, and not committed yet
		}
		copyFile(t, filepath.Join(root, file), filepath.Join(dir, file))
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, info.Mode()); err != nil {
		t.Fatal(err)
	}
}

// instruction is a line of a Dockerfile: "RUN", "go build".
type instruction struct{ word, rest string }

// stages reads a Dockerfile; each stage begins with its FROM.
func stages(text string) [][]instruction {
	var all [][]instruction
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\\\n", " "), "\n") {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case word == "" || strings.HasPrefix(word, "#"):
			continue
		case word == "FROM":
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], instruction{word, rest})
	}
	return all
}

func words(t *testing.T, list string) []string {
	t.Helper()
	var words []string
	if err := json.Unmarshal([]byte(list), &words); err != nil {
		t.Fatalf("%s: the form with a shell needs a shell: %v", list, err)
	}
	return words
}

// imageWorks does what `docker build` does, step by step in empty folders, and runs the result.
func imageWorks(t *testing.T, app string) {
	build, image := t.TempDir(), t.TempDir()
	steps := stages(readFile(t, app, "Dockerfile"))
	if len(steps) != 2 {
		t.Fatalf("%d stages, want 2", len(steps))
	}
	work := build
	for _, step := range steps[0] {
		switch step.word {
		case "FROM":
		case "WORKDIR":
			work = filepath.Join(build, step.rest)
		case "COPY":
			if step.rest != ". ." {
				t.Fatalf("COPY %s", step.rest)
			}
			copyContext(t, app, work)
		case "RUN":
			command(t, work, nil, 0, "sh", "-ec", strings.ReplaceAll(step.rest, "/out", filepath.Join(build, "out")))
		default:
			t.Fatalf("this test does not know the instruction %s", step.word)
		}
	}
	var run, health, user []string
	for _, step := range steps[1] {
		switch step.word {
		case "FROM":
			if step.rest != "scratch" {
				t.Errorf("the image is built on %s, want scratch", step.rest)
			}
		case "COPY":
			from := strings.Fields(step.rest)
			source, target := from[len(from)-2], from[len(from)-1]
			if strings.HasPrefix(source, "/out/") {
				copyAll(t, filepath.Join(build, source), filepath.Join(image, target))
			}
		case "ENTRYPOINT", "CMD":
			run = append(run, words(t, step.rest)...)
		case "HEALTHCHECK":
			_, list, _ := strings.Cut(step.rest, " CMD ")
			health = words(t, list)
		case "USER":
			user = append(user, step.rest)
		}
	}
	// Kubernetes can tell that a number is not root, and scratch knows no names.
	if len(user) != 1 || !regexp.MustCompile(`^[1-9][0-9]*:[1-9][0-9]*$`).MatchString(user[0]) {
		t.Errorf("USER %v, want one number and group", user)
	}
	binary := filepath.Join(image, run[0])
	staticBinary(t, binary)

	env := []string{"APP_KEYS=" + strings.TrimSpace(command(t, image, nil, 0, binary, "keys", "new")), "APP_HTTP__ADDR=127.0.0.1:0", "APP_HTTP__OPS_ADDR=127.0.0.1:0"}
	command(t, image, env, 0, binary, "migrate", "up")
	s := serve(t, image, env, binary, run[1:]...)
	asked := append(slices.Clone(env), "APP_HTTP__OPS_ADDR="+strings.TrimPrefix(s.ops, "http://"))
	if report := command(t, image, asked, 0, filepath.Join(image, health[0]), health[1:]...); !strings.Contains(report, "ok") {
		t.Errorf("the health check says %s", report)
	}
	s.stop(t)
	command(t, image, asked, 5, filepath.Join(image, health[0]), health[1:]...) // a dependency that does not answer
}

func staticBinary(t *testing.T, path string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return // only there the image is built from such a file
	}
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the binary wants a dynamic linker, which scratch has not")
		}
	}
}

// copyContext copies what .dockerignore leaves of a folder, into which somebody has put what an image must not hold.
func copyContext(t *testing.T, app, to string) {
	t.Helper()
	secret := []string{".env", ".env.production", "modules/shop/.env", "tls.key", "configs/tls.pem", "configs/local.yaml", "data/app.db", "data/keys", "bin/old", ".git/config"}
	for _, file := range secret {
		file = filepath.Join(app, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	patterns := slices.DeleteFunc(strings.Split(readFile(t, app, ".dockerignore"), "\n"), func(p string) bool { return p == "" || p[0] == '#' })
	for file, text := range projecttest.Read(t, app) {
		if text == "folder" {
			continue
		}
		if !ignored(t, patterns, file) {
			copyFile(t, filepath.Join(app, file), filepath.Join(to, file))
		}
	}
	copied := projecttest.Read(t, to)
	for _, file := range secret {
		if copied[file] != "" {
			t.Errorf("%s gets into the build of the image", file)
		}
		if err := os.Remove(filepath.Join(app, file)); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(filepath.Dir(filepath.Join(app, file))) // when nothing else is in it
	}
}

// ignored reports whether a pattern of .dockerignore matches a file, or a folder above it.
func ignored(t *testing.T, patterns []string, file string) bool {
	t.Helper()
	for p := file; p != "."; p = path.Dir(p) {
		for _, pattern := range patterns {
			subject := p
			if rest, everywhere := strings.CutPrefix(pattern, "**/"); everywhere {
				pattern, subject = rest, path.Base(p)
			}
			match, err := path.Match(pattern, subject)
			if err != nil {
				t.Fatal(err)
			}
			if match {
				return true
			}
		}
	}
	return false
}

// copyAll copies a file, or a folder and what is in it.
func copyAll(t *testing.T, from, to string) {
	t.Helper()
	if info, err := os.Stat(from); err != nil {
		t.Fatal(err)
	} else if !info.IsDir() {
		copyFile(t, from, to)
		return
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}
