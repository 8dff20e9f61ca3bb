package main

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"time"
)

const (
	// startsPerRound is how often each program is started in a round: a start is short, and its time spreads.
	startsPerRound = 4
	// settle is how long a program is left alone before its idle memory is read.
	settle = time.Second
	// maxStart is how long a start may take.
	maxStart = 30 * time.Second
)

// started is one of the programs whose starts are compared.
type started struct {
	name, program  string
	args           []string
	url            string
	times, resting []float64 // ms, MiB
}

// start measures the way from exec to the first answer, the memory of a server that rests, and what a binary weighs.
func (b *bench) start(ctx context.Context) ([]figure, error) {
	env, err := b.database(ctx, "app")
	if err != nil {
		return nil, err
	}
	addr, err := freeAddrs(3)
	if err != nil {
		return nil, err
	}
	bare := &started{name: "bare fiber", program: "startup", args: []string{"-addr", addr[0]}, url: "http://" + addr[0] + "/readyz"}
	app := &started{name: "Banyan, cmd/app", program: "app", args: []string{"serve", "--addr", addr[1], "--ops-addr", addr[2]}, url: "http://" + addr[1] + "/readyz"}
	b.say("measuring starts")
	for i := range b.opts.rounds*startsPerRound + 1 {
		for _, p := range []*started{bare, app} {
			if err := b.once(ctx, env, p, i); err != nil {
				return nil, fmt.Errorf("start %s: %w", p.name, err)
			}
		}
	}
	f := figure{Name: "start", Title: "Start to ready, idle memory, size"}
	for _, p := range []*started{bare, app} {
		sizes, err := b.sizes(p.program)
		if err != nil {
			return nil, err
		}
		f.Rows = append(f.Rows, row{Name: p.name, Values: append([]value{
			sampled("start to first 200", "ms", p.times), sampled("idle RSS", "MiB", p.resting),
		}, sizes...)})
	}
	const mb = 1e6 / (1 << 20) // in MiB
	f.Verdicts = []verdict{
		atMost("start of bare fiber's", median(app.times)/median(bare.times), "", 3),
		atMost("idle RSS", median(app.resting), "MiB", 60*mb),
	}
	f.Notes = []string{fmt.Sprintf("%d starts each, one after the other; memory a second after the answer. The binary links no library of the system.", len(app.times))}
	return []figure{f}, nil
}

// once starts p, the i-th time. The first start of a program reads it from the disk: it is not counted.
func (b *bench) once(ctx context.Context, env []string, p *started, i int) error {
	ctx, cancel := context.WithTimeout(ctx, maxStart)
	defer cancel()
	s, err := b.serve(ctx, env, p.program, p.args...)
	if err != nil {
		return err
	}
	defer s.stop()
	took, err := s.ready(ctx, p.url, 200*time.Microsecond)
	if err != nil || i == 0 {
		return err
	}
	p.times = append(p.times, took.Seconds()*1000)
	if i%startsPerRound != 0 {
		return nil
	}
	time.Sleep(settle)
	memory, err := s.idleMemory()
	p.resting = append(p.resting, memory)
	return err
}

// sizes returns the size of a program as built, and without its symbols.
func (b *bench) sizes(program string) ([]value, error) {
	var values []value
	for _, v := range []struct{ file, name string }{{program, "binary"}, {program + ".stripped", "without symbols"}} {
		info, err := os.Stat(b.path(v.file))
		if err != nil {
			return nil, fmt.Errorf("weigh %s: %w", program, err)
		}
		values = append(values, single(v.name, "MB", float64(info.Size())/1e6))
	}
	return values, static(b.path(program))
}

// static returns an error when a program needs a library of the system.
func static(program string) (err error) {
	f, err := elf.Open(program)
	if err != nil {
		return fmt.Errorf("read %s: %w", program, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	libraries, err := f.ImportedLibraries()
	if err != nil {
		return fmt.Errorf("read %s: %w", program, err)
	}
	if len(libraries) > 0 {
		return fmt.Errorf("%s is not static: it needs %v", program, libraries)
	}
	return nil
}
