package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/generator"
)

func (c *cli) destroy() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "destroy",
		Short: "Take back a resource or a module that was generated",
		Long: "Take back a resource or a module that was generated: the files that no hand has changed since. Where one has been changed, nothing is removed.\n" +
			"A migration that git has stays, and gets one that undoes it; another one goes.",
		Example: "  banyan destroy resource catalog/product --dry-run\n  banyan destroy module billing",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return &usageError{errors.New("destroy what?"), "banyan destroy --help"}
		},
	}
	cmd.AddCommand(c.destroyResource(), c.destroyModule())
	return cmd
}

func (c *cli) destroyResource() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:               "resource MODULE/NAME",
		Short:             "Take back a resource",
		Example:           "  banyan destroy resource catalog/product",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: c.completeModules,
		RunE: func(cmd *cobra.Command, args []string) error {
			module, name, ok := strings.Cut(args[0], "/")
			if !ok {
				return &usageError{fmt.Errorf("%q names no module; write MODULE/NAME, catalog/product for instance", args[0]), "banyan destroy resource --help"}
			}
			p, unlock, err := c.locked()
			if err != nil {
				return err
			}
			defer unlock()
			d, err := generator.DestroyResource(cmd.Context(), p, module, name, time.Now(), c.progress())
			if err != nil {
				return err
			}
			next := "banyan test"
			if d.Down > 0 {
				next = "banyan test; release that; then say in the new migration why nothing needs the table (-- banyan:contract why), and release it"
			}
			if d.Applied > 0 {
				fmt.Fprintf(c.out, "first: banyan migrate down --module %s, where a database has run the migration that goes; or banyan db reset, which starts afresh\n", module)
			}
			return c.write(d.Plan, dry, next)
		},
	}
	dryRun(cmd, &dry)
	return cmd
}

func (c *cli) destroyModule() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:     "module NAME",
		Short:   "Take back a module without resources",
		Example: "  banyan destroy module billing",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, unlock, err := c.locked()
			if err != nil {
				return err
			}
			defer unlock()
			d, err := generator.DestroyModule(cmd.Context(), p, args[0], c.progress())
			if err != nil {
				return err
			}
			return c.write(d.Plan, dry, "banyan test")
		},
	}
	dryRun(cmd, &dry)
	return cmd
}
