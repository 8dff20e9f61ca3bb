package clitest

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// Screen is what a command has written to a terminal of 80 columns and 24 lines.
type Screen struct {
	Text    string // without escape sequences
	Escapes int    // how many there were
	Code    int    // exit code
}

var (
	escape = regexp.MustCompile(`\x1b(\[[0-9;?]*[A-Za-z]|[^\[])`)
	colour = regexp.MustCompile(`\x1b\[[0-9;]*m|\r\x1b\[K`)
)

// Answer is what somebody types once a text is shown: "y\n", or "\x03", which is Ctrl-C.
type Answer struct{ To, Type string }

// OnTerminal runs a command whose three streams are a terminal. Besides colours, and a line that is written over, no escape sequence is
// expected. It leaves the test out where there are no such terminals.
func OnTerminal(t testing.TB, cmd *exec.Cmd, answers ...Answer) Screen {
	t.Helper()
	raw := strings.ReplaceAll(run(t, cmd, answers), "\r\n", "\n")
	if rest := colour.ReplaceAllString(raw, ""); strings.ContainsAny(rest, "\x1b\r\a\b") {
		t.Errorf("%v controls the terminal: %q", cmd.Args[1:], rest)
	}
	// A line that was written over is none.
	shown := regexp.MustCompile(`[^\n]*\r\x1b\[K`).ReplaceAllString(raw, "")
	return Screen{Text: escape.ReplaceAllString(shown, ""), Escapes: len(escape.FindAllString(raw, -1)), Code: cmd.ProcessState.ExitCode()}
}
