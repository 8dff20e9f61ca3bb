package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/generator/dev"
	"github.com/banyan-go/banyan/generator/suite"
)

func (c *cli) dev() *cobra.Command {
	return &cobra.Command{
		Use:   "dev [-- FLAGS OF serve]",
		Short: "Run the application with reload, on embedded defaults",
		Long: "Run the application in mode dev: on this machine alone, migrated at the start, with a page at / that lists what there is.\n" +
			"When a file changes it is built again and started beside the one that runs, whose place it takes when it serves: the port stays open and\n" +
			"no request fails. While it does not build or start the last good one goes on, and the reason is in the terminal and on the page.",
		Example: "  banyan dev\n  banyan dev -- --addr :9000 --ops-addr 127.0.0.1:9001",
		Args: func(cmd *cobra.Command, args []string) error {
			if dash := cmd.ArgsLenAtDash(); len(args) > 0 && dash != 0 {
				return fmt.Errorf("%s: flags of the application stand behind --, and there are no other arguments", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := c.project()
			if err != nil {
				return err
			}
			if c.noColor {
				args = append(args, "--no-color")
			}
			return dev.Run(cmd.Context(), p, args, c.out, c.err, c.progress())
		},
	}
}

func (c *cli) test() *cobra.Command {
	var servers string
	cmd := &cobra.Command{
		Use:   "test [PACKAGES] [-- FLAGS OF go test]",
		Short: "Run the tests",
		Long: "Run the tests. Some of them want a program that may not be here: a browser, a linter. With --servers auto they are left out, and\n" +
			"listed at the end with the command that installs what is missing; install installs it first; require fails without.",
		Example: "  banyan test\n  banyan test ./modules/catalog/...\n  banyan test --servers require -- -race",
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := c.project()
			if err != nil {
				return err
			}
			mode, err := suite.ParseMode(servers)
			if err != nil {
				return &usageError{err, "banyan test --help"}
			}
			packages, flags := args, []string(nil)
			if dash := cmd.ArgsLenAtDash(); dash >= 0 {
				packages, flags = args[:dash], args[dash:]
			}
			return suite.Run(cmd.Context(), p, suite.Options{Mode: mode, Packages: packages, Flags: flags, Out: c.out, Err: c.err})
		},
	}
	cmd.Flags().StringVar(&servers, "servers", "auto", "auto, install or require")
	return cmd
}
