package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/generator/check"
)

// errFindings ends a check that has printed problems.
var errFindings = errors.New("the check found problems")

func (c *cli) check() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Look for what is wrong, as far as it can be seen without a running system",
		Long: "Look for what is wrong, as far as it can be seen without a running system: imports and cycles of modules, derived files, the\n" +
			"configuration of each profile, public routes that write, migrations. Nothing is changed.\n\n" +
			"Exit code 3 when there are problems; notes are none. docs/reference/check.md of Banyan lists the rules.",
		Example: "  banyan check\n  banyan check --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := c.project()
			if err != nil {
				return err
			}
			findings, err := check.Run(cmd.Context(), p, c.progress())
			if err != nil {
				return err
			}
			if asJSON {
				err = check.JSON(c.out, findings)
			} else {
				check.Text(c.out, findings)
			}
			if err == nil && check.Problems(findings) > 0 {
				err = errFindings
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the findings as a JSON array")
	return cmd
}
