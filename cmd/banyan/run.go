package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/generator/dev"
	"github.com/banyan-go/banyan/generator/suite"
	"github.com/banyan-go/banyan/platform/cli"
)

func (c *command) dev() *cobra.Command {
	var profile string
	var set []string
	cmd := &cobra.Command{
		Use:   "dev [flags] [-- FLAGS OF serve]",
		Short: "Run the application with reload, on embedded defaults",

		DisableFlagsInUseLine: true, // they do not stand behind --
		Long: "Run the application in mode dev: on this machine alone, migrated at the start, with a page at / that lists what there is. " +
			"When a file changes it is built again and started beside the one that runs, whose place it takes when it serves: the port stays open and " +
			"no request fails. While it does not build or start the last good one goes on, and the reason is in the terminal and on the page.",
		Example: "  banyan dev\n  banyan dev --profile cached --set http.body_limit=1MiB\n  banyan dev -- --addr :9000 --ops-addr 127.0.0.1:9001",
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
			return dev.Run(cmd.Context(), p, slices.Concat(c.forServe(profile, set), args), c.Out, c.Err, c.Lines())
		},
	}
	cmd.Flags().StringVar(&profile, "profile", "", "scale profile: `NAME` of a file in configs/profiles")
	cmd.Flags().StringArrayVar(&set, "set", nil, "override a setting, `KEY=VALUE`; may be given again")
	_ = cmd.RegisterFlagCompletionFunc("profile", c.completeProfiles) // the flag is there
	return cmd
}

// forServe are the flags of dev that the application's command serve knows as well.
func (c *command) forServe(profile string, set []string) (args []string) {
	if profile != "" {
		args = append(args, "--profile", profile)
	}
	for _, pair := range set {
		args = append(args, "--set", pair)
	}
	if c.NoColor {
		args = append(args, "--no-color")
	}
	if c.Quiet {
		args = append(args, "--quiet")
	}
	if c.Verbose {
		args = append(args, "--verbose")
	}
	return args
}

func (c *command) completeProfiles(*cobra.Command, []string, string) (names []cobra.Completion, directive cobra.ShellCompDirective) {
	if p, err := c.project(); err == nil {
		files, _ := filepath.Glob(p.Path("configs", "profiles", "*.yaml")) // fails for a wrong pattern alone
		for _, file := range files {
			names = append(names, strings.TrimSuffix(filepath.Base(file), ".yaml"))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (c *command) test() *cobra.Command {
	var servers, profiles, budget string
	cmd := &cobra.Command{
		Use:   "test [flags] [PACKAGES] [-- FLAGS OF go test]",
		Short: "Run the tests",

		DisableFlagsInUseLine: true, // they do not stand behind --
		Long: "Run the tests. Some of them want a program that may not be here: a browser, a linter. With --servers auto they are left out, and " +
			"listed at the end with the command that installs what is missing; install installs it first; require fails without.\n\n" +
			"With --profiles they run once for each profile: single is one process on SQLite, postgres one on PostgreSQL, cached four on " +
			"PostgreSQL and Redis that take turns request by request, replicated two on these. The servers are private ones that end with the tests.\n\n" +
			"The tests of a module fail when a route runs more statements than the module's file testdata/queries.golden says; --budget update writes " +
			"these files anew.",
		Example: "  banyan test\n  banyan test ./modules/catalog/...\n  banyan test --profiles all ./modules/...\n  banyan test --budget update ./modules/...\n  banyan test --servers require -- -race",
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := c.project()
			if err != nil {
				return err
			}
			mode, err := suite.ParseMode(servers)
			if err != nil {
				return cli.Exit(cli.Usage, "banyan test --help", err)
			}
			if budget != "" && budget != suite.UpdateBudget {
				return cli.Exit(cli.Usage, "banyan test --help", fmt.Errorf("--budget %s: want update", budget))
			}
			var under []string
			if profiles != "" {
				if under, err = suite.ParseProfiles(profiles); err != nil {
					return cli.Exit(cli.Usage, "banyan test --help", err)
				}
			}
			packages, flags := args, []string(nil)
			if dash := cmd.ArgsLenAtDash(); dash >= 0 {
				packages, flags = args[:dash], args[dash:]
			}
			return suite.Run(cmd.Context(), p, suite.Options{Mode: mode, Profiles: under, Dir: c.dir, Packages: packages, Flags: flags, Budget: budget, NoInput: c.NoInput, Out: c.Out, Err: c.Err})
		},
	}
	cmd.Flags().StringVar(&servers, "servers", "auto", "`MODE` is auto, install or require")
	cmd.Flags().StringVar(&budget, "budget", "", "`MODE` is update: accept the statements that routes run now")
	cmd.Flags().StringVar(&profiles, "profiles", "", "`LIST` is all, or some of "+strings.Join(suite.Profiles(), ","))
	_ = cmd.RegisterFlagCompletionFunc("budget", cobra.FixedCompletions([]cobra.Completion{suite.UpdateBudget}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("profiles", cobra.FixedCompletions(append(suite.Profiles(), "all"), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("servers", cobra.FixedCompletions([]cobra.Completion{"auto", "install", "require"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}
