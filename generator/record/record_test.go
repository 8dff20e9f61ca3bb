package record_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/record"
	"github.com/banyan-go/banyan/generator/render"
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
	if all, err := record.All(p); err != nil || len(all) != 0 {
		t.Errorf("in an empty project: %v, %v", all, err)
	}
	written := record.Written{Templates: "0123456789ab", Files: []string{"modules/shop/a.go", "modules/shop/b.go"}}
	want := []record.Resource{ // in the order of All
		{Spec: resource.Spec{Module: "blog", Name: "post", Fields: []string{"title:string:required", `motto:string:default=R&D <b>`}, Migration: 20261123101500}, Written: written},
		{Spec: resource.Spec{Module: "shop", Name: "line_item", Fields: []string{"a:int", "b:int"}, Path: "items", Index: []string{"a+b"}, Unique: []string{"b+a"}, Migration: 20261123101502}},
		{Spec: resource.Spec{Module: "shop", Name: "order", Fields: []string{"a:int"}, Migration: 20261123101501}, Written: written},
	}
	for _, i := range []int{2, 0, 1} {
		r := want[i]
		if _, ok, err := record.Find(p, r.Module, r.Name); ok || err != nil {
			t.Errorf("%s is there already: %v", r.Name, err)
		}
		f, err := r.File()
		if err != nil {
			t.Fatal(err)
		}
		put(t, p, f.Path, f.Data)
		if got, ok, err := record.Find(p, r.Module, r.Name); !ok || err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("got  %+v, %v\nwant %+v", got, err, r)
		}
	}
	got, err := record.All(p)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}

	m := record.Module{Name: "shop", Written: written}
	f, err := m.File()
	if err != nil || f.Path != ".banyan/modules/shop.json" {
		t.Fatalf("%s: %v", f.Path, err)
	}
	put(t, p, f.Path, f.Data)
	if got, ok, err := record.FindModule(p, "shop"); !ok || err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, m)
	}
}

// A file that only keeps a folder is nobody's: it goes when the folder has something else.
func TestKeepersAreNotRecorded(t *testing.T) {
	t.Parallel()
	files := []render.File{{Path: "modules/shop/z.go", Data: []byte("z"), Mode: 0o755}, {Path: "modules/shop/migrations/sqlite/.keep"}, {Path: "modules/shop/a.go", Data: []byte("a")}}
	if got := record.NewWritten("v", files).Files; !slices.Equal(got, []string{"modules/shop/a.go", "modules/shop/z.go"}) {
		t.Errorf("files %v", got)
	}
	bases := record.Bases(files)
	if len(bases) != 2 || bases[0].Path != ".banyan/base/modules/shop/z.go" || string(bases[0].Data) != "z" || bases[0].Mode != 0o644 {
		t.Errorf("texts %+v", bases)
	}
}

func TestEdits(t *testing.T) {
	t.Parallel()
	p := &project.Project{Root: t.TempDir()}
	const was = "one\ntwo\n"
	var all []string
	for file, is := range map[string]string{"same": was, "crlf": "one\r\ntwo\r\n", "edited": "one\n2\n", "emptied": "", "gone": "-", "unknown": "?"} {
		all = append(all, file)
		if file != "unknown" {
			put(t, p, record.BasePath(file), []byte(was))
		}
		if file != "gone" {
			put(t, p, file, []byte(is))
		}
	}
	slices.Sort(all)
	edits, err := record.Edits(p, all)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range edits {
		got = append(got, e.Path+" "+strconv.Quote(string(e.Is)))
		if string(e.Was) != was && e.Path != "unknown" {
			t.Errorf("%s was %q", e.Path, e.Was)
		}
	}
	if want := []string{`edited "one\n2\n"`, `emptied ""`, `gone ""`, `unknown "?"`}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A record is read by people, in a diff.
func TestRecordIsReadable(t *testing.T) {
	t.Parallel()
	f, err := record.Resource{
		Spec:    resource.Spec{Module: "shop", Name: "order", Fields: []string{"motto:string:default=R&D"}, Migration: 20261123101500},
		Written: record.Written{Templates: "0123456789ab", Files: []string{"modules/shop/order.go"}},
	}.File()
	want := `{
  "module": "shop",
  "name": "order",
  "fields": [
    "motto:string:default=R&D"
  ],
  "migration": 20261123101500,
  "templates": "0123456789ab",
  "files": [
    "modules/shop/order.go"
  ]
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
