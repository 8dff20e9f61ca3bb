package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// variant is one program under load. A command is the program's name in the folder of the run and its arguments; variants with the same
// command share a process.
type variant struct {
	name    string
	url     string
	headers []string
	command string
}

// load is what the runner has measured.
type load struct {
	results   []result
	disturbed int // runs that were repeated
	capped    bool
}

// result is one line of the runner's table.
type result struct {
	name               string
	rps, rpsLow, rpsHi float64
	ratio              float64 // of rps, to the first variant
	p50, p99           float64 // ms
	cpu, cpuBest       float64 // us of the server for each request
	cpuRatio           float64 // of cpu, to the first variant
}

// drive puts the variants under load with the baseline program runner: it starts each one on the server's core, drives wrk from the client's
// core, interleaves the rounds and repeats runs that others disturbed.
func (b *bench) drive(ctx context.Context, env []string, variants []variant) (load, error) {
	spec := b.path("variants.spec")
	if err := os.WriteFile(spec, []byte(specOf(variants)), 0o600); err != nil {
		return load{}, fmt.Errorf("write the runner's spec: %w", err)
	}
	c := exec.CommandContext(ctx, b.path("runner"), "-spec", spec, "-rounds", strconv.Itoa(b.opts.rounds), "-dur", wrkTime(b.opts.duration),
		"-c", strconv.Itoa(b.opts.conns), "-score", b.opts.serverCore, "-ccore", b.opts.clientCore, "-retry", strconv.Itoa(b.opts.repeats))
	c.Dir, c.Env = b.dir, append(env, "B="+b.dir)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	b.say("measuring %s", strings.Join(names(variants), "; "))
	err := c.Run()
	killIn(b.dir) // the runner has no time for this when it is interrupted
	if b.opts.verbose {
		_, _ = b.log.Write(stderr.Bytes()) // somebody is watching, or not
	}
	if err != nil {
		return load{}, fmt.Errorf("runner: %w\n%s", err, tail(stderr.String()))
	}
	l := load{disturbed: strings.Count(stderr.String(), "disturbed by ")}
	l.capped = l.disturbed >= b.opts.repeats
	if l.results, err = results(stdout.String()); err == nil && len(l.results) != len(variants) {
		err = fmt.Errorf("the runner told of %d variants, want %d", len(l.results), len(variants))
	}
	if err != nil {
		return load{}, fmt.Errorf("%w\n%s", err, tail(stderr.String()))
	}
	return l, nil
}

// wrkTime writes a duration as wrk reads it.
func wrkTime(d time.Duration) string { return strconv.Itoa(int(d/time.Second)) + "s" }

func names(variants []variant) []string {
	var ns []string
	for _, v := range variants {
		ns = append(ns, v.name)
	}
	return ns
}

// specOf writes the runner's input.
func specOf(variants []variant) string {
	var b strings.Builder
	for _, v := range variants {
		headers := "-"
		if len(v.headers) > 0 {
			headers = strings.Join(v.headers, " ;; ")
		}
		fmt.Fprintf(&b, "%s | %s | %s | \"$B\"/%s\n", v.name, v.url, headers, v.command)
	}
	return b.String()
}

// results reads the runner's table.
func results(table string) ([]result, error) {
	line := regexp.MustCompile(`^\| (.+?) \| (\S+)( \(errors in \d+ runs\))? \| (\S+)-(\S+) \| (\S+) \| (\S+) \| (\S+) \| (\S+) \((\S+)\) \| (\S+) \|$`)
	var rs []result
	for text := range strings.SplitSeq(strings.TrimSpace(table), "\n") {
		if strings.HasPrefix(text, "|---") || strings.HasPrefix(text, "| variant |") {
			continue
		}
		m := line.FindStringSubmatch(text)
		if m == nil {
			return nil, fmt.Errorf("the runner's line is not understood: %q", text)
		}
		if m[3] != "" {
			return nil, fmt.Errorf("%s answered with errors, or not at all:%s", m[1], m[3])
		}
		r := result{name: m[1]}
		fields := []*float64{&r.rps, &r.rpsLow, &r.rpsHi, &r.ratio, &r.p50, &r.p99, &r.cpu, &r.cpuBest, &r.cpuRatio}
		for i, f := range append([]string{m[2]}, m[4:]...) {
			v, err := strconv.ParseFloat(f, 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("%s was not measured: %q", r.name, text)
			}
			*fields[i] = v
		}
		rs = append(rs, r)
	}
	return rs, nil
}

// rows are the lines of the table.
func (l load) rows(rounds int) []row {
	var rows []row
	for _, r := range l.results {
		rows = append(rows, row{Name: r.name, Values: []value{
			{Name: "requests/s", Median: r.rps, Low: r.rpsLow, High: r.rpsHi, Samples: rounds},
			single("requests ratio", "", r.ratio),
			single("p50", "ms", r.p50),
			single("p99", "ms", r.p99),
			single("CPU per request", "us", r.cpu),
			single("CPU ratio", "", r.cpuRatio),
			single("least CPU", "us", r.cpuBest),
			single("its ratio", "", r.cpuBest/l.results[0].cpuBest),
		}})
	}
	return rows
}

// notes say how quiet the machine was.
func (l load) notes(limit int) []string {
	switch {
	case l.capped:
		return []string{fmt.Sprintf("Disturbed: %d runs were repeated because other processes used the machine, and no more may be: the rest counts as it came. Trust the CPU.", limit)}
	case l.disturbed > 0:
		return []string{fmt.Sprintf("%d runs were repeated because other processes used the machine.", l.disturbed)}
	default:
		return nil
	}
}
