package archtest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// cyclesOfModules finds circles of modules that call each other. Listening to a module's events is no call, and tests are none.
func cyclesOfModules(edges []edge) []Finding {
	calls := newGraph()
	for _, e := range edges {
		elem := strings.Split(e.from, "/")
		if e.test || elem[0] != "modules" || len(elem) < 2 {
			continue
		}
		if other, foreign := otherModule(e, elem[1]); foreign && e.to == "modules/"+other {
			calls.add(elem[1], other, e)
		}
	}
	return calls.findings(RuleModuleCycle, "the modules %s call each other in a circle", "none of them can be understood, tested or moved without the others",
		"let one of them listen to an event of the other, or join them")
}

// cyclesOfCapabilities finds circles inside a layer of the platform. The go command sees them where packages import each other, and not
// where a package below one capability imports the other.
func cyclesOfCapabilities(edges []edge) []Finding {
	imports := newGraph()
	for _, e := range edges {
		from, fromPlatform := strings.CutPrefix(e.from, "platform/")
		to, toPlatform := strings.CutPrefix(e.to, "platform/")
		if !e.home || e.test || !e.own || !fromPlatform || !toPlatform {
			continue
		}
		from, _, _ = strings.Cut(from, "/")
		to, _, _ = strings.Cut(to, "/")
		if from != to && layer(from) == layer(to) { // the rules refuse the rest of a longer circle
			imports.add(from, to, e)
		}
	}
	return imports.findings(RuleCapabilityCycle, "the capabilities %s import each other in a circle", "none of them can be understood or replaced without the others",
		"move what both need into one below them")
}

// graph is who leads to whom, and the import that does.
type graph struct {
	next map[string][]string
	by   map[[2]string]edge // the first one of each pair
}

func newGraph() graph { return graph{map[string][]string{}, map[[2]string]edge{}} }

func (g graph) add(from, to string, by edge) {
	if !slices.Contains(g.next[from], to) {
		g.next[from] = append(g.next[from], to)
		g.by[[2]string{from, to}] = by
	}
}

// findings returns one for each circle.
func (g graph) findings(rule, what, reason, fix string) []Finding {
	var findings []Finding
	seen := map[string]bool{}
	for _, start := range slices.Sorted(maps.Keys(g.next)) {
		circle := g.circle(start)
		key := strings.Join(slices.Sorted(slices.Values(circle)), " ")
		if circle == nil || seen[key] {
			continue
		}
		seen[key] = true
		circle = append(circle, start)
		by := g.by[[2]string{circle[0], circle[1]}]
		findings = append(findings, Finding{
			Rule: rule, File: by.file, Line: by.line, What: fmt.Sprintf(what, strings.Join(circle, " -> ")), Reason: reason, Fix: fix,
		})
	}
	return findings
}

// circle returns the shortest way from start back to it, nil when there is none.
func (g graph) circle(start string) []string {
	from := map[string]string{}
	for queue := []string{start}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		for _, next := range g.next[at] {
			if next == start {
				way := []string{at}
				for ; at != start; way = append(way, at) {
					at = from[at]
				}
				slices.Reverse(way)
				return way
			}
			if _, seen := from[next]; !seen {
				from[next] = at
				queue = append(queue, next)
			}
		}
	}
	return nil
}

// unlisted finds modules that stand in a folder and not in the list, which would be left out of the program in silence.
func unlisted(root string, edges []edge) ([]Finding, error) {
	entries, err := os.ReadDir(filepath.Join(root, "modules"))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var findings []Finding
	for _, entry := range entries {
		m := entry.Name()
		wiring := "modules/" + m + "/" + m + "wire"
		if info, err := os.Stat(filepath.Join(root, filepath.FromSlash(wiring))); err != nil || !info.IsDir() {
			continue
		}
		listed := slices.ContainsFunc(edges, func(e edge) bool { return e.own && e.to == wiring && e.file == "modules/modules_gen.go" })
		if !listed {
			findings = append(findings, Finding{
				Rule: RuleModuleList, File: "modules/modules_gen.go", Line: 1, What: "the module " + m + " is not in the list", Reason: "the program would start without it", Fix: "run banyan sync",
			})
		}
	}
	return findings, nil
}
