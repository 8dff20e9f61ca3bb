package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// Prepare gives the program below root what all programs have, once every command is there: errors of usage, completion, and help. The help
// opens with examples and is nowhere wider than 80 columns. That of root lists the commands of week, which are typed in a normal week, ten at
// most; `help all` lists all of them. Unknown, if it is not nil, is asked for the help of words that begin with no command below root.
func (c *Console) Prepare(root *cobra.Command, unknown func(words []string) error, week ...string) {
	root.SilenceUsage, root.SilenceErrors = true, true
	root.SetFlagErrorFunc(unknownFlag)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { c.helped = c.helpFlag(cmd, unknown, week) })
	help := c.help(root, unknown)
	root.SetHelpCommand(help)
	root.AddCommand(help, c.completion(root))
	checkArguments(root)
}

// checkArguments makes of a wrong number of arguments an error of usage.
func checkArguments(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				if _, wanted, ok := strings.Cut(cmd.Use, " "); ok && strings.Contains(err.Error(), "arg(s)") { // cobra's words, which name nothing
					err = fmt.Errorf("got %d arguments, want %s", len(args), wanted)
				}
				return misused(cmd, err)
			}
			return nil
		}
	}
	for _, child := range cmd.Commands() {
		checkArguments(child)
	}
}

func misused(cmd *cobra.Command, err error) error {
	return Exit(Usage, cmd.CommandPath()+" --help", err)
}

func (c *Console) help(root *cobra.Command, unknown func(words []string) error) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Show what a command does; help all shows every command",
		Example: fmt.Sprintf("  %[1]s help all\n  %[1]s help completion", root.Name()),
		ValidArgsFunction: func(_ *cobra.Command, words []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			above, _, err := root.Find(words)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []cobra.Completion
			for _, child := range visible(above) {
				names = append(names, cobra.CompletionWithDesc(child.Name(), child.Short))
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, words []string) error {
			if len(words) == 1 && words[0] == "all" {
				c.showAll(root)
				return nil
			}
			found, rest, err := root.Find(words)
			switch {
			case err == nil && len(rest) == 0:
				return found.Help()
			case unknown != nil && found == root:
				return unknown(words)
			default:
				return misused(found, NoWords(found, rest))
			}
		},
	}
}

// helpFlag answers --help, which cobra does before it looks at words. Those that are left where commands are below name one of them, or none.
func (c *Console) helpFlag(cmd *cobra.Command, unknown func(words []string) error, week []string) error {
	words := cmd.Flags().Args()
	if len(words) > 0 && cmd.HasSubCommands() {
		found, rest, err := cmd.Find(words) // a word behind --help is passed over by cobra, as if it was its value
		switch {
		case found == cmd.Root() && unknown != nil:
			return unknown(words)
		case err != nil || found.HasSubCommands() && len(rest) > 0:
			return misused(found, NoWords(found, rest))
		}
		cmd = found
	}
	c.show(cmd, week)
	return nil
}

func (c *Console) show(cmd *cobra.Command, week []string) {
	c.section("Examples", examples(cmd))
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	fmt.Fprintf(c.Out, "%s\n\n", strings.Join(prose(text), "\n"))
	root := cmd.Root()
	if cmd != root {
		c.section("Usage", []string{"  " + cmd.UseLine()})
	}
	if children := visible(cmd); cmd == root {
		c.section("Commands", list(slices.DeleteFunc(children, func(c *cobra.Command) bool { return !slices.Contains(week, c.Name()) })))
	} else if len(children) > 0 {
		c.section("Commands", list(children))
	}
	c.section("Flags", flags(cmd))
	if cmd == root {
		fmt.Fprintf(c.Out, "Every command: %[1]s help all. One of them: %[1]s help COMMAND.\n", root.Name())
	} else {
		fmt.Fprintf(c.Out, "Flags of every command, and exit codes: %s help all\n", root.Name())
	}
}

// showAll lists every command that does something, the flags that all of them have, and the exit codes.
func (c *Console) showAll(root *cobra.Command) {
	c.section("Examples", examples(root))
	c.section("Commands", list(leaves(root)))
	c.section("Flags of every command", flags(root))
	var codes [][2]string
	for _, e := range ExitCodes() {
		codes = append(codes, [2]string{strconv.Itoa(e.Code), e.Meaning})
	}
	c.section("Exit codes", twoColumns(codes))
	fmt.Fprintf(c.Out, "What a command does, and its flags: %s help COMMAND\n", root.Name())
}

// section writes a part of the help; one without lines is left out.
func (c *Console) section(title string, lines []string) {
	if len(lines) > 0 {
		fmt.Fprintf(c.Out, "%s\n%s\n\n", c.style(c.Out, bold, title+":"), strings.Join(lines, "\n"))
	}
}

// examples returns the lines of the examples. One that is too long is continued, as a shell does it, which continues no comment: that stays whole.
func examples(cmd *cobra.Command) (lines []string) {
	const unbroken = "\u00a0"
	for line := range strings.Lines(cmd.Example) {
		line = strings.TrimRight(line, "\n")
		if call, comment, ok := strings.Cut(line, " #"); ok {
			line = call + " #" + strings.ReplaceAll(comment, " ", unbroken)
		}
		text := strings.ReplaceAll(wrap(line, width-len(` \`), "      "), unbroken, " ")
		lines = append(lines, strings.Split(strings.ReplaceAll(text, "\n", " \\\n"), "\n")...)
	}
	return lines
}

// prose breaks text at spaces. Paragraphs stay, and so do lines that begin with a space or a label.
func prose(text string) (lines []string) {
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, strings.Split(wrap(paragraph, width, ""), "\n")...)
	}
	return lines
}

// visible returns the commands directly below one that people see.
func visible(cmd *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(cmd.Commands()), func(c *cobra.Command) bool { return c.Hidden })
}

// leaves returns the commands below one that people see and that do something.
func leaves(cmd *cobra.Command) (all []*cobra.Command) {
	for _, child := range visible(cmd) {
		if child.HasSubCommands() {
			all = append(all, leaves(child)...)
		} else {
			all = append(all, child)
		}
	}
	return all
}

// list says of commands what they do.
func list(commands []*cobra.Command) []string {
	var rows [][2]string
	for _, cmd := range commands {
		rows = append(rows, [2]string{strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" "), cmd.Short})
	}
	return twoColumns(rows)
}

func twoColumns(rows [][2]string) (lines []string) {
	first := 0
	for _, row := range rows {
		first = max(first, len(row[0]))
	}
	for _, row := range rows {
		line := fmt.Sprintf("  %-*s  %s", first, row[0], row[1])
		lines = append(lines, strings.Split(wrap(line, width, strings.Repeat(" ", first+2*len("  "))), "\n")...)
	}
	return lines
}

// flags returns the lines about the flags that a command has for itself; those of root are everybody's.
func flags(cmd *cobra.Command) []string {
	fs := cmd.LocalFlags()
	if help := fs.Lookup("help"); help != nil { // whoever reads it knows it
		help.Hidden = true
	}
	usages := strings.TrimRight(fs.FlagUsagesWrapped(width), "\n")
	if usages == "" {
		return nil
	}
	return strings.Split(usages, "\n")
}

// completion prints what a shell wants to know to complete commands, flags and names.
func (c *Console) completion(root *cobra.Command) *cobra.Command {
	name := root.Name()
	write := map[string]func() error{
		"bash":       func() error { return root.GenBashCompletionV2(c.Out, true) },
		"zsh":        func() error { return root.GenZshCompletion(c.Out) },
		"fish":       func() error { return root.GenFishCompletion(c.Out, true) },
		"powershell": func() error { return root.GenPowerShellCompletionWithDesc(c.Out) },
	}
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script for completion: bash, zsh, fish, powershell",
		Example: fmt.Sprintf("  source <(%[1]s completion bash)   # in ~/.bashrc\n"+
			"  source <(%[1]s completion zsh)    # in ~/.zshrc, behind compinit\n"+
			"  %[1]s completion fish >~/.config/fish/completions/%[1]s.fish\n"+
			"  %[1]s completion powershell >%[1]s.ps1   # which the profile then runs", name),
		ValidArgs: shells,
		Args: func(cmd *cobra.Command, words []string) error {
			if len(words) != 1 || write[words[0]] == nil {
				return fmt.Errorf("%s wants a shell: %s", cmd.CommandPath(), strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, words []string) error { return write[words[0]]() },
	}
}

// Complete offers the same words for every argument or for the value of a flag.
func Complete(words func() []string) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return words(), cobra.ShellCompDirectiveNoFileComp
	}
}
