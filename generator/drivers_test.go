package generator

import (
	"os"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/projecttest"
	"github.com/banyan-go/banyan/generator/render"
)

// The driver for images is added once, beside whatever else is listed, and never into a file that is not as it was generated.
func TestTheDriverForImages(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, t.TempDir()+"/shop")
	src, err := os.ReadFile(p.Path("cmd", "shop", "drivers.go"))
	if err != nil {
		t.Fatal(err)
	}
	original := string(src)
	added := edited(t, p)
	for _, line := range []string{"\t\tImages:   images.Drivers{\"webp\": webp.Driver{}},\n", "\"github.com/banyan-go/banyan/platform/images\"\n", "\"github.com/banyan-go/banyan/platform/images/webp\"\n"} {
		if strings.Count(added, line) != 1 {
			t.Errorf("%q is %d times in\n%s", line, strings.Count(added, line), added)
		}
	}
	for name, c := range map[string]struct{ text, want string }{
		"as it was":       {original, added},
		"again":           {added, ""},
		"another driver":  {strings.Replace(original, "Files: ", "Images: mine(), Files: ", 1), ""},
		"in one line":     {"package main\n\nimport \"github.com/banyan-go/banyan/platform/app\"\n\nfunc drivers() app.Drivers { return app.Drivers{DB: nil} }\n", warned},
		"made by hand":    {"package main\n\nfunc drivers() any { return nil }\n", warned},
		"what is no Go":   {"package main\n{", warned},
		"by another name": {strings.ReplaceAll(strings.Replace(original, "\t\"github.com/banyan-go/banyan/platform/app\"", "\ta \"github.com/banyan-go/banyan/platform/app\"", 1), "app.Drivers", "a.Drivers"), warned},
	} {
		if err := os.WriteFile(p.Path("cmd", "shop", "drivers.go"), []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got := edited(t, p); got != c.want {
			t.Errorf("%s: it becomes %s", name, got)
		}
	}
	if err := os.Remove(p.Path("cmd", "shop", "drivers.go")); err != nil {
		t.Fatal(err)
	}
	if got := edited(t, p); got != warned {
		t.Errorf("without the file: %s", got)
	}
}

const warned = "a warning"

// edited returns the file with the driver, nothing where it has one, or that a hand has to add it.
func edited(t *testing.T, p *project.Project) string {
	t.Helper()
	files, warning, err := withImageDriver(p)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case strings.Contains(warning, `cmd/shop/drivers.go lists no drivers as it was generated: add Images: images.Drivers{"webp": webp.Driver{}}`):
		return warned
	case len(files) == 0 && warning == "":
		return ""
	}
	if again, err := render.Go(files[0].Path, files[0].Data); err != nil || string(again) != string(files[0].Data) || files[0].Path != "cmd/shop/drivers.go" {
		t.Errorf("%s is not formatted: %v", files[0].Path, err)
	}
	return string(files[0].Data)
}
