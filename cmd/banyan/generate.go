package main

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/resource"
)

func (c *cli) generate() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "generate",
		Aliases: []string{"g"},
		Short:   "Write a module or a resource",
		Example: "  banyan generate resource catalog/product name:string:required,search price:money\n  banyan generate module billing",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return &usageError{errors.New("generate what?"), "banyan generate --help"}
		},
	}
	cmd.AddCommand(c.generateResource(), c.generateModule())
	return cmd
}

func (c *cli) generateResource() *cobra.Command {
	var s resource.Spec
	var dry bool
	cmd := &cobra.Command{
		Use:   "resource MODULE/NAME FIELD...",
		Short: "Write a resource: contract, rules, store, use cases, operations, migrations, tests",
		Long: "Write a resource: contract, rules, store, use cases, operations, migrations for both dialects, wiring, load test, seed and tests.\n" +
			"The module is made when it is not there.\n\n" +
			"A field is name:type or name:type:modifier,modifier=value.\n" +
			"Types:     " + types() + "\n" +
			"Modifiers: " + strings.Join(field.Modifiers(), " "),
		Example: "  banyan generate resource catalog/product sku:string:required,unique,max=64 name:string:required,search price:money \\\n" +
			"      active:bool:default=true,filter released:date:null\n" +
			"  banyan g resource catalog/offer code:slug:unique discount:decimal=5.2:min=0,max=100,sort status:enum=draft+live:default=draft,filter\n" +
			"  banyan g resource shop/order number:string:required placed:time:sort --unique number+placed --path orders",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: c.completeModules,
		RunE: func(cmd *cobra.Command, args []string) error {
			var ok bool
			if s.Module, s.Name, ok = strings.Cut(args[0], "/"); !ok {
				return &usageError{fmt.Errorf("%q names no module; write MODULE/NAME, catalog/product for instance", args[0]), "banyan generate resource --help"}
			}
			s.Fields = args[1:]
			if err := s.Check(); err != nil {
				return &usageError{err, "banyan generate resource --help"}
			}
			p, unlock, err := c.locked()
			if err != nil {
				return err
			}
			defer unlock()
			plan, err := generator.Resource(cmd.Context(), p, s, time.Now(), c.progress())
			if err != nil {
				return err
			}
			return c.write(plan, dry, "banyan dev, then http://localhost:8080/docs; rows to look at: banyan db seed --rows 100")
		},
	}
	f := cmd.Flags()
	dryRun(cmd, &dry)
	f.StringVar(&s.Path, "path", "", "last part of the address (default: the plural of NAME)")
	f.StringArrayVar(&s.Index, "index", nil, "index over several fields, a+b; may be given again")
	f.StringArrayVar(&s.Unique, "unique", nil, "unique index over several fields, a+b; may be given again")
	f.BoolVar(&s.SoftDelete, "soft-delete", false, "keep the rows that are deleted, and hide them")
	f.BoolVar(&s.RequireMatch, "require-match", false, "refuse changes and deletions without the header If-Match")
	return cmd
}

func dryRun(cmd *cobra.Command, dry *bool) {
	cmd.Flags().BoolVar(dry, "dry-run", false, "show the difference that it would make, and write nothing")
}

// completeModules offers the modules of the project, for the first half of MODULE/NAME.
func (c *cli) completeModules(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	p, err := c.project()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	modules, err := p.Modules()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for i := range modules {
		modules[i] += "/"
	}
	return modules, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func types() string {
	var words []string
	for _, t := range field.Types() {
		word := string(t)
		switch t {
		case field.Decimal:
			word = "decimal=12.2"
		case field.Enum:
			word = "enum=a+b"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func (c *cli) generateModule() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:     "module NAME",
		Short:   "Write an empty module",
		Example: "  banyan g module billing",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, unlock, err := c.locked()
			if err != nil {
				return err
			}
			defer unlock()
			plan, err := generator.Module(cmd.Context(), p, args[0], c.progress())
			if err != nil {
				return err
			}
			return c.write(plan, dry, "banyan generate resource "+args[0]+"/thing name:string:required,search")
		},
	}
	dryRun(cmd, &dry)
	return cmd
}

func (c *cli) sync() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:     "sync",
		Short:   "Rebuild what is derived: the list of modules and the wiring",
		Example: "  git merge main && banyan sync",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, unlock, err := c.locked()
			if err != nil {
				return err
			}
			defer unlock()
			plan, err := generator.Sync(cmd.Context(), p, c.progress())
			if err != nil {
				return err
			}
			return c.write(plan, dry, "banyan test")
		},
	}
	dryRun(cmd, &dry)
	return cmd
}

// write writes a plan, unless dry, and says what it wrote: new files by folder, derived ones by name. Dry it shows the whole difference.
func (c *cli) write(plan *apply.Plan, dry bool, next string) error {
	if len(plan.Changes) == 0 {
		fmt.Fprintln(c.out, "everything is there as it would be written; nothing to do")
		return nil
	}
	if dry {
		for _, change := range plan.Changes {
			if !strings.HasPrefix(change.Path, ".banyan/") {
				_, _ = c.out.Write(difference(change))
			}
		}
	} else if err := plan.Write(); err != nil {
		return err
	}
	c.report(plan)
	if dry {
		fmt.Fprintln(c.out, "nothing was written; next: the same without --dry-run")
		return nil
	}
	fmt.Fprintln(c.out, "next:  "+next)
	return nil
}

// report says what a plan does. The records of the generator are its own business.
func (c *cli) report(plan *apply.Plan) {
	var folders []string
	names := map[string][]string{}
	for _, change := range plan.Changes {
		dir, name := path.Split(change.Path)
		verb := "new   "
		switch {
		case strings.HasPrefix(change.Path, ".banyan/"):
			continue
		case change.New == nil:
			verb = "gone  "
		case change.Old != nil:
			fmt.Fprintf(c.out, "  derive  %s\n", change.Path)
			continue
		}
		line := verb + "  " + dir
		if names[line] == nil {
			folders = append(folders, line)
		}
		names[line] = append(names[line], name)
	}
	for _, line := range folders {
		fmt.Fprintf(c.out, "  %s%s\n", line, strings.Join(names[line], ", "))
	}
	fmt.Fprintln(c.out, "  checked: formatted, wired, type-checked with its tests")
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
