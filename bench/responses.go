package main

import "context"

// responses measures answers that the server keeps: one of 96 bytes against the same answer of an operation that asks nobody, and a list in gzip against
// bytes that were compressed before. All of them are in one process.
func (b *bench) responses(ctx context.Context) ([]figure, error) {
	key, err := b.keys(ctx, "stack")
	if err != nil {
		return nil, err
	}
	addr, err := freeAddrs(2)
	if err != nil {
		return nil, err
	}
	stack := "stack serve --addr " + addr[0] + " --ops-addr " + addr[1] + ` >>"$B"/stack.log`
	of := func(name, path string) variant {
		return variant{name, "http://" + addr[0] + "/api/v1/bench" + path, []string{"Accept-Encoding: gzip"}, stack}
	}
	cutting, done := context.WithCancel(ctx)
	defer done()
	go cutLog(cutting, b.path("stack.log"))
	env := settings(key, "APP_DB__DSN=file:"+b.path("stack.db"))
	one, err := b.drive(ctx, env, []variant{
		of("no database", "/items/42"),
		of("value in memory, encoded anew", "/values/42"),
		of("answer kept", "/kept/42"),
	})
	if err != nil {
		return nil, err
	}
	list, err := b.drive(ctx, env, []variant{
		of("bytes compressed before, raw route", "/lists/packed"),
		of("answer kept with its form", "/lists/kept"),
		of("encoded and compressed anew", "/lists/made"),
	})
	if err != nil {
		return nil, err
	}
	return []figure{
		{
			Name:  "responses",
			Title: "GET by id served from cache, stack and log on, 96 bytes of JSON, against the same answer without any database",
			Rows:  one.rows(b.opts.rounds),
			Verdicts: []verdict{
				atMost("value in memory, CPU of no database", one.results[1].cpuRatio, "", 1.30),
				atMost("answer kept, CPU of no database", one.results[2].cpuRatio, "", 1.30),
			},
			Notes: one.notes(b.opts.repeats),
		},
		{
			Name:     "responses-compressed",
			Title:    "A list of 43 KB in gzip, kept with its compressed form, against bytes that were compressed before",
			Rows:     list.rows(b.opts.rounds),
			Verdicts: []verdict{atLeast("answer kept, requests/s of bytes compressed before", list.results[1].ratio, 0.90)},
			Notes:    list.notes(b.opts.repeats),
		},
	}, nil
}
