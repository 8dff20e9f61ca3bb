package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Given returns the flags that cmd was called with, each with its value as a person types it in a shell: "--profile cached". Names are those
// to return; none is all of them.
func (c *Console) Given(cmd *cobra.Command, names ...string) (given []string) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Changed || len(names) > 0 && !slices.Contains(names, f.Name) {
			return
		}
		values := []string{f.Value.String()}
		if several, ok := f.Value.(pflag.SliceValue); ok {
			values = several.GetSlice()
		}
		for _, value := range values {
			if c.Retype != nil {
				var ok bool
				if value, ok = c.Retype(f.Name, value); !ok {
					continue
				}
			}
			switch f.NoOptDefVal {
			case "":
				given = append(given, "--"+f.Name+" "+quote(value))
			case value: // "true", mostly
				given = append(given, "--"+f.Name)
			default:
				given = append(given, "--"+f.Name+"="+quote(value))
			}
		}
	})
	return given
}

// again returns what a person types to call cmd once more, with another flag behind it.
func (c *Console) again(cmd *cobra.Command, flag string) string {
	words := []string{cmd.CommandPath()}
	for _, arg := range cmd.Flags().Args() {
		words = append(words, quote(arg))
	}
	for _, given := range c.Given(cmd) {
		if given != "--no-input" { // which has had its say
			words = append(words, given)
		}
	}
	return strings.Join(append(words, flag), " ")
}

// quote returns a word as a shell reads it.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_@%+=:,./-•", r)
	}
	if word != "" && !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
