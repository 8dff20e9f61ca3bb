package generator

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/name"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/record"
	"github.com/banyan-go/banyan/generator/resource"
)

// ContractError means that a resource cannot be referred to, because its contract has not what the other side asks.
type ContractError struct {
	File    string // of the contract
	Missing string // the interface, or the methods that it has not
}

func (e *ContractError) Error() string {
	return fmt.Sprintf("%s has no %s, which whoever refers to it asks: write it as a new resource has it", e.File, e.Missing)
}

// CircleError means that modules would ask each other in a circle.
type CircleError struct {
	Way []string // from the module that is referred to back to the one that refers
}

func (e *CircleError) Error() string {
	return fmt.Sprintf("modules would call each other in a circle: %s by this field, and %s already; let one of the two listen to an event of the other, or join them",
		e.Way[len(e.Way)-1]+" calls "+e.Way[0], strings.Join(e.Way, " calls "))
}

// checkTargets looks whether what a resource refers to is there and can be asked.
func checkTargets(p *project.Project, s resource.Spec, others []resource.Spec) error {
	if _, err := s.View(p.Module, derive.Platform, others...); err != nil {
		return err
	}
	disk := &derive.Disk{Project: p}
	calls, err := derive.Calls(disk, p.Module)
	if err != nil {
		return err
	}
	for _, target := range s.Targets() {
		if err := checkContract(disk, target[0], target[1]); err != nil {
			return err
		}
		if target[0] == s.Module {
			continue
		}
		if circle := way(calls, target[0], s.Module); circle != nil {
			return &CircleError{Way: circle}
		}
	}
	return nil
}

// checkContract looks for what is asked of a resource in the contract of its module, which a team may have changed.
func checkContract(r derive.Reader, module, resourceName string) error {
	file := "modules/" + module + "/" + resourceName + ".go"
	src, err := r.Read(file)
	if err != nil {
		return err
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("read the contract of %s: %w", module, err)
	}
	want := name.New(name.Plural(resourceName)).Pascal
	missing := []string{"ByIDs", "Latest"}
	found := false
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || spec.Name.Name != want {
			return true
		}
		if i, ok := spec.Type.(*ast.InterfaceType); ok {
			found = true
			for _, m := range i.Methods.List {
				missing = slices.DeleteFunc(missing, func(name string) bool { return len(m.Names) == 1 && m.Names[0].Name == name })
			}
		}
		return false
	})
	switch {
	case !found:
		return &ContractError{file, "interface " + want}
	case len(missing) > 0:
		return &ContractError{file, "method " + strings.Join(missing, " and no method ") + " in " + want}
	default:
		return nil
	}
}

// way returns the shortest way along calls, nil when there is none.
func way(calls map[string][]string, from, to string) []string {
	ways := [][]string{{from}}
	seen := map[string]bool{from: true}
	for len(ways) > 0 {
		w := ways[0]
		ways = ways[1:]
		if w[len(w)-1] == to {
			return w
		}
		for _, next := range calls[w[len(w)-1]] {
			if !seen[next] {
				seen[next] = true
				ways = append(ways, append(slices.Clone(w), next))
			}
		}
	}
	return nil
}

// behind returns now, or a second after the last migration of what s refers to in its module, whichever is later: tables that foreign keys lead
// to are made first, whatever clock they were made by.
func behind(now time.Time, s resource.Spec, others []resource.Spec) time.Time {
	for _, target := range s.Targets() {
		for _, o := range others {
			if o.Module != s.Module || o.Module != target[0] || o.Name != target[1] {
				continue
			}
			made, err := time.Parse(versionLayout, strconv.FormatInt(o.Migration, 10))
			if err == nil && !now.After(made) {
				now = made.Add(time.Second)
			}
		}
	}
	return now
}

// unreferred refuses to take a resource away that others refer to.
func unreferred(p *project.Project, module, resourceName string) error {
	all, err := record.All(p)
	if err != nil {
		return err
	}
	for _, r := range all {
		if slices.Contains(r.Targets(), [2]string{module, resourceName}) {
			by := r.Module + "/" + r.Name
			return &InUseError{module + "/" + resourceName, by + " refers to it; banyan destroy resource " + by}
		}
	}
	return nil
}
