package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/dev"
	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/resource"
	"github.com/banyan-go/banyan/platform/cli"
)

func (c *command) generate() *cobra.Command {
	cmd := cli.Group("generate", "Write a module or a resource", c.generateResource(), c.generateModule())
	cmd.Aliases = []string{"g"}
	return cmd
}

func (c *command) generateResource() *cobra.Command {
	var s resource.Spec
	cmd := &cobra.Command{
		Use:   "resource MODULE/NAME FIELD...",
		Short: "Write a resource, with its migrations, operations and tests",
		Long: "Write a resource: contract, rules, store, use cases, operations, migrations for both dialects, wiring, load test, seed and tests. " +
			"The module is made when it is not there.\n\n" +
			"A field is name:type or name:type:modifier,modifier=value.\n\n" +
			"Types: " + types() + "\n\n" +
			"Modifiers: " + strings.Join(field.Modifiers(), " "),
		Example: "  banyan generate resource catalog/product sku:string:required,unique,max=64 name:string:required,search price:money " +
			"active:bool:default=true,filter released:date:null\n" +
			"  banyan g resource catalog/offer code:slug:unique discount:decimal=5.2:min=0,max=100,sort status:enum=draft+live:default=draft,filter\n" +
			"  banyan g resource shop/order number:string:required placed:time:sort --unique number+placed --path orders\n" +
			"  banyan g resource catalog/review text:text:required --auth session   # whoever is signed in reads, the role admin writes\n" +
			"  banyan g resource catalog/article title:string:required,search --auth session --read public   # everybody reads, the role admin writes\n" +
			"  banyan g resource catalog/brand name:string:required,unique,search --cache 1m",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: c.completeFirst(modulesToFill),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if s.Module, s.Name, err = split(cmd, args[0]); err != nil {
				return err
			}
			s.Fields = args[1:]
			if err := s.Check(); err != nil {
				return cli.Exit(cli.Usage, cmd.CommandPath()+" --help", err)
			}
			p, unlock, err := c.locked()
			if err != nil {
				return err
			}
			defer unlock()
			plan, err := generator.Resource(cmd.Context(), p, s, time.Now(), c.Progress())
			if err != nil {
				return err
			}
			return c.write(plan, outcome{Next: toSee(p)})
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.Path, "path", "", "last part of the address (default: the plural of NAME)")
	f.StringArrayVar(&s.Index, "index", nil, "index over several fields, `A+B`; may be given again")
	f.StringArrayVar(&s.Unique, "unique", nil, "unique index over several fields, `A+B`; may be given again")
	f.StringVar(&s.ShardBy, "shard-by", "", "`FIELD` whose values divide the rows among databases, one day; it becomes required, immutable and a filter")
	f.StringVar((*string)(&s.Auth), "auth", "", strings.Join(resource.Auths(), ", ")+": who may call it (default: session where users can sign in, else public)")
	f.StringVar((*string)(&s.Read), "read", "", "public: everybody may read it, and --auth says who writes (default: --auth says both)")
	f.StringVar((*string)(&s.Cache), "cache", "", "keep what was read for this `TIME`, 1s to 24h; a change ends it at once (default: nothing is kept)")
	f.BoolVar(&s.SoftDelete, "soft-delete", false, "keep the rows that are deleted, and hide them")
	f.BoolVar(&s.RequireMatch, "require-match", false, "refuse changes and deletions without If-Match")
	_ = cmd.RegisterFlagCompletionFunc("auth", cli.Complete(resource.Auths)) // the flag is there
	_ = cmd.RegisterFlagCompletionFunc("read", cli.Complete(resource.Reads))
	return c.writes(cmd)
}

// toSee is what somebody does to see a new resource. An application that dev keeps running is built again by itself.
func toSee(p *project.Project) string {
	docs := "banyan dev, then http://localhost:8080/docs"
	if url := dev.Serves(p); url != "" {
		docs = url + "/docs, once banyan dev has built it again"
	}
	return docs + "; rows to look at: banyan db seed --rows 100"
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
		case field.Ref:
			word = "ref=post"
		case field.XRef:
			word = "xref=accounts.user"
		case field.Image:
			word = "image=thumb.320+hero.1280"
		}
		words = append(words, word)
	}
	return strings.Join(append(words, "many=comment"), " ")
}

func (c *command) generateModule() *cobra.Command {
	return c.writes(&cobra.Command{
		Use:               "module NAME",
		Short:             "Write an empty module",
		Example:           "  banyan g module billing",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, unlock, err := c.locked()
			if err != nil {
				return err
			}
			defer unlock()
			plan, err := generator.Module(cmd.Context(), p, args[0], c.Progress())
			if err != nil {
				return err
			}
			return c.write(plan, outcome{Next: "banyan generate resource " + args[0] + "/thing name:string:required,search"})
		},
	})
}

func (c *command) sync() *cobra.Command {
	return c.writes(&cobra.Command{
		Use:     "sync",
		Short:   "Rebuild what is derived: the list of modules and the wiring",
		Example: "  git merge main && banyan sync",
		Args:    cli.NoWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, unlock, err := c.locked()
			if err != nil {
				return err
			}
			defer unlock()
			plan, err := generator.Sync(cmd.Context(), p, c.Progress())
			if err != nil {
				return err
			}
			return c.write(plan, outcome{Next: "banyan test"})
		},
	})
}

// completeFirst offers names of the project for the first argument.
func (c *command) completeFirst(names func(*project.Project) ([]string, error)) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		var found []string
		if p, err := c.project(); err == nil && len(args) == 0 {
			found, _ = names(p) // a shell has no place for an error
		}
		directive := cobra.ShellCompDirectiveNoFileComp
		if len(found) > 0 && strings.HasSuffix(found[0], "/") { // the half of an argument
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		return found, directive
	}
}

// modulesToFill are the first halves of MODULE/NAME.
func modulesToFill(p *project.Project) ([]string, error) {
	modules, err := p.Modules()
	for i := range modules {
		modules[i] += "/"
	}
	return modules, err
}
