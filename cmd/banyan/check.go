package main

import (
	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/generator/check"
	"github.com/banyan-go/banyan/platform/cli"
)

func (c *command) check() *cobra.Command {
	return c.Data(&cobra.Command{
		Use:   "check",
		Short: "Look for what is wrong, without a running system",
		Long: "Look for what is wrong, as far as it can be seen without a running system: imports and cycles of modules, derived files, the " +
			"configuration of each profile, public routes that write, migrations. Nothing is changed.\n\n" +
			"Exit code 3 when there are problems; notes are none. docs/reference/check.md of Banyan lists the rules.",
		Example: "  banyan check\n  banyan check --json",
		Args:    cli.NoWords,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := c.project()
			if err != nil {
				return err
			}
			findings, err := check.Run(cmd.Context(), p, c.Progress())
			if err != nil {
				return err
			}
			if c.JSON {
				err = check.JSON(c.Out, findings)
			} else {
				check.Text(c.Out, findings)
			}
			if err == nil && check.Problems(findings) > 0 {
				err = cli.Exit(cli.Findings, "", nil)
			}
			return err
		},
	})
}
