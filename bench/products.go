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

// database seeds the reference application's database, once, and returns the settings that lead to it.
func (b *bench) database(ctx context.Context) ([]string, error) {
	key, err := b.keys(ctx, "app")
	if err != nil {
		return nil, err
	}
	env := settings(key, "APP_DB__DSN=file:"+b.path("app.db"))
	if b.seeded {
		return env, nil
	}
	b.say("seeding %s rows", seededRows)
	for _, args := range [][]string{{"migrate", "up"}, {"db", "seed", "--rows", seededRows, "--module", "catalog", "--yes"}} {
		if _, err := b.output(ctx, b.dir, env, b.path("app"), args...); err != nil {
			return nil, err
		}
	}
	b.seeded = true
	return env, nil
}

// products measures the generated operations against the same queries written by hand.
func (b *bench) products(ctx context.Context) ([]figure, error) {
	env, err := b.database(ctx)
	if err != nil {
		return nil, err
	}
	addr, err := freeAddrs(3)
	if err != nil {
		return nil, err
	}
	app := []string{"app", "serve", "--addr", addr[0], "--ops-addr", addr[1]}
	bare := []string{"products", "-addr", addr[2], "-file", b.path("app.db")}
	id, err := b.sameAnswers(ctx, env, app, addr[0], bare, addr[2])
	if err != nil {
		return nil, err
	}
	measure := func(name, title, path string, limit float64) (figure, error) {
		l, err := b.drive(ctx, env, []variant{
			{"fiber, gorm, encoding/json", "http://" + addr[2] + path, nil, `products -addr ` + addr[2] + ` -file "$B"/app.db`},
			{"Banyan, generated", "http://" + addr[0] + path, nil, strings.Join(app, " ") + ` >"$B"/app.log`},
		})
		if err != nil {
			return figure{}, err
		}
		return figure{
			Name: name, Title: title, Rows: l.rows(b.opts.rounds), Notes: l.notes(b.opts.repeats),
			Verdicts: []verdict{atMost("CPU of the handler written by hand", l.results[1].cpuRatio, "", limit)},
		}, nil
	}
	byID, err := measure("products-id", "Generated GET by id, 10,000 rows on SQLite, against the same written by hand", productsPath+"/"+id, 1.15)
	if err != nil {
		return nil, err
	}
	list, err := measure("products-list", "Generated list of 50, 10,000 rows on SQLite, against the same written by hand", productsPath, 1.05)
	if err != nil {
		return []figure{byID}, err
	}
	return []figure{byID, list}, nil
}

// sameAnswers proves that the application and the baseline answer alike, and returns the id of a product in the middle of the first page.
func (b *bench) sameAnswers(ctx context.Context, env, app []string, appAddr string, bare []string, bareAddr string) (string, error) {
	ours, err := b.serve(ctx, env, app[0], app[1:]...)
	if err != nil {
		return "", err
	}
	defer ours.stop()
	theirs, err := b.serve(ctx, env, bare[0], bare[1:]...)
	if err != nil {
		return "", err
	}
	defer theirs.stop()
	for _, s := range []struct {
		*server
		addr string
	}{{ours, appAddr}, {theirs, bareAddr}} {
		if _, err := s.ready(ctx, "http://"+s.addr+productsPath, time.Millisecond); err != nil {
			return "", err
		}
	}
	id, err := middleID(ctx, "http://"+appAddr+productsPath)
	if err != nil {
		return "", err
	}
	for _, path := range []string{productsPath, productsPath + "/" + id} {
		a, err := fetch(ctx, "http://"+appAddr+path)
		if err != nil {
			return "", err
		}
		z, err := fetch(ctx, "http://"+bareAddr+path)
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
		return "", fmt.Errorf("the list has %d products, want 50", len(list.Data))
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

// sameJSON compares two answers. The cursor of a list is signed in one and not in the other: there has to be one in both, or in none.
func sameJSON(a, b []byte) (bool, error) {
	var x, y any
	if err := errors.Join(json.Unmarshal(a, &x), json.Unmarshal(b, &y)); err != nil {
		return false, err
	}
	hideCursor(x)
	hideCursor(y)
	return reflect.DeepEqual(x, y), nil
}

func hideCursor(v any) {
	list, _ := v.(map[string]any)
	page, _ := list["page"].(map[string]any)
	if page["next"] != nil {
		page["next"] = "a cursor"
	}
}
