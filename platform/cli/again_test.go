package cli_test

import (
	"errors"
	"testing"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/cli"
)

// Where nobody can be asked, the hint is the whole command line with --yes, as a shell reads it.
func TestConfirmProposesTheWholeCommand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "prog --yes"},
		{[]string{"--no-input", "a b", "-q", "--name", "it's"}, `prog 'a b' --name 'it'\''s' --quiet --yes`},
		{[]string{"--set", "a=1,2", "--set=b=", "file"}, "prog file --set a=1,2 --set b= --yes"},
		{[]string{"--quiet=false", "--name="}, "prog --name '' --quiet=false --yes"},
	} {
		console := &cli.Console{}
		cmd := &cobra.Command{Use: "prog", Args: cobra.ArbitraryArgs, SilenceErrors: true, SilenceUsage: true}
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return console.Confirm(cmd, "go on") }
		cmd.Flags().StringArray("set", nil, "")
		cmd.Flags().String("name", "", "")
		console.Register(cmd.Flags(), "")
		cmd.SetArgs(append([]string{}, c.args...))
		e, _ := errors.AsType[*cli.Error](cmd.Execute())
		if e == nil {
			t.Fatalf("%q: nobody can be asked, and it goes on", c.args)
		}
		if e.Code != cli.Usage || e.Next != c.want {
			t.Errorf("%q: it proposes %q, want %q", c.args, e.Next, c.want)
		}
	}
}
