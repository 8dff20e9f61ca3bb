// Package dev runs an application in development: it builds it, starts it, and does both again when a file changes.
package dev

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/banyan-go/banyan/generator/gotool"
	"github.com/banyan-go/banyan/generator/project"
)

// TakenError is an address at which another process listens.
type TakenError struct {
	Key string // the setting
	Err error
}

func (e *TakenError) Error() string { return e.Key + ": " + e.Err.Error() }

// Unwrap returns the error of the operating system.
func (e *TakenError) Unwrap() error { return e.Err }

// exitUsage is the exit code of an application that does not understand its flags: no change of a file mends that.
const exitUsage = 2

// Run serves the application in mode dev until ctx ends, which is no error. Args are further flags of its command serve. Out gets its log, errs
// everything for a person; they have to be safe for concurrent use.
//
// The listening sockets are this process's, from the first build to the end. A change is built and started beside what runs, and takes its
// place once it says that it serves; until then, and for ever if it does not build or does not start, the last good one goes on. While
// none runs, Run answers itself and says why.
//
// Flags that the application does not understand end Run with its *exec.ExitError, an address that is taken at the start with a *TakenError.
func Run(ctx context.Context, p *project.Project, args []string, out, errs io.Writer, progress func(string)) error {
	sweep(filepath.Dir(Binary(p)), p.App+".")
	dir, err := sessionFolder()
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	w, err := watch(p.Root)
	if err != nil {
		return err
	}
	defer w.close()
	s := &session{project: p, args: args, out: out, errs: errs, progress: progress, dir: dir, watcher: w, report: report(own(p, ".broken")), serving: report(own(p, "."+serving))}
	fmt.Fprintf(errs, "  build     ./cmd/%s with %s; the first time compiles everything\n", p.App, runtime.Version())
	return errors.Join(s.run(ctx), s.end())
}

// session is one Run.
type session struct {
	project   *project.Project
	args      []string
	out, errs io.Writer
	progress  func(string)
	dir       string // for the sockets of notify
	watcher   *watcher
	report    report
	serving   report // where it listens, for Serves

	http, ops *socket        // nil until it is known where
	app       *process       // nil while none serves
	page      *page          // nil while one serves
	starts    int            // so far
	stopping  sync.WaitGroup // those that have been followed
}

// run builds and serves until ctx ends or nothing is left to be done.
func (s *session) run(ctx context.Context) error {
	if err := s.turn(ctx); err != nil {
		return err
	}
	for {
		var ended <-chan struct{} // nil while nothing can end
		if s.app != nil {
			ended = s.app.ended
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ended:
			app := s.app
			if app.err == nil {
				return nil // somebody has stopped it
			}
			s.app = nil
			// It has said why. It is started again when somebody changes something.
			s.broken(ctx, &failure{text: app.said.String(), err: app.err, said: true})
		case <-s.watcher.changed:
			fmt.Fprintln(s.errs, "  change    building again")
			if err := s.turn(ctx); err != nil {
				return err
			}
		}
	}
}

// end stops everything and leaves nothing behind.
func (s *session) end() error {
	s.http.close(nil) // first, so that nobody waits for an answer that does not come
	s.ops.close(nil)
	var err error
	if s.app != nil {
		err = s.app.stop()
	}
	if s.page != nil {
		s.page.stop()
	}
	s.stopping.Wait()
	return errors.Join(err, s.report.clear(), s.serving.clear())
}

// failure is why the newest source does not run.
type failure struct {
	text string // for a person
	err  error
	said bool // on the terminal
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.err }

// turn brings the newest source into service, or says why that cannot be. An error ends the session.
func (s *session) turn(ctx context.Context) error {
	first := s.http == nil
	http, ops, app, err := s.prepare(ctx)
	switch fail, isFailure := errors.AsType[*failure](err); {
	case err == nil:
		s.follow(http, ops, app)
		return nil
	case ctx.Err() != nil, errors.Is(err, errOvertaken):
		return nil
	case isFailure && !(first && isUsage(fail)):
		s.broken(ctx, fail)
		return nil
	case isFailure:
		fmt.Fprint(s.errs, fail.text)
		return fail.err
	case first:
		return err
	default:
		s.broken(ctx, &failure{text: err.Error(), err: err})
		return nil
	}
}

// isUsage reports whether the application has refused its flags. (A panic has the same exit code.)
func isUsage(f *failure) bool {
	exit, ok := errors.AsType[*exec.ExitError](f.err)
	return ok && exit.ExitCode() == exitUsage && strings.HasPrefix(f.text, "error: ")
}

// errOvertaken means that a file has changed before the application was ready.
var errOvertaken = errors.New("overtaken by a change")

// prepare builds the application and starts it on its sockets, those of the session where the addresses are the same. It returns when the
// application says that it serves.
func (s *session) prepare(ctx context.Context) (http, ops *socket, app *process, err error) {
	binary, err := build(ctx, s.project, s.progress)
	if err != nil {
		if _, broken := errors.AsType[*gotool.Error](err); broken {
			err = &failure{text: err.Error(), err: err}
		}
		return nil, nil, nil, err
	}
	where, err := s.ask(ctx, binary)
	if err != nil {
		return nil, nil, nil, err
	}
	if http, err = s.http.open(ctx, where.HTTP); err != nil {
		return nil, nil, nil, notOpened("http.addr", err)
	}
	if ops, err = s.ops.open(ctx, where.Ops); err != nil {
		http.close(s.http)
		return nil, nil, nil, notOpened("http.ops_addr", err)
	}
	if app, err = s.start(ctx, binary, http, ops); err != nil {
		http.close(s.http)
		ops.close(s.ops)
		return nil, nil, nil, err
	}
	return http, ops, app, nil
}

// notOpened is the error of an address. One that is taken may be mended by flags, every other one by a file too.
func notOpened(key string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return &TakenError{Key: key, Err: err}
	}
	return &failure{text: key + ": " + err.Error(), err: err}
}

// addresses is where an application listens.
type addresses struct {
	HTTP string `json:"http.addr"`
	Ops  string `json:"http.ops_addr"`
}

// ask asks the application where it would listen, and whether its configuration is good.
func (s *session) ask(ctx context.Context, binary string) (where addresses, err error) {
	cmd := exec.CommandContext(ctx, binary, withDefaults(append([]string{"serve", "--dry-run", "--json"}, s.args...))...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.project.Root, &out, &errs
	if err := cmd.Run(); err != nil {
		text := errs.String()
		if text == "" {
			text = err.Error()
		}
		return where, &failure{text: text, err: err}
	}
	if err := json.Unmarshal(out.Bytes(), &where); err != nil {
		return where, fmt.Errorf("%s serve --dry-run --json: %w", s.project.App, err)
	}
	return where, nil
}

// start starts the application and waits until it serves.
func (s *session) start(ctx context.Context, binary string, http, ops *socket) (*process, error) {
	s.starts++
	app, err := launch{
		dir: s.project.Root, binary: binary, args: withDefaults(append([]string{"serve"}, s.args...)),
		http: http, ops: ops, report: s.report, notify: notifySocket(s.dir, s.starts), out: s.out, errs: s.errs,
	}.start()
	if err != nil {
		return nil, err
	}
	select {
	case <-app.ready:
		return app, nil
	case <-app.ended:
		if app.err == nil {
			app.err = errors.New("it ended before it served")
		}
		return nil, &failure{text: app.said.String(), err: app.err, said: true}
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), app.stop())
	case <-s.watcher.changed:
		s.watcher.tell() // to the loop
		return nil, errors.Join(errOvertaken, app.stop())
	}
}

// follow puts an application that serves into the place of whatever answered so far.
func (s *session) follow(http, ops *socket, app *process) {
	_ = s.report.clear() // what cannot be removed cannot be read either, most likely
	if s.page != nil {
		s.page.stop()
		s.page = nil
	}
	if old := s.app; old != nil {
		s.stopping.Go(func() {
			if err := old.stop(); err != nil {
				fmt.Fprintf(s.errs, "  old one   %v\n", err)
			}
		})
	}
	s.http.close(http)
	s.ops.close(ops)
	s.http, s.ops, s.app = http, ops, app
	_ = s.serving.write(http.url) // a hint needs it, and nothing else
}

// broken says on the terminal and on the page why the newest source does not run.
func (s *session) broken(ctx context.Context, f *failure) {
	if f.said {
		fmt.Fprintf(s.errs, "  ended     %v; %s\n", f.err, s.standing())
	} else {
		fmt.Fprintf(s.errs, "  broken    %s\n%s\n", s.standing(), strings.TrimRight(f.text, "\n"))
	}
	text := f.text
	if f.said {
		text = strings.TrimRight(text, "\n") + "\n" + f.err.Error()
	}
	if err := s.report.write(text); err != nil {
		fmt.Fprintf(s.errs, "  page      %v\n", err)
	}
	if s.app != nil {
		return
	}
	if err := s.show(ctx, text); err != nil {
		fmt.Fprintf(s.errs, "  page      %v\n", err)
	}
}

// standing says what there is while the newest source does not run.
func (s *session) standing() string {
	if s.app != nil {
		return "the last good one goes on serving"
	}
	return "nothing serves; change a file to start it again"
}

// show answers on the public socket, since no application does.
func (s *session) show(ctx context.Context, text string) (err error) {
	if s.http == nil {
		// It has never run. The one that was built the last time knows where it listened.
		addr := guess(s.args)
		if where, err := s.ask(ctx, Binary(s.project)); err == nil {
			addr = where.HTTP
		}
		if s.http, err = s.http.open(ctx, addr); err != nil {
			return err
		}
		_ = s.serving.write(s.http.url) // as follow does
	}
	if s.page != nil {
		s.page.text.Store(&text)
		return nil
	}
	if s.page, err = newPage(s.project.App, text, s.http.file); err != nil {
		return err
	}
	fmt.Fprintf(s.errs, "  page      %s shows it\n", s.http.url)
	return nil
}

// calledAs tells an application how somebody has called it, so that it names commands that can be typed.
const calledAs = "BANYAN_COMMAND=banyan"

// Exec runs one command of the application in mode dev, with the files of the tree as its configuration, for somebody who stands in dir. Its exit
// code is in the *exec.ExitError that it returns.
func Exec(ctx context.Context, p *project.Project, dir string, args []string, out, errs io.Writer, progress func(string)) error {
	binary, err := build(ctx, p, progress)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, binary, withDefaults(args)...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = p.Root, os.Stdin, out, errs
	cmd.Env = append(os.Environ(), calledAs, "BANYAN_FOLDER="+p.Relative(dir)) // where the files begin that it is given
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTime
	return cmd.Run()
}

// withDefaults adds mode dev and the configuration of the tree, unless the arguments or the environment say otherwise.
func withDefaults(args []string) []string {
	var flags []string
	has := func(flag string) bool {
		return slices.ContainsFunc(args, func(a string) bool { return a == flag || strings.HasPrefix(a, flag+"=") })
	}
	if !has("--mode") && os.Getenv("APP_MODE") == "" {
		flags = append(flags, "--mode", "dev")
	}
	if !has("--config") {
		flags = append(flags, "--config", "configs") // of p.Root, where it runs
	}
	return append(flags, args...)
}
