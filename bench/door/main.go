// Command door runs the same gorm calls through the door of platform/db, as mode prod has it, and through plain gorm with the same pools, in
// turns, and prints what each took of the CPU. The engine's own work is in both.
//
// Plain gorm is gorm over the driver for database/sql that comes with the library: gormlite over ncruces/go-sqlite3, with a pool of one
// connection that writes and one of readers, or pgx. Its settings are gorm's defaults but for SkipDefaultTransaction, which is how the door
// has it, and which spares it two statements. Both sides work under a context that can end, as that of every request does: gorm's pool then
// watches it for each statement. Under one that cannot, plain gorm saves that, and no query of it has a limit.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// sample is what one round of one operation has shown: microseconds of CPU for each operation.
type sample struct {
	Operation string  `json:"operation"`
	Door      float64 `json:"door"`
	Plain     float64 `json:"plain"`
}

// side is one of the two ways. The number that an operation gets chooses the row.
type side interface {
	get(ctx context.Context, i int) error
	list(ctx context.Context) error
	update(ctx context.Context, i int) error
}

func main() {
	engine := flag.String("engine", "sqlite", "sqlite or postgres")
	dsn := flag.String("dsn", "file:door.db", "address of an empty database")
	rounds := flag.Int("rounds", 10, "interleaved rounds")
	slice := flag.Duration("slice", 150*time.Millisecond, "about how long one operation is repeated in one turn of a round")
	flag.Parse()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	samples, err := measure(ctx, *engine, *dsn, *rounds, *slice)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(samples)
	}
	if err != nil {
		log.Fatal(err) //nolint:gocritic // the process ends
	}
}

func measure(ctx context.Context, engine, dsn string, rounds int, slice time.Duration) (samples []sample, err error) {
	d, stop, err := openDoor(ctx, engine, dsn)
	if err != nil {
		return nil, fmt.Errorf("the door: %w", err)
	}
	defer func() { err = errors.Join(err, stop()) }()
	p, closePlain, err := openPlain(engine, dsn)
	if err != nil {
		return nil, fmt.Errorf("plain gorm: %w", err)
	}
	defer func() { err = errors.Join(err, closePlain()) }()
	for _, op := range []struct {
		name string
		run  func(s side, i int) error
	}{
		{"get", func(s side, i int) error { return s.get(ctx, i) }},
		{"list of 50", func(s side, _ int) error { return s.list(ctx) }},
		{"transaction and update", func(s side, i int) error { return s.update(ctx, i) }},
	} {
		times, err := howOften(slice, func(i int) error { return op.run(p, i) })
		if err != nil {
			return nil, fmt.Errorf("%s by plain gorm: %w", op.name, err)
		}
		for round := range rounds + 1 {
			s := sample{Operation: op.name}
			if s.Door, s.Plain, err = inTurns(times, func(i int) error { return op.run(d, i) }, func(i int) error { return op.run(p, i) }); err != nil {
				return nil, fmt.Errorf("%s: %w", op.name, err)
			}
			if round > 0 { // the first one warms up
				samples = append(samples, s)
			}
		}
	}
	return samples, nil
}

// turns is how often the two sides take turns in a round: what else the machine does changes from one to the next. It is even, so that each side is
// the first one as often as the second.
const turns = 4

// inTurns returns what each of so many runs of both sides takes of the CPU in microseconds, on average of their turns.
func inTurns(times int, door, plain func(i int) error) (byDoor, byPlain float64, err error) {
	for turn := range turns {
		sides := []struct {
			run func(i int) error
			cpu *float64
		}{{door, &byDoor}, {plain, &byPlain}}
		if turn%2 == 1 {
			slices.Reverse(sides)
		}
		for _, side := range sides {
			took, err := cpu(times, side.run)
			if err != nil {
				return 0, 0, err
			}
			*side.cpu += took / turns
		}
	}
	return byDoor, byPlain, nil
}

// howOften returns how often an operation runs in about this time.
func howOften(slice time.Duration, run func(i int) error) (n int, err error) {
	for began := time.Now(); time.Since(began) < slice; n++ {
		if err := run(n); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// cpu returns the microseconds of CPU, user's and system's, that each of so many runs takes, with the collection of what it leaves behind.
func cpu(times int, run func(i int) error) (float64, error) {
	runtime.GC()
	before := spent()
	for i := range times {
		if err := run(i); err != nil {
			return 0, err
		}
	}
	return float64((spent() - before).Microseconds()) / float64(times), nil
}

// spent is the CPU time of this process so far.
func spent() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // it cannot fail
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
