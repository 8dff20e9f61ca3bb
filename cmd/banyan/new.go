package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/scaffold"
	"github.com/banyan-go/banyan/platform/cli"
)

func (c *command) new() *cobra.Command {
	var o scaffold.Options
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Make an application that builds, runs and passes its tests",
		Long: "Make an application: a repository that builds, runs and passes its tests at once. NAME is a folder; its last element names the " +
			"application. Nothing is downloaded. Where git is there and the folder is in no repository, it becomes one, with nothing committed.",
		Example: "  banyan new shop\n" +
			"  banyan new ../shop --module github.com/acme/shop --license Apache-2.0\n" +
			"  banyan new shop --with accounts   # users sign in from the first day on\n" +
			"  banyan new shop --vendor   # builds without this checkout and a network",
		Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "" { // which would be the folder that we are in
				return cli.Exit(cli.Usage, "banyan new --help", errors.New("NAME is empty"))
			}
			checkout, version, err := scaffold.Source(c.dir, o.Replace)
			if err != nil {
				return err
			}
			o.Dir, o.Replace, o.Version, o.Now, o.DryRun = args[0], checkout, version, time.Now(), c.DryRun
			if !filepath.IsAbs(o.Dir) {
				o.Dir = filepath.Join(c.dir, o.Dir)
			}
			m, err := generator.New(cmd.Context(), o, c.Progress())
			if err != nil {
				return err
			}
			return c.made(m, args[0], o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Module, "module", "", "path of the Go module (default: NAME)")
	f.StringVar(&o.License, "license", "MIT", strings.Join(scaffold.Licenses(), ", "))
	f.StringVar(&o.Holder, "holder", "", "who has the rights (default: the authors of NAME)")
	f.StringVar(&o.Replace, "replace", "", "`CHECKOUT` of Banyan to build against (default: the one that this binary was built from)")
	f.StringSliceVar(&o.With, "with", nil, "begin with the module `NAME`: "+strings.Join(scaffold.Modules(), ", "))
	f.BoolVar(&o.Vendor, "vendor", false, "copy the dependencies into the tree")
	f.BoolVar(&o.NoGit, "no-git", false, "do not make the folder a git repository")
	_ = cmd.RegisterFlagCompletionFunc("license", cli.Complete(scaffold.Licenses)) // the flag is there
	_ = cmd.RegisterFlagCompletionFunc("with", cli.Complete(scaffold.Modules))
	return c.Data(c.Writes(cmd, "list the files that it would write, and write nothing"))
}

// made says what there is now; typed is the folder as it was given.
func (c *command) made(m scaffold.Made, typed string, o scaffold.Options) error {
	c.Warn(m.Warning)
	done := outcome{Written: !c.DryRun, Changes: []change{}, Next: fmt.Sprintf("cd %s && banyan dev", typed)}
	if o.Version != "" && !o.Vendor {
		done.Next = fmt.Sprintf("cd %s && go mod tidy && banyan dev", typed) // the sums of a released version are not known here
	}
	if c.DryRun {
		done.Next = "the same without --dry-run"
	}
	for _, file := range m.Files {
		done.Changes = append(done.Changes, change{Path: file, What: "new"})
	}
	return c.Print(done, func(w io.Writer) {
		if c.DryRun {
			c.report(w, done)
			return
		}
		modules := "no modules yet"
		if len(o.With) > 0 {
			modules = "with the module " + strings.Join(o.With, ", ")
		}
		fmt.Fprintf(w, "made %s: one binary in cmd/%s, SQLite, %s\n", typed, m.App, modules)
		switch {
		case o.Vendor:
			fmt.Fprintln(w, "its dependencies are in vendor; it needs neither this checkout nor a network")
		case o.Replace != "":
			c.Say(w, "", fmt.Sprintf("go.mod replaces %s by the checkout in %s", scaffold.Framework, o.Replace))
		}
		if m.Repository {
			fmt.Fprintln(w, "it is a git repository on branch main; nothing is committed yet")
		}
		c.Say(w, "next:  ", done.Next)
	})
}
