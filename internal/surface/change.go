package surface

import (
	"fmt"
	"slices"
	"strings"
)

// Change is one identifier whose line is not what was written down.
type Change struct {
	Name     string // PACKAGE.NAME
	Old, New string // what it was and is; "" where there was or is none
}

// Compare returns what has changed between two texts, sorted by name.
func Compare(before, after []string) []Change {
	was, is := byName(before), byName(after)
	var all []Change
	for name, old := range was {
		if is[name] != old {
			all = append(all, Change{Name: name, Old: old, New: is[name]})
		}
	}
	for name, now := range is {
		if _, ok := was[name]; !ok {
			all = append(all, Change{Name: name, New: now})
		}
	}
	slices.SortFunc(all, func(a, b Change) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func byName(lines []string) map[string]string {
	m := make(map[string]string, len(lines))
	for _, line := range lines {
		name, what, _ := strings.Cut(line, " ")
		m[name] = what
	}
	return m
}

// Compatible reports whether code that compiled before compiles still, as semantic versioning has it and the Go 1 promise narrows it: struct
// literals name their fields, and nobody depends on a name that is new.
func (c Change) Compatible() bool {
	return c.Old == "" || strings.TrimSuffix(c.Old, deprecatedMark) == strings.TrimSuffix(c.New, deprecatedMark) || widened(c.Old, c.New)
}

// widened reports whether an interface that only its own package can implement has lost no method.
func widened(before, after string) bool {
	was, is := methods(before), methods(after)
	return slices.Contains(was, unexportedMethods) && !slices.ContainsFunc(was, func(m string) bool { return m != unexportedMethods && !slices.Contains(is, m) })
}

func methods(what string) []string {
	body, _ := strings.CutPrefix(strings.TrimSuffix(what, deprecatedMark), "type interface{ ")
	return strings.Split(strings.TrimSuffix(body, " }"), "; ")
}

// String says what happened to whom, and shows a line that was replaced before the one that is there now.
func (c Change) String() string {
	kind := "compatible  "
	if !c.Compatible() {
		kind = "INCOMPATIBLE"
	}
	switch {
	case c.Old == "":
		return fmt.Sprintf("%s  added    %s %s", kind, c.Name, c.New)
	case c.New == "" && strings.HasSuffix(c.Old, deprecatedMark):
		return fmt.Sprintf("%s  removed  %s, which was deprecated", kind, c.Name)
	case c.New == "":
		return fmt.Sprintf("%s  removed  %s, which was not deprecated: %s", kind, c.Name, c.Old)
	default:
		return fmt.Sprintf("%s  changed  %s\n  - %s\n  + %s", kind, c.Name, c.Old, c.New)
	}
}
