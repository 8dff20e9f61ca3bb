package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/cli"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/httpserver"
	"github.com/banyan-go/banyan/platform/redis"
)

func (l *launcher) serve() *cobra.Command {
	var addr, opsAddr string
	c := command("serve", "Serve the application", fmt.Sprintf("  %[1]s serve --mode dev\n  %[1]s serve --profile single --addr :8080\n  %[1]s serve --dry-run", l.called()), func(cmd *cobra.Command, _ []string) error {
		if addr != "" {
			l.set = append(l.set, "http.addr="+addr)
		}
		if opsAddr != "" {
			l.set = append(l.set, "http.ops_addr="+opsAddr)
		}
		if l.DryRun {
			return l.serveDry()
		}
		began := time.Now()
		collect := collectLater()
		defer collect()
		sockets, err := httpserver.Inherit(l.proc.Environ)
		if err != nil {
			return cli.Exit(cli.Config, "", err)
		}
		l.sockets = sockets
		a, err := l.runnable()
		if err != nil {
			return err
		}
		defer runtime.KeepAlive(reserve(a.platform.cfg.limitMemory(), l.proc.Environ))
		return a.serve(cmd.Context(), func() {
			l.notify(notifyReady)
			collect()
			l.Note("%s", a.banner(time.Since(began)))
			if l.mode == config.Prod {
				l.Warn(a.openWrites())
			}
			if err := a.schema(cmd.Context()); err != nil {
				next, _ := nextOf(err, l.caller(), l.mode)
				l.Warn(fmt.Sprintf("not ready: %v\nnext:  %s", err, cmp.Or(next, l.next("migrate status"))))
			}
			if l.mode != config.Dev {
				return
			}
			if all, err := a.migrator.Status(cmd.Context()); err == nil {
				l.Warn(unknown(all, l.caller(), l.mode))
			}
		}, func() { l.notify(notifyStopping) })
	})
	c.Flags().StringVar(&addr, "addr", "", "address of the public listener (http.addr)")
	c.Flags().StringVar(&opsAddr, "ops-addr", "", "address of the ops listener (http.ops_addr)")
	return l.Data(l.Writes(c, "judge the configuration and say where it would listen; start nothing"))
}

// collectLater keeps the garbage collector from running while the program starts, when most of what it makes stays, and returns what ends that;
// the limit of memory counts all the same.
func collectLater() (collect func()) {
	before := debug.SetGCPercent(-1)
	return sync.OnceFunc(func() { debug.SetGCPercent(before) })
}

// serveDry says what serve would do, which fails as serve does while the configuration is wrong. It opens nothing and writes nothing.
func (l *launcher) serveDry() error {
	a, err := l.judge()
	if err != nil {
		return err
	}
	public, ops := a.server.Addresses()
	return l.Print(map[string]string{"http.addr": public, "http.ops_addr": ops}, func(w io.Writer) {
		l.Table(w, []string{"http.addr", public}, []string{"http.ops_addr", ops})
	})
}

// openWrites says how many operations that write are open to everybody; "" when none is.
func (a *App) openWrites() string {
	n := 0
	for _, m := range a.operations.Mounted() {
		if m.Op.Auth.Why() != "" {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("operations that write and are open to everybody: %d\nnext:  %s", n, a.platform.env.hints().command("routes"))
}

// serve runs the application until a signal, the end of ctx, or the failure of a listener. A second signal ends the waiting of the stop.
// Ready is called when it serves, stopping when it is about to end.
func (a *App) serve(ctx context.Context, ready, stopping func()) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	starting, cancel := context.WithCancel(ctx)
	defer cancel()
	started := make(chan error, 1)
	go func() { started <- a.Start(starting) }()
	interrupted := func() error {
		cancel()
		if err := <-started; err == nil { // it was done just then
			return errors.Join(errInterrupted, a.Stop(starting)) // which hurries
		}
		return errInterrupted
	}
	select {
	case err := <-started:
		if err != nil {
			return startFailure(err, a.platform.env.hints())
		}
	case <-signals:
		return cli.Exit(cli.Interrupted, "", interrupted())
	case <-ctx.Done():
		return cli.Exit(cli.Interrupted, "", interrupted())
	}
	ready()

	var failure error
	select {
	case s := <-signals:
		a.platform.Log.Info("stopping", "signal", s.String(), "drain", a.server.DrainTime().String(), "hint", "a second signal ends the waiting")
	case <-ctx.Done():
		a.platform.Log.Info("stopping")
	case failure = <-a.server.Failed():
		a.platform.Log.Error("stopping", "error", failure.Error())
	}
	stopping()
	grace, hurry := context.WithTimeout(context.WithoutCancel(ctx), a.platform.cfg.HTTP.Grace)
	defer hurry()
	go func() {
		select {
		case <-signals:
			hurry()
		case <-grace.Done():
		}
	}()
	if err := errors.Join(failure, a.Stop(grace)); err != nil {
		return cli.Exit(cli.Failure, "", err)
	}
	return nil
}

var errInterrupted = errors.New("interrupted while starting")

// startFailure gives a start that failed its code and its next step, unless it has them.
func startFailure(err error, hints caller) error {
	if _, coded := errors.AsType[*cli.Error](err); coded {
		return err
	}
	if redis.IsRefused(err) {
		return cli.Exit(cli.Config, hints.command("config show --origin redis"), err)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "listen" {
		if errors.Is(err, syscall.EADDRINUSE) {
			return cli.Exit(cli.Conflict, "stop the other process, or choose other ports: --addr, --ops-addr", err)
		}
		return cli.Exit(cli.Failure, "choose another address: --addr, --ops-addr", err)
	}
	return cli.Exit(cli.Down, "", err) // the start of a module, which connects to something
}

// banner says that the application serves, and where.
func (a *App) banner(took time.Duration) string {
	env := a.platform.env
	public := "http://" + hostOf(a.server.Addr())
	lines := []string{
		fmt.Sprintf("%s %s · profile %s · mode %s · %s", env.Name, env.Version, env.Profile, env.Mode, a.platform.DB.Dialect()),
		fmt.Sprintf("serving  %s   ready in %d ms", public, took.Milliseconds()),
	}
	if a.platform.cfg.API.docs(env.Mode) {
		lines = append(lines, "docs     "+public+"/docs")
	}
	return strings.Join(append(lines, "ops      http://"+hostOf(a.server.OpsAddr())+"/metrics"), "\n")
}

// hostOf writes an address as a browser on this machine can use it.
func hostOf(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() || host == "127.0.0.1" || host == "::1" {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
