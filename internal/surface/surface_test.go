package surface_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/internal/surface"
)

// text renders a package that consists of one file.
func text(t *testing.T, source string) []string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string]string{"go.mod": "module example.com\n\ngo 1.26\n", "thing/thing.go": source} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	packages, err := surface.Load(t.Context(), dir, "./...")
	if err != nil {
		t.Fatal(err)
	}
	return surface.Text("example.com/", packages)
}

const before = `package thing

import ("context"; "io")

const Limit = 50
const Kept Level = 2
var ErrGone error
type Level int
func (Level) String() string { return "" }
func (l *Level) Set(text string) error { return nil }
type hidden struct{ X int }
func Open(ctx context.Context, names ...string) (*Door, error) { return nil, nil }
func Map[K comparable, V ~[]byte | string](m map[K]V, each func(key K) V) <-chan [2]V { return nil }
type Door struct { io.Reader; Name string; inside int }
func (d *Door) Close() error { return nil }
func (d *Door) knock() {}
type Page[T any] struct { Rows []T }
func (p Page[T]) First() T { return p.Rows[0] }
type Open1 interface { Close() error }
type Closed interface { Close() error; closed() }
type Alias = Door
type Old struct {
	// Deprecated: use Name.
	Title string
}

// Nothing does nothing.
//
// Deprecated: nothing replaces it.
func Nothing() {}
`

func TestTextSaysWhatIsExported(t *testing.T) {
	t.Parallel()
	want := strings.TrimSpace(`
thing.Alias type = Door
thing.Closed type interface{ Close() error; unexported methods }
thing.Door type struct
thing.Door.Close pointer method func() error
thing.Door.Name field string
thing.Door.Read method func([]byte) (int, error)
thing.Door.Reader embedded io.Reader
thing.ErrGone var error
thing.Kept const Level = 2
thing.Level type int
thing.Level.Set pointer method func(string) error
thing.Level.String method func() string
thing.Limit const untyped int = 50
thing.Map func[K comparable, V ~[]byte | string](map[K]V, func(K) V) <-chan [2]V
thing.Nothing func() //deprecated
thing.Old type struct
thing.Old.Title field string //deprecated
thing.Open func(context.Context, ...string) (*Door, error)
thing.Open1 type interface{ Close() error }
thing.Page type[T any] struct (not comparable)
thing.Page.First method func() T
thing.Page.Rows field []T`)
	if got := strings.Join(text(t, before), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// golang.org/x/exp/apidiff gives the same verdicts on these pairs, but for the last one, which it does not see.
func TestChangesAreJudged(t *testing.T) {
	t.Parallel()
	lines := text(t, before)
	for _, row := range []struct{ old, new, want string }{
		{"func (d *Door) knock() {}", "func (d *Door) Knock() {}", "compatible    added    thing.Door.Knock pointer method func()"},
		{"Name string; inside int", "Name string; Inside int", "compatible    added    thing.Door.Inside field int"},
		{"names ...string", "paths ...string", ""},
		{"inside int", "inside string", ""},
		{"hidden struct{ X int }", "hidden struct{ Y int }", ""},
		{"Closed interface { Close() error;", "Closed interface { Close() error; Open(); ",
			"compatible    changed  thing.Closed\n  - type interface{ Close() error; unexported methods }\n  + type interface{ Close() error; Open(); unexported methods }"},
		{"var ErrGone", "// ErrGone is.\n//\n// Deprecated: use errors.\nvar ErrGone", "compatible    changed  thing.ErrGone\n  - var error\n  + var error //deprecated"},
		{"Limit = 50", "Limit = 60", "INCOMPATIBLE  changed  thing.Limit\n  - const untyped int = 50\n  + const untyped int = 60"},
		{"var ErrGone error", "", "INCOMPATIBLE  removed  thing.ErrGone, which was not deprecated: var error"},
		{"func Nothing() {}", "", "INCOMPATIBLE  removed  thing.Nothing, which was deprecated"},
		{"names ...string", "names []string", "INCOMPATIBLE  changed  thing.Open\n  - func(context.Context, ...string) (*Door, error)\n  + func(context.Context, []string) (*Door, error)"},
		{"type Open1 interface { Close() error }", "type Open1 interface { Close() error; Open() }",
			"INCOMPATIBLE  changed  thing.Open1\n  - type interface{ Close() error }\n  + type interface{ Close() error; Open() }"},
		{"Closed interface { Close() error;", "Closed interface { Shut() error;",
			"INCOMPATIBLE  changed  thing.Closed\n  - type interface{ Close() error; unexported methods }\n  + type interface{ Shut() error; unexported methods }"},
		{"type Closed interface { Close() error; closed() }", "type Closed interface { Close() error }",
			"compatible    changed  thing.Closed\n  - type interface{ Close() error; unexported methods }\n  + type interface{ Close() error }"},
		{"inside int", "inside []int", "INCOMPATIBLE  changed  thing.Door\n  - type struct\n  + type struct (not comparable)"},
		{"func (Level) String()", "func (*Level) String()", "INCOMPATIBLE  changed  thing.Level.String\n  - method func() string\n  + pointer method func() string"},
		{"V ~[]byte | string", "V string",
			"INCOMPATIBLE  changed  thing.Map\n  - func[K comparable, V ~[]byte | string](map[K]V, func(K) V) <-chan [2]V\n  + func[K comparable, V string](map[K]V, func(K) V) <-chan [2]V"},
	} {
		t.Run(row.old+" to "+row.new, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(before, row.old) {
				t.Fatal("the package has no such text")
			}
			var got []string
			for _, c := range surface.Compare(lines, text(t, strings.Replace(before, row.old, row.new, 1))) {
				got = append(got, c.String())
			}
			if want := slices.DeleteFunc([]string{row.want}, func(s string) bool { return s == "" }); !slices.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), row.want)
			}
		})
	}
}

func TestWhatDoesNotCompileIsAnError(t *testing.T) {
	t.Parallel()
	_, err := surface.Load(t.Context(), t.TempDir(), "./...")
	if err == nil || !strings.Contains(err.Error(), "list ./...") {
		t.Errorf("got %v", err)
	}
}
