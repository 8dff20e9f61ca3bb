package apptest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gofrs/flock"

	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/module"
)

// The environment, as `banyan test` sets it.
const (
	budgetVar     = "BANYAN_BUDGET"     // "update" where the golden files are to be raised to what is seen
	unbudgetedVar = "BANYAN_UNBUDGETED" // file to which a line is added for each route that a golden file does not have: the folder, a tab, the route
)

// goldenFile is where a module keeps what its routes cost.
const goldenFile = "testdata/queries.golden"

// goldenHead is its first line.
const goldenHead = "# Statements of one request, at most, by route. `banyan test --budget update` writes this file.\n"

// golden is the golden file of a module: for each route the request that ran the most statements. Only more than that is wrong, so it does not
// matter which tests run, nor in which order; and it names statements by what is the same on every engine. What it does not have, a route that
// is new for instance, is no more than noted: a resource that has just been generated passes its tests.
type golden struct {
	dir    string // of the module
	path   string
	routes map[string]bool // the operations of the module, by their paths
	update bool

	mu   sync.Mutex
	seen costs // for update, or noted
	want costs
}

// cost is the statements of a request.
type cost struct {
	count int
	kinds []string // "1 SELECT catalog_products", sorted
}

// costs are those of routes.
type costs map[string]cost

// goldenOf returns the golden file of a module whose folder the test runs in, nil for other modules.
func goldenOf(t testing.TB, m module.Module) *golden {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(dir) != m.Name() {
		return nil
	}
	g := &golden{dir: dir, path: filepath.Join(dir, filepath.FromSlash(goldenFile)), routes: map[string]bool{}, seen: costs{}}
	for _, r := range module.Routes(m) {
		if !r.IsPage() {
			g.routes[r.FullPath(m.Name())] = true
		}
	}
	switch mode := os.Getenv(budgetVar); mode {
	case "":
	case "update":
		g.update = true
		t.Cleanup(func() {
			if err := g.save(); err != nil {
				t.Error(err)
			}
		})
		return g
	default:
		t.Fatalf("%s is %q: write update, or nothing", budgetVar, mode)
	}
	text, err := os.ReadFile(g.path)
	if err == nil {
		g.want, err = parseCosts(string(text))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s: %v", goldenFile, err)
	}
	return g
}

// see judges a request. The error says what is wrong with it.
func (g *golden) see(r querystat.Report) error {
	if _, path, _ := strings.Cut(r.Origin, " "); !g.routes[path] {
		return nil
	}
	r = ofModules(r)
	g.mu.Lock()
	defer g.mu.Unlock()
	want, known := g.want[r.Origin]
	switch {
	case g.update:
		g.seen.raise(r.Origin, costOf(r))
		return nil
	case !known:
		if _, noted := g.seen[r.Origin]; noted {
			return nil
		}
		g.seen[r.Origin] = cost{}
		return g.note(r.Origin)
	case r.Count > want.count:
		return fmt.Errorf("%s runs %d statements, and %s says %d; these are more\n%s\naccept it with banyan test --budget update, or BANYAN_BUDGET=update go test",
			r.Origin, r.Count, goldenFile, want.count, list(beyond(want, r.Statements)))
	default:
		return nil
	}
}

// ofModules leaves out what the platform asks of its own tables, who calls for instance: that depends on the profile, and on no module.
func ofModules(r querystat.Report) querystat.Report {
	r.Statements = slices.DeleteFunc(slices.Clone(r.Statements), func(s querystat.Statement) bool {
		_, table, _ := strings.Cut(s.Kind, " ")
		if !strings.HasPrefix(table, "platform_") {
			return false
		}
		r.Count -= s.Count
		return true
	})
	return r
}

// note tells who has started the tests of a route that the file does not have.
func (g *golden) note(route string) error {
	path := os.Getenv(unbudgetedVar)
	if path == "" {
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s\t%s\n", g.dir, route)
	return errors.Join(err, f.Close())
}

func costOf(r querystat.Report) cost {
	counts := map[string]int{}
	for _, s := range r.Statements {
		counts[s.Kind] += s.Count
	}
	c := cost{count: r.Count}
	for kind, n := range counts {
		c.kinds = append(c.kinds, strconv.Itoa(n)+" "+kind)
	}
	slices.Sort(c.kinds)
	return c
}

// beyond returns the statements that a cost does not know, all of them when it knows each.
func beyond(want cost, statements []querystat.Statement) (more []querystat.Statement) {
	left := map[string]int{}
	for _, line := range want.kinds {
		n, kind, _ := strings.Cut(line, " ")
		left[kind], _ = strconv.Atoi(n) // parseCosts has read it
	}
	for _, s := range statements {
		known := min(s.Count, left[s.Kind])
		left[s.Kind] -= known
		if s.Count -= known; s.Count > 0 {
			more = append(more, s)
		}
	}
	return more
}

// raise takes over a cost that is above that of its route. Of several the result does not depend on their order.
func (c costs) raise(route string, n cost) {
	old, known := c[route]
	if !known || n.count > old.count || n.count == old.count && slices.Compare(n.kinds, old.kinds) < 0 {
		c[route] = n
	}
}

// save raises the file to what was seen. Other tests of the module do so at the same time.
func (g *golden) save() (err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.seen) == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(g.path), 0o755); err != nil {
		return err
	}
	lock := flock.New(g.path, flock.SetPermissions(0o644)) // which makes the file
	if err := lock.Lock(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	text, err := os.ReadFile(g.path)
	if err != nil {
		return err
	}
	all, err := parseCosts(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", goldenFile, err)
	}
	for route, n := range g.seen {
		all.raise(route, n)
	}
	return os.WriteFile(g.path, []byte(all.String()), 0o644)
}

// String returns the text of the file.
func (c costs) String() string {
	routes := make([]string, 0, len(c))
	for route := range c {
		routes = append(routes, route)
	}
	slices.SortFunc(routes, func(a, b string) int { // what belongs together stands together
		am, ap, _ := strings.Cut(a, " ")
		bm, bp, _ := strings.Cut(b, " ")
		return strings.Compare(ap+" "+am, bp+" "+bm)
	})
	var b strings.Builder
	b.WriteString(goldenHead)
	for _, route := range routes {
		fmt.Fprintf(&b, "%s %d\n", route, c[route].count)
		for _, kind := range c[route].kinds {
			fmt.Fprintf(&b, "  %s\n", kind)
		}
	}
	return b.String()
}

func parseCosts(text string) (costs, error) {
	all := costs{}
	route := ""
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		kind, indented := strings.CutPrefix(line, "  ")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case indented && route != "":
			n, _, _ := strings.Cut(kind, " ")
			if _, err := strconv.Atoi(n); err != nil {
				return nil, fmt.Errorf("line %d: %q does not begin with a number", number, line)
			}
			c := all[route]
			c.kinds = append(c.kinds, kind)
			all[route] = c
		default:
			i := strings.LastIndexByte(line, ' ')
			n, err := strconv.Atoi(line[i+1:])
			if i < 0 || err != nil {
				return nil, fmt.Errorf("line %d: %q is not a route and a number", number, line)
			}
			route = line[:i]
			all[route] = cost{count: n}
		}
	}
	return all, nil
}
