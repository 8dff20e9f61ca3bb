package cli

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Exit codes of every command.
const (
	OK          = 0
	Failure     = 1
	Usage       = 2
	Findings    = 3   // a check found problems, and has printed them
	Config      = 4   // the configuration is wrong; nothing was started
	Down        = 5   // something that the command depends on does not answer
	Conflict    = 6   // the state of things is in the way
	Interrupted = 130 // by a signal, as shells count
)

// ExitCode is an exit code and what it means.
type ExitCode struct {
	Code    int
	Meaning string
}

// ExitCodes returns all of them in order.
func ExitCodes() []ExitCode {
	return []ExitCode{
		{OK, "it is done"},
		{Failure, "it failed, or took longer than --timeout"},
		{Usage, "it was asked in a wrong way"},
		{Findings, "a check found problems"},
		{Config, "the configuration is wrong; nothing was started"},
		{Down, "something that it depends on does not answer"},
		{Conflict, "the state of things is in the way: edited files, pending migrations, another run, a port that is taken"},
		{Interrupted, "it was interrupted"},
	}
}

// Error ends a command with an exit code.
type Error struct {
	Code int
	Err  error  // nil when everything has been said
	Next string // what to do about it, a command if there is one; may be empty
}

func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}

// Unwrap returns the error behind the code.
func (e *Error) Unwrap() error { return e.Err }

// Exit gives an error its exit code and the next step.
func Exit(code int, next string, err error) error { return &Error{Code: code, Err: err, Next: next} }

// lateError is the end of a command by --timeout.
type lateError struct{ after time.Duration }

func (e *lateError) Error() string {
	return fmt.Sprintf("not done after %s, the --timeout: it was stopped", e.after)
}

// late returns the error of a context that --timeout has ended, nil for every other one.
func late(ctx context.Context) *Error {
	if e, ok := errors.AsType[*lateError](context.Cause(ctx)); ok {
		return &Error{Code: Failure, Err: e}
	}
	return nil
}
