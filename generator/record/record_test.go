package record_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/record"
	"github.com/banyan-go/banyan/generator/resource"
)

func put(t *testing.T, p *project.Project, file string, data []byte) {
	t.Helper()
	full := p.Path(filepath.FromSlash(file))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRecordsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	p := &project.Project{Root: t.TempDir()}
	if specs, err := record.All(p); err != nil || len(specs) != 0 {
		t.Errorf("in an empty project: %v, %v", specs, err)
	}
	want := []resource.Spec{ // in the order of All
		{Module: "blog", Name: "post", Fields: []string{"title:string:required", `motto:string:default=R&D <b>`}, Migration: 20261123101500},
		{Module: "shop", Name: "line_item", Fields: []string{"a:int", "b:int"}, Path: "items", Index: []string{"a+b"}, Unique: []string{"b+a"}, Migration: 20261123101502},
		{Module: "shop", Name: "order", Fields: []string{"a:int"}, Migration: 20261123101501},
	}
	for _, i := range []int{2, 0, 1} {
		if record.Exists(p, want[i]) {
			t.Errorf("%s is there already", want[i].Name)
		}
		f, err := record.File(want[i])
		if err != nil {
			t.Fatal(err)
		}
		put(t, p, f.Path, f.Data)
		if !record.Exists(p, want[i]) {
			t.Errorf("%s is not there", want[i].Name)
		}
	}
	got, err := record.All(p)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
}

// A record is read by people, in a diff.
func TestRecordIsReadable(t *testing.T) {
	t.Parallel()
	f, err := record.File(resource.Spec{Module: "shop", Name: "order", Fields: []string{"motto:string:default=R&D"}, Migration: 20261123101500})
	want := `{
  "module": "shop",
  "name": "order",
  "fields": [
    "motto:string:default=R&D"
  ],
  "migration": 20261123101500
}
`
	if err != nil || f.Path != ".banyan/resources/shop/order.json" || string(f.Data) != want || f.Mode != 0o644 {
		t.Errorf("%s %v %v\n%s", f.Path, f.Mode, err, f.Data)
	}
}

func TestRecordThatIsSpoilt(t *testing.T) {
	t.Parallel()
	p := &project.Project{Root: t.TempDir()}
	put(t, p, ".banyan/resources/shop/order.json", []byte("<<<<<<< ours\n"))
	if _, err := record.All(p); err == nil || !strings.HasPrefix(err.Error(), ".banyan/resources/shop/order.json: ") {
		t.Errorf("error %v", err)
	}
}
