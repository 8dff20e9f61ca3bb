package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/generator/scaffold"
)

func (c *cli) new() *cobra.Command {
	var o scaffold.Options
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Make an application: a repository that builds, runs and passes its tests at once",
		Long: "Make an application: a repository that builds, runs and passes its tests at once. NAME is a folder; its last element names the application.\n" +
			"Nothing is downloaded. Where git is there and the folder is in no repository, it becomes one, with nothing committed.",
		Example: "  banyan new shop\n" +
			"  banyan new ../shop --module github.com/acme/shop --license Apache-2.0\n" +
			"  banyan new shop --vendor   # builds with this checkout gone and the network off",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] == "" { // which would be the folder that we are in
				return &usageError{errors.New("NAME is empty"), "banyan new --help"}
			}
			checkout, version, err := scaffold.Source(c.dir, o.Replace)
			if err != nil {
				return err
			}
			o.Dir, o.Replace, o.Version, o.Now = args[0], checkout, version, time.Now()
			if !filepath.IsAbs(o.Dir) {
				o.Dir = filepath.Join(c.dir, o.Dir)
			}
			made, err := scaffold.New(cmd.Context(), o, c.progress())
			if err != nil {
				return err
			}
			c.made(made, args[0], o)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Module, "module", "", "path of the Go module (default: NAME)")
	f.StringVar(&o.License, "license", "MIT", strings.Join(scaffold.Licenses(), ", "))
	f.StringVar(&o.Holder, "holder", "", "who has the rights (default: the authors of NAME)")
	f.StringVar(&o.Replace, "replace", "", "checkout of Banyan to build against (default: the one that this binary was built from)")
	f.BoolVar(&o.Vendor, "vendor", false, "copy the dependencies into the tree")
	f.BoolVar(&o.NoGit, "no-git", false, "do not make the folder a git repository")
	return cmd
}

// made says what there is now; typed is the folder as it was given.
func (c *cli) made(m scaffold.Made, typed string, o scaffold.Options) {
	fmt.Fprintf(c.out, "made %s: one binary in cmd/%s, SQLite, no modules yet\n", typed, m.App)
	switch {
	case o.Vendor:
		fmt.Fprintln(c.out, "its dependencies are in vendor; it needs neither this checkout nor a network")
	case o.Replace != "":
		fmt.Fprintf(c.out, "go.mod replaces %s by the checkout in %s\n", scaffold.Framework, o.Replace)
	}
	if m.Repository {
		fmt.Fprintln(c.out, "it is a git repository on branch main; nothing is committed yet")
	}
	if m.Warning != "" {
		fmt.Fprintln(c.err, "warning:", m.Warning)
	}
	next := "banyan dev"
	if o.Version != "" && !o.Vendor {
		next = "go mod tidy && " + next // the sums of a released version are not known here
	}
	fmt.Fprintf(c.out, "next:  cd %s && %s\n", typed, next)
}
