package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"
)

const (
	productsPath = "/api/v1/catalog/products"
	seededRows   = "10000"
)

// database seeds the database of an application, once, and returns the settings that lead to it.
func (b *bench) database(ctx context.Context, program string) ([]string, error) {
	key, err := b.keys(ctx, program)
	if err != nil {
		return nil, err
	}
	env := settings(key, "APP_DB__DSN=file:"+b.path(program+".db"))
	if b.seeded[program] {
		return env, nil
	}
	b.say("seeding %s rows", seededRows)
	for _, args := range [][]string{{"migrate", "up"}, {"db", "seed", "--rows", seededRows, "--module", "catalog", "--yes"}} {
		if _, err := b.output(ctx, b.dir, env, b.path(program), args...); err != nil {
			return nil, err
		}
	}
	b.seeded[program] = true
	return env, nil
}

// products measures the generated operations against the same queries written by hand.
func (b *bench) products(ctx context.Context) ([]figure, error) {
	env, err := b.database(ctx, openApp)
	if err != nil {
		return nil, err
	}
	d, err := b.newDuel(env, productsPath, "", "products", "-file", b.path(openApp+".db"))
	if err != nil {
		return nil, err
	}
	return d.figures(ctx, "products", "10,000 rows on SQLite", 1.05)
}

// duel is the application against a baseline with the same answers.
type duel struct {
	*bench
	env         []string
	path        string // of a list
	query       string // of both requests, with its question mark
	app, bare   []string
	ours, their string // addresses
}

func (b *bench) newDuel(env []string, path, query, program string, args ...string) (*duel, error) {
	addr, err := freeAddrs(3)
	if err != nil {
		return nil, err
	}
	return &duel{
		bench: b, env: env, path: path, query: query, ours: addr[0], their: addr[2],
		app:  []string{openApp, "serve", "--addr", addr[0], "--ops-addr", addr[1]},
		bare: append([]string{program, "-addr", addr[2]}, args...),
	}, nil
}

// figures measures a GET by id and the list of 50; the list may cost so many times the CPU of the baseline, and the one by id 1.15 times.
func (d *duel) figures(ctx context.Context, name, rows string, list float64) ([]figure, error) {
	id, err := d.sameAnswers(ctx)
	if err != nil {
		return nil, err
	}
	byID, err := d.measure(ctx, name+"-id", "Generated GET by id, "+rows+", against the same written by hand", d.path+"/"+id+d.query, 1.15)
	if err != nil {
		return nil, err
	}
	of50, err := d.measure(ctx, name+"-list", "Generated list of 50, "+rows+", against the same written by hand", d.path+d.query, list)
	if err != nil {
		return []figure{byID}, err
	}
	return []figure{byID, of50}, nil
}

func (d *duel) measure(ctx context.Context, name, title, path string, limit float64) (figure, error) {
	quoted := strings.NewReplacer(d.dir, `"$B"`).Replace
	l, err := d.drive(ctx, d.env, []variant{
		{"fiber, gorm, encoding/json", "http://" + d.their + path, nil, quoted(strings.Join(d.bare, " "))},
		{"Banyan, generated", "http://" + d.ours + path, nil, strings.Join(d.app, " ") + ` >"$B"/app.log`},
	})
	if err != nil {
		return figure{}, err
	}
	return figure{
		Name: name, Title: title, Rows: l.rows(d.opts.rounds), Notes: l.notes(d.opts.repeats),
		Verdicts: []verdict{atMost("CPU of the handler written by hand", l.results[1].cpuRatio, "", limit)},
	}, nil
}

// sameAnswers proves that the application and the baseline answer alike, and returns the id of an item in the middle of the first page.
func (d *duel) sameAnswers(ctx context.Context) (string, error) {
	ours, err := d.serve(ctx, d.env, d.app[0], d.app[1:]...)
	if err != nil {
		return "", err
	}
	defer ours.stop()
	theirs, err := d.serve(ctx, d.env, d.bare[0], d.bare[1:]...)
	if err != nil {
		return "", err
	}
	defer theirs.stop()
	for _, s := range []struct {
		*server
		addr string
	}{{ours, d.ours}, {theirs, d.their}} {
		if _, err := s.ready(ctx, "http://"+s.addr+d.path, time.Millisecond); err != nil {
			return "", err
		}
	}
	id, err := middleID(ctx, "http://"+d.ours+d.path)
	if err != nil {
		return "", err
	}
	for _, path := range []string{d.path + d.query, d.path + "/" + id + d.query} {
		a, err := fetch(ctx, "http://"+d.ours+path)
		if err != nil {
			return "", err
		}
		z, err := fetch(ctx, "http://"+d.their+path)
		if err != nil {
			return "", err
		}
		if same, err := sameJSON(a, z); err != nil || !same {
			return "", errors.Join(fmt.Errorf("GET %s: the application and the baseline do not answer alike, so they are not compared", path), err)
		}
	}
	return id, nil
}

func middleID(ctx context.Context, url string) (string, error) {
	body, err := fetch(ctx, url)
	if err != nil {
		return "", err
	}
	var list struct {
		Data []struct{ ID string }
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return "", fmt.Errorf("read the list: %w", err)
	}
	if len(list.Data) != 50 {
		return "", fmt.Errorf("the list has %d items, want 50", len(list.Data))
	}
	return list.Data[25].ID, nil
}

func fetch(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", url, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() // it is read to its end, or not at all
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("GET %s: %w", url, err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s: %s", url, resp.Status, body)
	}
	return body, nil
}

// sameJSON compares two answers. The cursor of a list is signed in one and not in the other: there has to be one in both, or in none. Times may be
// written with or without zeros at their end.
func sameJSON(a, b []byte) (bool, error) {
	var x, y any
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
		return false, err
	}
	hideCursor(x)
	hideCursor(y)
	return reflect.DeepEqual(timed(x), timed(y)), nil
}

// timed returns v with each text that is a time as one.
func timed(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			v[name] = timed(v[name])
		}
	case []any:
		for i := range v {
			v[i] = timed(v[i])
		}
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return t.UnixMicro()
		}
	}
	return v
}

func hideCursor(v any) {
	list, _ := v.(map[string]any)
	page, _ := list["page"].(map[string]any)
	if page["next"] != nil {
		page["next"] = "a cursor"
	}
}
