package archtest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// cycles finds circles of modules that call each other. Listening to a module's events is no call, and tests are none.
func cycles(edges []edge) []Finding {
	calls := map[string][]string{}
	for _, e := range edges {
		elem := strings.Split(e.from, "/")
		if e.test || elem[0] != "modules" || len(elem) < 2 {
			continue
		}
		if other, foreign := otherModule(e, elem[1]); foreign && e.to == "modules/"+other && !slices.Contains(calls[elem[1]], other) {
			calls[elem[1]] = append(calls[elem[1]], other)
		}
	}
	var findings []Finding
	seen := map[string]bool{}
	for _, start := range sortedKeys(calls) {
		if circle := circleFrom(start, start, calls, nil); circle != nil {
			key := strings.Join(slices.Sorted(slices.Values(circle)), " ")
			if !seen[key] {
				seen[key] = true
				findings = append(findings, Finding{
					What:   fmt.Sprintf("the modules %s call each other in a circle", strings.Join(append(circle, circle[0]), " -> ")),
					Reason: "none of them can be understood, tested or moved without the others",
					Fix:    "let one of them listen to an event of the other, or join them",
				})
			}
		}
	}
	return findings
}

func circleFrom(start, at string, calls map[string][]string, path []string) []string {
	path = append(slices.Clone(path), at)
	for _, next := range calls[at] {
		if next == start {
			return path
		}
		if !slices.Contains(path, next) {
			if circle := circleFrom(start, next, calls, path); circle != nil {
				return circle
			}
		}
	}
	return nil
}

func sortedKeys(m map[string][]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
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
				File: "modules/modules_gen.go", Line: 1, What: "the module " + m + " is not in the list", Reason: "the program would start without it", Fix: "run banyan sync",
			})
		}
	}
	return findings, nil
}
