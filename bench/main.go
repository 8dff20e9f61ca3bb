// Command bench measures the project against named baselines: what the stack around a request costs, what a generated operation costs,
// how long a start takes. README.md beside it says what is compared with what, and why that is fair.
//
// It measures on Linux alone, since it reads /proc and pins processes to cores.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Exit codes.
const (
	exitFailure = 1 // something could not be measured
	exitUsage   = 2
	exitMissed  = 3 // everything was measured, and a target was missed
)

// options are the flags.
type options struct {
	parts      []string
	cold       bool
	rounds     int
	duration   time.Duration
	conns      int
	serverCore string
	clientCore string
	repeats    int
	overload   time.Duration
	k6         string
	banyan     string
	app        string
	json       bool
	verbose    bool
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, out, log io.Writer) int {
	o, err := parse(args, log)
	if err != nil {
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := measure(ctx, o, log)
	if err != nil {
		fmt.Fprintln(log, "error:", err)
		return exitFailure
	}
	if o.json {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		e.SetEscapeHTML(false)
		err = e.Encode(r)
	} else {
		_, err = io.WriteString(out, r.text())
	}
	switch {
	case err != nil:
		fmt.Fprintln(log, "error:", err)
		return exitFailure
	case r.failed():
		return exitFailure
	case r.missed():
		return exitMissed
	default:
		return 0
	}
}

// parse reads the flags and says on log what is wrong with them.
func parse(args []string, log io.Writer) (options, error) {
	var o options
	all := strings.Join(partNames(), ",")
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(log)
	chosen := f.String("parts", all, "what to measure, separated by commas")
	f.BoolVar(&o.cold, "cold", false, "measure empty caches to the first answer too: downloads every module, takes minutes")
	f.IntVar(&o.rounds, "rounds", 5, "interleaved rounds")
	f.DurationVar(&o.duration, "duration", 2*time.Second, "length of one run of wrk, whole seconds")
	f.IntVar(&o.conns, "conns", 64, "connections of wrk")
	f.StringVar(&o.serverCore, "server-core", "0", "core of the server that is measured")
	f.StringVar(&o.clientCore, "client-core", "1", "core of the client")
	f.IntVar(&o.repeats, "repeats", 50, "most runs that one figure repeats because other processes used the machine")
	f.DurationVar(&o.overload, "overload", time.Minute, "length of the part overload")
	f.StringVar(&o.k6, "k6", "", "the k6 binary (default: k6 in PATH)")
	f.StringVar(&o.banyan, "banyan", "", "the banyan binary (default: built from cmd/banyan)")
	f.StringVar(&o.app, "app", "", "folder of a new application whose go.sum is counted (default: one made by banyan new)")
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
	f.BoolVar(&o.verbose, "v", false, "show what the programs say that are run")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.parts = strings.Split(*chosen, ",")
	err := o.check(f.Args())
	if err != nil {
		fmt.Fprintln(log, "error:", err)
	}
	return o, err
}

func (o options) check(rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("%q is not a flag: try --help", rest[0])
	}
	for _, name := range o.parts {
		if !slices.Contains(partNames(), name) {
			return fmt.Errorf("--parts: there is no part %q: want some of %s", name, strings.Join(partNames(), ","))
		}
	}
	switch {
	case o.rounds < 1:
		return errors.New("--rounds: want 1 or more")
	case o.duration < time.Second || o.duration%time.Second != 0:
		return errors.New("--duration: want whole seconds, 1s or more")
	case o.overload < time.Second:
		return errors.New("--overload: want 1s or more")
	case o.conns < 1:
		return errors.New("--conns: want 1 or more")
	case o.serverCore == o.clientCore:
		return errors.New("--server-core and --client-core: want two different cores")
	}
	return nil
}

// part is one or more figures that are measured together, with the tools and the programs that it needs.
type part struct {
	name     string
	tools    []string
	programs []string
	measure  func(*bench, context.Context) ([]figure, error)
}

func parts() []part {
	wrk := []string{"wrk", "taskset", "bash"}
	return []part{
		{"stack", wrk, []string{"runner", "stack", "httpd"}, (*bench).stack},
		{"gate", append(wrk, "curl"), []string{"runner", "stack", "httpd"}, (*bench).gate},
		{"responses", wrk, []string{"runner", "stack"}, (*bench).responses},
		{"products", wrk, []string{"runner", openApp, "products"}, (*bench).products},
		{"posts", wrk, []string{"runner", openApp, "posts"}, (*bench).posts},
		{"door", []string{"taskset"}, []string{"door"}, (*bench).door},
		{"cache", nil, []string{"cached"}, (*bench).cache},
		{"outages", []string{"taskset"}, []string{"stack"}, (*bench).outages},
		{"k6", []string{"taskset"}, []string{openApp}, (*bench).k6},
		{"accounts", []string{"taskset"}, []string{"app"}, (*bench).accounts},
		{"storm", []string{"taskset"}, []string{openApp, "storm"}, (*bench).storm},
		{"overload", []string{"taskset"}, []string{openApp}, (*bench).overload},
		{"start", []string{"taskset"}, []string{"app", "app.stripped", "startup", "startup.stripped"}, (*bench).start},
		{"project", nil, nil, (*bench).project},
		{"generate", nil, nil, (*bench).phases},
		{"modules", []string{"taskset"}, nil, (*bench).modules},
	}
}

func partNames() []string {
	var names []string
	for _, p := range parts() {
		names = append(names, p.name)
	}
	return names
}

// measure runs the chosen parts. Everything is built before the first of them, so that all measure the same source. A part that fails is
// in the report as failed; the others are measured all the same.
func measure(ctx context.Context, o options, log io.Writer) (_ *report, err error) {
	if runtime.GOOS != "linux" {
		return nil, errors.New("the benchmarks read /proc and pin processes to cores: they run on Linux alone")
	}
	chosen := slices.DeleteFunc(parts(), func(p part) bool { return !slices.Contains(o.parts, p.name) })
	if o.cold {
		chosen = append(chosen, part{"cold", []string{"git"}, nil, (*bench).cold})
	}
	for _, p := range chosen {
		if err := need(p.tools...); err != nil {
			return nil, err
		}
	}
	b, err := newBench(ctx, o, log)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	for _, p := range chosen {
		if err := b.build(ctx, p.programs...); err != nil {
			return nil, err
		}
	}
	r := &report{Machine: b.machine(ctx)}
	for _, p := range chosen {
		figures, err := p.measure(b, ctx)
		if ctx.Err() != nil {
			return nil, errors.New("interrupted")
		}
		if err != nil {
			figures = append(figures, figure{Name: p.name, Title: p.name, Failure: err.Error()})
		}
		r.Figures = append(r.Figures, figures...)
	}
	return r, nil
}
