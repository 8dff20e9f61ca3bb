package archtest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestCyclesOfModules(t *testing.T) {
	t.Parallel()
	circle := func(way string) string {
		first, _, _ := strings.Cut(way, " ")
		return "modules/" + first + "/internal/x/x.go:4: the modules " + way + " call each other in a circle: none of them can be understood, tested or moved without the others; " +
			"let one of them listen to an event of the other, or join them"
	}
	for _, c := range []struct {
		name  string
		files tree
		want  []string
	}{
		{"none", tree{"modules/a/internal/x/x.go": "modules/b modules/c", "modules/b/internal/x/x.go": "modules/c"}, nil},
		{"of two", tree{"modules/a/internal/x/x.go": "modules/b", "modules/b/internal/x/x.go": "modules/a"}, []string{circle("a -> b -> a")}},
		{"through their wiring", tree{"modules/modules_gen.go": "modules/a/awire modules/b/bwire", "modules/a/awire/x.go": "modules/b", "modules/b/bwire/x.go": "modules/a"},
			[]string{strings.Replace(circle("a -> b -> a"), "/internal/x/", "/awire/", 1)}},
		{"of three", tree{"modules/b/internal/x/x.go": "modules/c", "modules/c/internal/x/x.go": "modules/a", "modules/a/internal/x/x.go": "modules/b"}, []string{circle("a -> b -> c -> a")}},
		{"the shortest of two", tree{"modules/a/internal/x/x.go": "modules/b modules/c", "modules/b/internal/x/x.go": "modules/c", "modules/c/internal/x/x.go": "modules/a"},
			[]string{strings.Replace(circle("a -> c -> a"), ":4:", ":5:", 1), circle("b -> c -> a -> b")}},
		{"two apart", tree{"modules/a/internal/x/x.go": "modules/b", "modules/b/internal/x/x.go": "modules/a", "modules/c/internal/x/x.go": "modules/d", "modules/d/internal/x/x.go": "modules/c"},
			[]string{circle("a -> b -> a"), circle("c -> d -> c")}},
		{"beside one that is in none", tree{"modules/a/internal/x/x.go": "modules/b", "modules/b/internal/x/x.go": "modules/c", "modules/c/internal/x/x.go": "modules/b"}, []string{circle("b -> c -> b")}},
		{"of listening", tree{"modules/a/internal/x/x.go": "modules/b", "modules/b/internal/x/x.go": "modules/a/aevent"}, nil},
		{"of tests", tree{"modules/a/internal/x/x.go": "modules/b", "modules/b/b_test.go": "modules/a modules/a/awire"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := find(t, "example.com/shop", c.files); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// Each module calls all that come behind it: no circle, and more ways through than anybody could walk.
func TestManyModulesWithoutACycle(t *testing.T) {
	t.Parallel()
	files := tree{}
	for i := range 60 {
		var calls []string
		for j := i + 1; j < 60; j++ {
			calls = append(calls, fmt.Sprintf("modules/m%02d", j))
		}
		files[fmt.Sprintf("modules/m%02d/internal/x/x.go", i)] = strings.Join(calls, " ")
	}
	if got := find(t, "example.com/shop", files); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

// The go command allows this one: the packages import each other in no circle.
func TestCyclesOfCapabilities(t *testing.T) {
	t.Parallel()
	const want = "platform/config/deep/x.go:4: the capabilities config -> telemetry -> config import each other in a circle: none of them can be understood or replaced without the others; " +
		"move what both need into one below them"
	files := tree{"platform/config/deep/x.go": "platform/telemetry", "platform/telemetry/deep/x.go": "platform/config"}
	if got := find(t, framework, files); !slices.Equal(got, []string{want}) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for name, files := range map[string]tree{
		"one way":   {"platform/config/deep/x.go": "platform/telemetry", "platform/telemetry/deep/x.go": "platform/unit"},
		"in a test": {"platform/config/deep/x.go": "platform/telemetry", "platform/telemetry/x_test.go": "platform/config"},
		"in itself": {"platform/config/deep/x.go": "platform/config", "platform/config/x.go": "platform/config/other"},
	} {
		if got := find(t, framework, files); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestModulesThatAreNotInTheList(t *testing.T) {
	t.Parallel()
	missing := func(m string) string {
		return "modules/modules_gen.go:1: the module " + m + " is not in the list: the program would start without it; run banyan sync"
	}
	for _, c := range []struct {
		name  string
		files tree
		want  []string
	}{
		{"no modules", tree{"cmd/shop/main.go": "fmt"}, nil},
		{"all in the list", tree{"modules/modules_gen.go": "modules/a/awire modules/b/bwire", "modules/a/awire/x.go": "fmt", "modules/b/bwire/x.go": "fmt"}, nil},
		{"one missing", tree{"modules/modules_gen.go": "modules/a/awire", "modules/a/awire/x.go": "fmt", "modules/b/bwire/x.go": "fmt"}, []string{missing("b")}},
		{"no list", tree{"modules/a/awire/x.go": "fmt"}, []string{missing("a")}},
		{"named elsewhere alone", tree{"modules/other.go": "modules/a/awire", "modules/a/awire/x.go": "fmt"}, []string{missing("a")}},
		{"the wiring of another tree", tree{"modules/modules_gen.go": "example.com/other/modules/a/awire", "modules/a/awire/x.go": "fmt"}, []string{missing("a")}},
		{"a folder without wiring", tree{"modules/modules_gen.go": "fmt", "modules/notes/x.go": "fmt"}, nil},
		{"a file that is called like wiring", tree{"modules/modules_gen.go": "fmt", "modules/a/awire": "text"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := find(t, "example.com/shop", c.files); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}
