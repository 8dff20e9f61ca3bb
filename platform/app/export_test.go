package app

import "github.com/spf13/cobra"

// Commands returns the command tree, for the tests that walk it.
func (p Program[C]) Commands() *cobra.Command { return p.launcher(Process{}).root() }
