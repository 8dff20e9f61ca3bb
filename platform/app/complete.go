package app

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/cli"
	"github.com/banyan-go/banyan/platform/config"
)

// What a shell offers. It says nothing where the configuration is wrong: the command itself will.

// completeFlags completes the values of the flags that every command has.
func (l *launcher) completeFlags(root *cobra.Command) {
	completeFlag(root, "profile", cli.Complete(l.profiles))
	completeFlag(root, "mode", cobra.FixedCompletions([]cobra.Completion{string(config.Dev), string(config.Test), string(config.Prod)}, cobra.ShellCompDirectiveNoFileComp))
	completeFlag(root, "set", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		keys := l.keysOfSettings()
		for i := range keys {
			keys[i] += "="
		}
		return keys, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
	_ = root.MarkPersistentFlagDirname("config") // the flag is there, and so is that of completeFlag
}

func (l *launcher) completeModules(cmd *cobra.Command, flag string) {
	completeFlag(cmd, flag, cli.Complete(func() (names []string) {
		if a, err := l.describe(); err == nil {
			for _, m := range a.modules {
				names = append(names, m.Name())
			}
		}
		return names
	}))
}

func completeFlag(cmd *cobra.Command, name string, complete cobra.CompletionFunc) {
	_ = cmd.RegisterFlagCompletionFunc(name, complete)
}

// profiles returns the names of the profiles.
func (l *launcher) profiles() []string {
	return config.Options{Dir: l.dir, Embedded: l.embedded}.Profiles()
}

// keysOfSettings returns what can be set.
func (l *launcher) keysOfSettings() (keys []string) {
	if s, err := l.load(l.options()); err == nil {
		for _, setting := range s.Settings() {
			keys = append(keys, setting.Key)
		}
	}
	return keys
}

// completeProfiles completes two arguments.
func (l *launcher) completeProfiles(_ *cobra.Command, words []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var names []cobra.Completion
	for _, name := range l.profiles() {
		if len(words) < 2 && !strings.EqualFold(name, strings.Join(words, "")) {
			names = append(names, name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
