package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// doorRounds is the least number of rounds: the bound is worth nothing with few.
const doorRounds = 10

// comparison is what the program door says of one operation in one round: microseconds of CPU.
type comparison struct {
	Operation string  `json:"operation"`
	Door      float64 `json:"door"`
	Plain     float64 `json:"plain"`
}

// door measures gorm through package db, with its transactions, walls and budgets as mode prod has them, against gorm alone.
func (b *bench) door(ctx context.Context) ([]figure, error) {
	lite, err := b.doors(ctx, "sqlite", "SQLite", "file:"+b.path("door.db"))
	if err != nil {
		return nil, err
	}
	served, err := b.onPostgres(ctx, "door-postgres", "The door on PostgreSQL", func(dsn string) ([]figure, error) {
		pg, err := b.doors(ctx, "postgres", "PostgreSQL", dsn)
		if err != nil {
			return nil, err
		}
		return []figure{pg}, nil
	})
	return append([]figure{lite}, served...), err
}

// doors measures one engine.
func (b *bench) doors(ctx context.Context, engine, name, dsn string) (figure, error) {
	b.say("measuring the door on %s", name)
	rounds := strconv.Itoa(max(b.opts.rounds, doorRounds))
	out, err := b.output(ctx, b.dir, settings(), "taskset", "-c", b.opts.serverCore, b.path("door"), "-engine", engine, "-dsn", dsn, "-rounds", rounds)
	if err != nil {
		return figure{}, err
	}
	var all []comparison
	if err := json.Unmarshal(out, &all); err != nil {
		return figure{}, fmt.Errorf("read what the program door says: %w", err)
	}
	return doorFigure(engine, name, all), nil
}

// doorFigure makes a table of what was measured: a row for each operation.
func doorFigure(engine, name string, all []comparison) figure {
	f := figure{Name: "door-" + engine, Title: "The same gorm calls through the door and by plain gorm, on " + name}
	var operations []string
	for _, c := range all {
		if !slices.Contains(operations, c.Operation) {
			operations = append(operations, c.Operation)
		}
	}
	for _, op := range operations {
		var door, plain, ratio []float64
		for _, c := range all {
			if c.Operation == op {
				door, plain, ratio = append(door, c.Door), append(plain, c.Plain), append(ratio, c.Door/c.Plain)
			}
		}
		bound := upperBound(ratio)
		f.Rows = append(f.Rows, row{Name: op, Values: []value{
			sampled("door, CPU", "us", door), sampled("plain gorm, CPU", "us", plain), sampled("CPU ratio", "", ratio), single("upper bound of its mean, 95 %", "", bound),
		}})
		f.Verdicts = append(f.Verdicts, atMost(op+", CPU of plain gorm's, upper bound", bound, "", 1.05))
	}
	return f
}
