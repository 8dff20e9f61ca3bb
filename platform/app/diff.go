package app

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/cli"
	"github.com/banyan-go/banyan/platform/config"
)

// implementation is the code behind a value of a setting.
type implementation struct {
	Symbol string `json:"symbol"` // the function where its work begins: "sqlite.Driver.Open"
	At     string `json:"at"`     // where that stands: "platform/db/sqlite/sqlite.go:49"
}

// implementation returns what a value of a setting picks, nil when that is not compiled in, and whether the setting picks anything.
// It looks into the table that a start picks from, and asks the program itself where the function stands.
func (d Drivers) implementation(key, value string) (found *implementation, picks bool) {
	for field, table := range reflect.ValueOf(d).Fields() {
		if field.Tag.Get("picked") != key {
			continue
		}
		driver := table.MapIndex(reflect.ValueOf(value))
		if !driver.IsValid() {
			return nil, true
		}
		return functionOf(driver.Elem().Type(), field.Tag.Get("begins")), true
	}
	return nil, false
}

// functionOf returns where a method of a type stands.
func functionOf(t reflect.Type, name string) *implementation {
	method, found := t.MethodByName(name)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
		if own, ok := t.MethodByName(name); ok { // of which the pointer's is a wrapper that stands nowhere
			method = own
		}
	}
	if !found {
		return &implementation{Symbol: t.String(), At: t.PkgPath()}
	}
	pc := method.Func.Pointer()
	function := runtime.FuncForPC(pc)
	file, line := function.FileLine(pc)
	return &implementation{
		Symbol: path.Base(function.Name()),
		At:     inTree(path.Join(t.PkgPath(), filepath.Base(file))) + ":" + strconv.Itoa(line),
	}
}

// inTree returns a file of the application, or of the framework, as it is called in their trees.
func inTree(file string) string {
	framework, _ := strings.CutSuffix(reflect.TypeFor[App]().PkgPath(), "platform/app")
	file = strings.TrimPrefix(file, framework)
	if info, ok := debug.ReadBuildInfo(); ok {
		file = strings.TrimPrefix(file, info.Main.Path+"/")
	}
	return file
}

// change is a line of the command config diff.
type change struct {
	Key    string `json:"key"`
	A      side   `json:"a"`
	B      side   `json:"b"`
	Secret bool   `json:"secret"`
	// Picks says that the values pick implementations.
	Picks bool `json:"picks"`
}

// side is what one of the two profiles says.
type side struct {
	Value  string          `json:"value"`
	Origin string          `json:"origin"`         // empty when the key is not there
	Code   *implementation `json:"code,omitempty"` // nil when there is none, or when it is not compiled in
}

func (l *launcher) configDiff() *cobra.Command {
	c := command("diff A B", "Compare the effective settings of two profiles, and say what changes in code", fmt.Sprintf("  %[1]s config diff single cached\n  %[1]s config diff cached replicated --json", l.called()), func(_ *cobra.Command, names []string) error {
		a, err := l.settingsOf(names[0])
		if err != nil {
			return err
		}
		b, err := l.settingsOf(names[1])
		if err != nil {
			return err
		}
		l.Warn(a.Warnings...)
		application, err := a.build(l.complete(Env{Describe: true}))
		if err != nil {
			return err
		}
		changes := application.platform.drivers.changes(a.Diff(b.Loaded))
		return l.Print(changes, func(w io.Writer) {
			if len(changes) == 0 {
				l.Note("%s and %s have the same settings", names[0], names[1])
				return
			}
			lines := [][]string{{"KEY", names[0], names[1], "WHAT CHANGES IN CODE"}}
			for _, c := range changes {
				lines = append(lines, c.lines()...)
			}
			l.Table(w, lines...)
		})
	})
	c.ValidArgsFunction = l.completeProfiles
	c.Args = func(cmd *cobra.Command, names []string) error {
		if len(names) != 2 {
			return fmt.Errorf("%s wants the names of two profiles", cmd.CommandPath())
		}
		return nil
	}
	return l.Data(c)
}

// settingsOf loads the configuration under a profile that an argument names.
func (l *launcher) settingsOf(profile string) (*settled, error) {
	o := l.options()
	o.Profile, o.ProfileFrom = profile, "argument"
	s, err := l.load(o)
	problems, _ := errors.AsType[config.Problems](err)
	if i := slices.IndexFunc(problems, func(p config.Problem) bool { return p.Where == o.ProfileFrom }); i >= 0 {
		return nil, cli.Exit(cli.Usage, "", errors.New(problems[i].String()))
	}
	return s, err
}

// changes says of differences what they change in code.
func (d Drivers) changes(differences []config.Difference) []change {
	changes := []change{}
	for _, each := range differences {
		c := change{
			Key: each.Key, Secret: each.A.Secret || each.B.Secret,
			A: side{Value: each.A.Value, Origin: each.A.Origin}, B: side{Value: each.B.Value, Origin: each.B.Origin},
		}
		c.A.Code, c.Picks = d.implementation(each.Key, each.A.Value)
		c.B.Code, _ = d.implementation(each.Key, each.B.Value)
		changes = append(changes, c)
	}
	return changes
}

// lines are those of a table. What changes in code takes several.
func (c change) lines() [][]string {
	first := []string{c.Key, shown(c.A), shown(c.B)}
	if !c.Picks {
		return [][]string{first}
	}
	to := c.B.Code.lines()
	to[0] = "-> " + to[0]
	var lines [][]string
	for i, text := range append(c.A.Code.lines(), to...) {
		if i > 0 {
			first = []string{"", "", ""}
		}
		lines = append(lines, append(first, text))
	}
	return lines
}

// shown writes a value so that it can be seen that it is empty, or not there.
func shown(s side) string {
	if s.Origin == "" {
		return "-"
	}
	return cmp.Or(s.Value, `""`)
}

// lines says in lines of a table what an implementation is.
func (i *implementation) lines() []string {
	if i == nil {
		return []string{"not compiled in"}
	}
	return []string{i.Symbol, i.At}
}
