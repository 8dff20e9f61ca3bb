package main

import (
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/record"
)

// outcome is what a command that writes prints.
type outcome struct {
	Written bool     `json:"written"` // false when there was nothing to do, and with --dry-run
	Changes []change `json:"changes"`
	// First is what has to be done before the changes are used, and Next what after; both may be empty.
	First string `json:"first"`
	Next  string `json:"next"`

	checked bool // by the compiler
}

// change is a file that is written or removed.
type change struct {
	Path string `json:"path"` // with slashes, relative to the project
	What string `json:"what"` // new, edit, derive or gone
	Diff string `json:"diff"` // with --dry-run
}

// writes gives a command the flags of those that write files of a project.
func (c *command) writes(cmd *cobra.Command) *cobra.Command {
	return c.Data(c.Writes(cmd, "show the difference that it would make, and write nothing"))
}

// write writes a plan, unless --dry-run, and says what it wrote: new files by folder, others by name. Dry it shows the whole difference.
func (c *command) write(plan *apply.Plan, o outcome) error {
	c.Warn(plan.Warnings...)
	o.checked, o.Changes = true, []change{}
	for _, each := range plan.Changes {
		o.Changes = append(o.Changes, c.change(each))
	}
	switch {
	case len(o.Changes) == 0:
		o.First, o.Next = "", ""
	case c.DryRun:
		o.Next = "the same without --dry-run"
	default:
		if err := plan.Write(); err != nil {
			return err
		}
		o.Written = true
	}
	return c.Print(o, func(w io.Writer) { c.report(w, o) })
}

func (c *command) change(of apply.Change) change {
	made := change{Path: of.Path, What: "new"}
	switch {
	case of.New == nil:
		made.What = "gone"
	case of.Old != nil && !derive.Derived(of.Path) && !strings.HasPrefix(of.Path, ".banyan/"):
		made.What = "edit"
	case of.Old != nil:
		made.What = "derive"
	}
	if c.DryRun {
		made.Diff = string(difference(of))
	}
	return made
}

// report says what a command has written. The records of the generator are its own business.
func (c *command) report(w io.Writer, o outcome) {
	if len(o.Changes) == 0 {
		fmt.Fprintln(w, "everything is there as it was written; nothing to do")
		return
	}
	var folders [][2]string
	names := map[[2]string][]string{}
	for _, change := range o.Changes {
		if strings.HasPrefix(change.Path, ".banyan/") {
			continue
		}
		fmt.Fprint(w, change.Diff)
		dir, name := path.Split(change.Path)
		if change.What == "derive" || change.What == "edit" {
			dir, name = change.Path, ""
		}
		folder := [2]string{change.What, dir}
		if names[folder] == nil {
			folders = append(folders, folder)
		}
		names[folder] = append(names[folder], name)
	}
	if o.First != "" {
		c.Say(w, "first: ", o.First)
	}
	for _, folder := range folders {
		c.Say(w, fmt.Sprintf("  %-8s", folder[0]), folder[1]+strings.Join(names[folder], ", "))
	}
	if o.checked {
		fmt.Fprintln(w, "  checked: formatted, wired, type-checked with its tests")
	}
	if o.Written {
		c.Say(w, "next:  ", o.Next)
		return
	}
	c.Say(w, "", "nothing was written; next: "+o.Next)
}

// difference shows a change as a patch.
func difference(change apply.Change) []byte {
	from, to := "a/"+change.Path, "b/"+change.Path
	if change.Old == nil {
		from = "/dev/null"
	}
	if change.New == nil {
		to = "/dev/null"
	}
	return diff.Diff(from, change.Old, to, change.New)
}

// generatedResources are those that can be taken back.
func generatedResources(p *project.Project) (names []string, err error) {
	all, err := record.All(p)
	for _, r := range all {
		names = append(names, r.Module+"/"+r.Name)
	}
	return names, err
}
