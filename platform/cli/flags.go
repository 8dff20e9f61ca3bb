package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Flags are the flags that mean the same in every command. Those that every command has are registered once, by Register; the others where
// they mean something, by the functions below.
type Flags struct {
	Quiet   bool // no progress and no notes: data, warnings and errors alone
	Verbose bool
	NoColor bool
	NoInput bool          // nobody is asked anything
	Timeout time.Duration // 0 is none

	JSON   bool
	DryRun bool
	Yes    bool // the answer to what would be asked
}

// Register adds the flags of every command. Verbose says what -v does in this program.
func (f *Flags) Register(fs *pflag.FlagSet, verbose string) {
	fs.BoolVarP(&f.Quiet, "quiet", "q", false, "no progress: data, warnings and errors alone")
	fs.BoolVarP(&f.Verbose, "verbose", "v", false, verbose)
	fs.BoolVar(&f.NoColor, "no-color", false, "no colours (also NO_COLOR, TERM=dumb)")
	fs.BoolVar(&f.NoInput, "no-input", false, "never ask: fail where --yes would answer")
	fs.DurationVar(&f.Timeout, "timeout", 0, "stop the whole command after this `TIME`, 30s for instance")
}

// Data gives a command that prints data the flag --json.
func (f *Flags) Data(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&f.JSON, "json", false, "print the data as JSON")
	return cmd
}

// Writes gives a command that writes the flag --dry-run; what says what it shows instead.
func (f *Flags) Writes(cmd *cobra.Command, what string) *cobra.Command {
	cmd.Flags().BoolVar(&f.DryRun, "dry-run", false, what)
	return cmd
}

// Asks gives a command that asks before it destroys something the flag --yes.
func (f *Flags) Asks(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&f.Yes, "yes", false, "do not ask, in mode prod")
	return cmd
}

// Limit returns a context that ends after --timeout.
func (f *Flags) Limit(ctx context.Context) (context.Context, context.CancelFunc, error) {
	switch {
	case f.Timeout < 0:
		return ctx, nil, Exit(Usage, "", fmt.Errorf("--timeout %s: want a time that is not over, 30s for instance", f.Timeout))
	case f.Timeout == 0:
		return ctx, func() {}, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, f.Timeout, &lateError{f.Timeout})
	return ctx, cancel, nil
}

// unknownFlag is the error of usage about a flag, with the one that was meant, if it can be told.
func unknownFlag(cmd *cobra.Command, err error) error {
	word, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !ok {
		return misused(cmd, err)
	}
	names := &cobra.Command{SuggestionsMinimumDistance: 2} // cobra knows what is near a command
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		names.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
	})
	near := names.SuggestionsFor(word)
	if len(near) == 0 {
		return misused(cmd, err)
	}
	return misused(cmd, fmt.Errorf("%w, did you mean --%s?", err, strings.Join(near, " or --")))
}

// NoWords refuses words behind a command. Where commands are below it the word was meant to be one of them, and perhaps it can be told which.
func NoWords(cmd *cobra.Command, words []string) error {
	switch {
	case len(words) == 0:
		return nil
	case !cmd.HasSubCommands():
		return fmt.Errorf("%s takes no argument %q", cmd.CommandPath(), words[0])
	}
	if near := cmd.SuggestionsFor(words[0]); len(near) > 0 {
		return fmt.Errorf("%s has no command %q, did you mean %s?", cmd.CommandPath(), words[0], strings.Join(near, " or "))
	}
	return fmt.Errorf("%s has no command %q", cmd.CommandPath(), words[0])
}

// Group is a command that only has others below it.
func Group(use, short string, children ...*cobra.Command) *cobra.Command {
	c := Parent(&cobra.Command{Use: use, Short: short, RunE: func(cmd *cobra.Command, _ []string) error {
		return misused(cmd, fmt.Errorf("%s wants a command", cmd.CommandPath()))
	}})
	var examples []string
	for _, child := range children {
		first, _, _ := strings.Cut(child.Example, "\n")
		examples = append(examples, first)
	}
	c.Example = strings.Join(examples, "\n")
	c.AddCommand(children...)
	return c
}

// Parent gives c what commands with others below them have in common.
func Parent(c *cobra.Command) *cobra.Command {
	c.Args, c.DisableFlagsInUseLine, c.SuggestionsMinimumDistance = NoWords, true, 2
	return c
}
