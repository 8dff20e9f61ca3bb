package app

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/cli"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/driver"
)

func (l *launcher) shell() *cobra.Command {
	s := &shell{launcher: l}
	example := fmt.Sprintf("  %[1]s db shell\n  %[1]s db shell \"SELECT 1\"\n  %[1]s db shell --json < question.sql", l.called())
	c := command("shell [SQL]", "Ask the database in SQL, a line at a time or in one go; it only reads unless --write", example, func(cmd *cobra.Command, args []string) error {
		if s.most < 0 {
			return cli.Exit(cli.Usage, "", fmt.Errorf("--rows is %d, want 0 or more", s.most))
		}
		a, err := l.connectable()
		if err == nil {
			err = l.there(a)
		}
		if err != nil {
			return err
		}
		s.app = a
		terminal := len(args) == 0 && cli.IsTerminal(l.In)
		switch {
		case len(args) == 0 && l.In == nil, terminal && (l.NoInput || l.JSON):
			return cli.Exit(cli.Usage, cmd.CommandPath()+` "SELECT 1"`, errors.New("there is no statement: write it behind the command, or into the standard input"))
		case terminal:
			return withDatabase(cmd.Context(), a, s.talk)
		case len(args) == 0:
			text, err := io.ReadAll(l.In)
			if err != nil {
				return fmt.Errorf("read the statements: %w", err)
			}
			args = []string{string(text)}
		}
		return interruptible(cmd, func(ctx context.Context) error {
			return withDatabase(ctx, a, func(ctx context.Context) error { return s.all(ctx, args[0]) })
		})
	})
	c.Args = oneWord("SQL", false)
	c.Flags().BoolVar(&s.write, "write", false, "let statements write, each in a transaction of its own")
	c.Flags().IntVar(&s.most, "rows", 1000, "print at most so many rows of a statement; 0 prints all")
	return l.Data(c)
}

// shell is one run of the command db shell.
type shell struct {
	*launcher
	app   *App
	write bool
	most  int
}

// answer is what one statement has returned, as JSON.
type answer struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
	Changed *int64   `json:"rows_changed"` // null for a statement that was asked for its rows
}

// all runs each statement of a text and stops at the first that fails.
func (s *shell) all(ctx context.Context, text string) error {
	answers, ran := []answer{}, 0
	for text != "" {
		var statement sqlStatement
		statement, text, _ = cutStatement(s.app.platform.DB.Dialect(), text)
		if statement.blank() {
			continue
		}
		r, err := s.run(ctx, statement)
		if err != nil {
			return err
		}
		ran++
		if s.JSON {
			answers = append(answers, answerOf(r))
		} else {
			s.show(r)
		}
	}
	switch {
	case ran == 0:
		return cli.Exit(cli.Usage, "", errors.New("there is no statement"))
	case s.JSON:
		return s.Print(answers, nil)
	}
	return nil
}

// run runs one statement.
func (s *shell) run(ctx context.Context, statement sqlStatement) (db.Result, error) {
	way := db.Reading
	switch first := statement.words[0]; {
	case !s.write:
	case (first == "insert" || first == "update" || first == "delete" || first == "replace" || first == "merge") && !statement.has("returning"):
		way = db.Changing
	default:
		way = db.Writing
	}
	r, err := s.app.platform.DB.Run(ctx, way, statement.text, s.most)
	if err == nil {
		return r, nil
	}
	return r, s.explain(err)
}

// explain says what to do about an error of the engine.
func (s *shell) explain(err error) error {
	e, _ := errors.AsType[*driver.Error](err)
	switch {
	case e == nil:
		return err
	case e.Kind == driver.ReadOnly:
		return cli.Exit(cli.Failure, s.next("db shell --write"), e)
	case e.Kind == driver.Control:
		return fmt.Errorf("each statement is a transaction of its own, and none begins or ends one: %w", e)
	}
	return e
}

// show prints a result as a table.
func (s *shell) show(r db.Result) {
	switch {
	case len(r.Columns) > 0:
		lines := [][]string{r.Columns}
		for _, row := range r.Rows {
			line := make([]string, len(row))
			for i, v := range row {
				line[i] = cell(v)
			}
			lines = append(lines, line)
		}
		s.Table(s.Out, lines...)
		if r.More {
			s.Note("only the first %d rows: --rows 0 prints all", len(r.Rows))
		} else {
			s.Note("%d rows", len(r.Rows))
		}
	case r.Changed >= 0:
		s.Note("%d rows changed", r.Changed)
	default:
		s.Note("done")
	}
}

// cell is a value in a table: on one line, whatever it holds.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.999999")
	case []byte:
		return `\x` + hex.EncodeToString(v)
	case string:
		return strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f { // a terminal would obey it
				return '␣'
			}
			return r
		}, v)
	default:
		return fmt.Sprint(v)
	}
}

func answerOf(r db.Result) answer {
	a := answer{Columns: r.Columns, Rows: r.Rows}
	if a.Columns == nil {
		a.Columns = []string{}
	}
	if a.Rows == nil {
		a.Rows = [][]any{}
	}
	if r.Changed >= 0 {
		a.Changed = &r.Changed
	}
	return a
}

// talk is the line shell. Ctrl-C stops the statement that runs, or drops what was typed of the next one; Ctrl-D ends it.
func (s *shell) talk(ctx context.Context) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	defer signal.Stop(signals)
	lines := make(chan string)
	go func() { // it cannot be interrupted, and ends with the process
		defer close(lines)
		for in := bufio.NewScanner(s.In); in.Scan(); {
			lines <- in.Text()
		}
	}()
	if s.write {
		s.Note("each statement is a transaction of its own, and ends with a semicolon; Ctrl-D ends the shell")
	} else {
		s.Note("statements can only read, and end with a semicolon; Ctrl-D ends the shell")
	}
	typed := ""
	for {
		s.prompt(typed != "")
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-signals:
			typed = ""
			fmt.Fprintln(s.Err)
		case line, more := <-lines:
			if !more {
				fmt.Fprintln(s.Err)
				return nil
			}
			if word := strings.TrimSpace(line); typed == "" && (word == "exit" || word == "quit" || word == `\q` || word == ".quit") {
				return nil
			}
			typed = s.typed(ctx, typed+line+"\n", signals)
		}
	}
}

// prompt asks for a statement, or for the rest of one.
func (s *shell) prompt(rest bool) {
	mark := "> "
	if s.write {
		mark = "# "
	}
	if rest {
		mark = "- "
	}
	fmt.Fprint(s.Err, s.app.platform.DB.Dialect()+mark)
}

// typed runs the statements that are complete and returns what is left.
func (s *shell) typed(ctx context.Context, text string, signals <-chan os.Signal) string {
	for {
		statement, rest, ended := cutStatement(s.app.platform.DB.Dialect(), text)
		switch {
		case statement.blank() && !ended:
			return ""
		case !ended:
			return text
		case !statement.blank() && s.runUntil(ctx, statement, signals):
			return ""
		}
		text = rest
	}
}

// runUntil runs a statement until it ends or a signal comes, and reports whether one did.
func (s *shell) runUntil(ctx context.Context, statement sqlStatement, signals <-chan os.Signal) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended, watched := make(chan struct{}), make(chan bool)
	go func() {
		select {
		case <-signals:
			cancel()
			watched <- true
		case <-ended:
			watched <- false
		}
	}()
	r, err := s.run(ctx, statement)
	switch {
	case err == nil:
		s.show(r)
	case ctx.Err() == nil:
		s.Warn(err.Error())
	}
	close(ended)
	interrupted := <-watched
	if interrupted {
		s.Warn("interrupted")
	}
	return interrupted
}
