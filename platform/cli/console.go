package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// Console is one run of a program as a person meets it: its streams and its common flags. Its methods are for one goroutine.
type Console struct {
	Flags
	In       io.Reader // nil when nobody can answer
	Out, Err io.Writer
	// Getenv returns a variable of the environment.
	Getenv func(string) string
	// Retype says how a hint names a flag that was given, and one of its values; false leaves it out. Nil is as it was typed.
	Retype func(flag, value string) (string, bool)

	plain  bool  // --no-color was given, though perhaps not understood yet
	status bool  // a line stands on the terminal that the next one is written over
	helped error // of --help, which has no other way to return one
}

// Execute runs the command that args ask for and returns the exit code. Explain gives an error its exit code and its next step;
// it may have them already.
func (c *Console) Execute(ctx context.Context, root *cobra.Command, args []string, explain func(context.Context, *cobra.Command, error) *Error) int {
	c.plain = slices.Contains(args, "--no-color")
	root.SetArgs(args)
	root.SetOut(c.Out)
	root.SetErr(c.Err)
	limited, cancel, before := ctx, context.CancelFunc(func() {}), root.PersistentPreRunE
	root.PersistentPreRunE = func(cmd *cobra.Command, args []string) (err error) {
		var stop context.CancelFunc
		if limited, stop, err = c.Limit(ctx); err != nil {
			return err
		}
		cancel = stop
		cmd.SetContext(limited)
		if before == nil {
			return nil
		}
		return before(cmd, args)
	}
	defer func() { cancel() }()
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		err = c.helped
	}
	return c.Finish(limited, err, func(err error) *Error { return explain(limited, cmd, err) })
}

// Finish tells how a command has ended and returns the exit code.
func (c *Console) Finish(ctx context.Context, err error, explain func(error) *Error) int {
	c.clear()
	var e *Error
	switch tooLate := late(ctx); {
	case tooLate != nil:
		e = tooLate
	case err == nil:
		return OK
	default:
		e = explain(err)
	}
	if e.Err != nil {
		c.paragraph(c.Err, "error: ", red, e.Err.Error(), "  ")
	}
	if e.Next != "" {
		c.paragraph(c.Err, "next:  ", bold, e.Next, "")
	}
	return e.Code
}

// Print writes data: as JSON with --json, otherwise as text does.
func (c *Console) Print(data any, text func(w io.Writer)) error {
	c.clear()
	if !c.JSON {
		text(c.Out)
		return nil
	}
	e := json.NewEncoder(c.Out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(data)
}

// Note tells a person something that is no data, unless --quiet.
func (c *Console) Note(format string, args ...any) {
	if !c.Quiet {
		c.clear()
		fmt.Fprintln(c.Err, wrap(fmt.Sprintf(format, args...), columns(c.Err), ""))
	}
}

// Warn tells a person what is not as it should be; an empty text is nothing.
func (c *Console) Warn(texts ...string) {
	for _, text := range texts {
		if text != "" {
			c.clear()
			c.paragraph(c.Err, "warning: ", yellow, text, "")
		}
	}
}

// Say writes a text for a person to w, behind a label; on a terminal it is broken where it does not fit, and stands behind the label still.
func (c *Console) Say(w io.Writer, label, text string) {
	color := ""
	if strings.HasSuffix(strings.TrimRight(label, " "), ":") {
		color = bold
	}
	c.paragraph(w, label, color, text, "")
}

// paragraph writes a text behind a coloured label. Its own lines stay, behind the first one with indent before them; one of them may be a next
// step.
func (c *Console) paragraph(w io.Writer, label, color, text, indent string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if rest, ok := strings.CutPrefix(line, "next:  "); ok {
			label, color, line = "next:  ", bold, rest
		}
		hanging := strings.Repeat(" ", len(label))
		if label == indent {
			hanging += indent
		}
		line = wrap(label+line, columns(w), hanging)
		word := strings.TrimRight(label, " ")
		fmt.Fprintln(w, c.style(w, color, word)+strings.TrimPrefix(line, word))
		label, color = indent, ""
	}
}

// Confirm asks whether to go on with something that cannot be undone; question says what, "drop every table" for instance. It returns nil
// if so: somebody has said yes, on the terminal or by --yes. Where nobody can be asked the error is one of usage that names --yes.
func (c *Console) Confirm(cmd *cobra.Command, question string) error {
	if c.Yes {
		return nil
	}
	if c.NoInput || !IsTerminal(c.In) || !IsTerminal(c.Err) {
		return Exit(Usage, c.again(cmd, "--yes"), errors.New(question+"? Nobody can be asked here; say --yes"))
	}
	c.clear()
	fmt.Fprint(c.Err, wrap(question+"? [y/N] ", columns(c.Err), ""))
	said := make(chan string, 1)
	go func() { // it cannot be interrupted, and ends with the process
		line, _ := bufio.NewReader(c.In).ReadString('\n') // the end of the input is no yes
		said <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case answer := <-said:
		if answer == "y" || answer == "yes" {
			return nil
		}
		return Exit(Failure, "", errors.New("that was no yes; nothing was done"))
	case <-cmd.Context().Done():
		fmt.Fprintln(c.Err)
		return Exit(Interrupted, "", errors.New("interrupted; nothing was done"))
	}
}

// Progress returns what tells a person which step a command is at, nil with --quiet. On a terminal that shows colours each step is written
// over the one before, and an empty one leaves nothing of it; elsewhere each is a line. Steps that begin with "run " are for --verbose.
func (c *Console) Progress() func(step string) {
	if !c.live() {
		return c.Lines()
	}
	return func(step string) {
		if step == "" {
			c.clear()
		} else if c.wanted(step) {
			c.clear()
			fmt.Fprint(c.Err, cut("  "+step, columns(c.Err)-1))
			c.status = true
		}
	}
}

// Lines is Progress with a line for each step wherever it is, for a command that others write beside.
func (c *Console) Lines() func(step string) {
	if c.Quiet {
		return nil
	}
	return func(step string) {
		if step != "" && c.wanted(step) {
			fmt.Fprintln(c.Err, cut("  "+step, columns(c.Err)))
		}
	}
}

func (c *Console) wanted(step string) bool { return c.Verbose || !strings.HasPrefix(step, "run ") }

// live reports whether a line of progress may be written over.
func (c *Console) live() bool { return !c.Quiet && !c.Verbose && c.Color(c.Err) }

func (c *Console) clear() {
	if c.status {
		fmt.Fprint(c.Err, "\r\x1b[K")
		c.status = false
	}
}

// Escape sequences of the colours.
const (
	bold   = "\x1b[1m"
	red    = "\x1b[1;31m"
	yellow = "\x1b[33m"
	normal = "\x1b[0m"
)

func (c *Console) style(w io.Writer, color, text string) string {
	if color == "" || text == "" || !c.Color(w) {
		return text
	}
	return color + text + normal
}

// Color reports whether w is a terminal whose user has nothing against colours.
func (c *Console) Color(w io.Writer) bool {
	return !c.NoColor && !c.plain && c.Getenv("NO_COLOR") == "" && c.Getenv("TERM") != "dumb" && IsTerminal(w)
}

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool { return columns(stream) > 0 }

// columns returns how wide the terminal is that a stream is, 0 when it is none.
func columns(stream any) int {
	file, ok := stream.(*os.File)
	if !ok {
		return 0
	}
	size, err := unix.IoctlGetWinsize(int(file.Fd()), unix.TIOCGWINSZ)
	switch {
	case err != nil:
		return 0
	case size.Col == 0: // it does not know
		return width
	default:
		return int(size.Col)
	}
}
