package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/record"
	"github.com/banyan-go/banyan/platform/cli"
)

func (c *command) destroy() *cobra.Command {
	cmd := cli.Group("destroy", "Take back a resource or a module that was generated", c.destroyResource(), c.destroyModule())
	cmd.Long = "Take back a resource or a module that was generated: the files that no hand has changed since. Where one has been changed, nothing is " +
		"removed. A migration that git has stays, and gets one that undoes it; another one goes."
	return cmd
}

func (c *command) destroyResource() *cobra.Command {
	return c.writes(&cobra.Command{
		Use:               "resource MODULE/NAME",
		Short:             "Take back a resource",
		Example:           "  banyan destroy resource catalog/product --dry-run\n  banyan destroy resource catalog/product",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: c.completeFirst(generatedResources),
		RunE: func(cmd *cobra.Command, args []string) error {
			module, name, err := split(cmd, args[0])
			if err != nil {
				return err
			}
			p, unlock, err := c.locked()
			if err != nil {
				return err
			}
			defer unlock()
			d, err := generator.DestroyResource(cmd.Context(), p, module, name, time.Now(), c.Progress())
			if err != nil {
				return err
			}
			o := outcome{Next: "banyan test"}
			if d.Down > 0 {
				o.Next = "banyan test; release that; then say in the new migration why nothing needs the table (-- banyan:contract why), and release it"
			}
			if d.Applied > 0 {
				o.First = fmt.Sprintf("banyan migrate down --module %s, where a database has run the migration that goes; or banyan db reset, which starts afresh", module)
			}
			return c.write(d.Plan, o)
		},
	})
}

func (c *command) destroyModule() *cobra.Command {
	return c.writes(&cobra.Command{
		Use:               "module NAME",
		Short:             "Take back a module without resources",
		Example:           "  banyan destroy module billing",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: c.completeFirst(record.Modules),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, unlock, err := c.locked()
			if err != nil {
				return err
			}
			defer unlock()
			d, err := generator.DestroyModule(cmd.Context(), p, args[0], c.Progress())
			if err != nil {
				return err
			}
			return c.write(d.Plan, outcome{Next: "banyan test"})
		},
	})
}

// split takes MODULE/NAME apart.
func split(cmd *cobra.Command, arg string) (module, name string, err error) {
	module, name, ok := strings.Cut(arg, "/")
	if !ok {
		err = cli.Exit(cli.Usage, cmd.CommandPath()+" --help", fmt.Errorf("%q names no module; write MODULE/NAME, catalog/product for instance", arg))
	}
	return module, name, err
}
