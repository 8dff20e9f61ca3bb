package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	knownAddresses = 10   // have an account
	askedEach      = 1000 // requests about known addresses, and as many about others
	aPassword      = "correct horse battery"
	accountsPath   = "/api/v1/accounts"
)

// accounts measures whether the time of an answer tells if an address has an account, and k6's 100 users behind a session, with limits in force.
func (b *bench) accounts(ctx context.Context) ([]figure, error) {
	env, err := b.database(ctx, "app")
	if err != nil {
		return nil, err
	}
	times, err := b.strangers(ctx, env)
	if err != nil {
		return nil, err
	}
	users, err := b.signedIn(ctx, env)
	return []figure{times, users}, err
}

// address returns that of an account.
func address(i int) string { return fmt.Sprintf("known%04d@example.com", i) }

// strangers asks about addresses with and without an account, in turns. The application is in mode dev, whose mailbox has the links that confirm
// an address.
func (b *bench) strangers(ctx context.Context, env []string) (f figure, err error) {
	addr, err := freeAddrs(2)
	if err != nil {
		return f, err
	}
	s, err := b.serve(ctx, env, "app", "serve", "--mode", "dev", "--addr", addr[0], "--ops-addr", addr[1], "--set", "limits.enabled=false", "--set", "telemetry.logs.format=json")
	if err != nil {
		return f, err
	}
	defer s.stop()
	if _, err := s.ready(ctx, "http://"+addr[0]+"/readyz", time.Millisecond); err != nil {
		return f, err
	}
	c := &stranger{url: "http://" + addr[0]}
	for i := range knownAddresses {
		if err := c.register(ctx, address(i)); err != nil {
			return f, fmt.Errorf("register: %w", err)
		}
	}
	f = figure{Name: "accounts", Title: fmt.Sprintf("Answers about addresses with and without an account, %d each in turns, one after the other", askedEach)}
	for _, q := range []question{
		{"login", "/login", `{"email":%q,"password":"not the password"}`, http.StatusUnauthorized},
		{"registration", "/register", `{"name":"A","email":%q,"password":"` + aPassword + `"}`, http.StatusAccepted},
		{"reset", "/password/reset", `{"email":%q}`, http.StatusAccepted},
	} {
		b.say("asking about addresses: %s", q.name)
		var took [2][]float64 // known, unknown
		for i := range 2 * askedEach {
			// Which one comes first takes turns: a hash leaves 19 MiB of garbage, and what costs the collector falls on every second one.
			who := (i + i/2) % 2
			about := [2]string{address(i / 2 % knownAddresses), fmt.Sprintf("other%04d@example.com", i/2)}[who]
			ms, err := c.ask(ctx, q, about)
			if err != nil {
				return f, err
			}
			took[who] = append(took[who], ms)
		}
		known, unknown := took[0], took[1]
		apart := math.Abs(median(known)/median(unknown) - 1)
		f.Rows = append(f.Rows, row{Name: q.name, Values: []value{sampled("known", "ms", known), sampled("unknown", "ms", unknown), single("medians apart", "", apart)}})
		f.Verdicts = append(f.Verdicts, atMost(q.name+", medians apart", apart, "", 0.05))
	}
	return f, nil
}

// question is a request about an address.
type question struct {
	name, path, body string // body has a place for the address
	status           int
}

// stranger is a client of the accounts.
type stranger struct {
	url    string
	client http.Client
}

// ask returns how long the answer took, in milliseconds.
func (c *stranger) ask(ctx context.Context, q question, address string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+accountsPath+q.path, strings.NewReader(fmt.Sprintf(q.body, address)))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	began := time.Now()
	text, status, err := c.do(req)
	took := time.Since(began)
	if err == nil && status != q.status {
		err = fmt.Errorf("%s about %s: status %d, want %d: %s", q.name, address, status, q.status, text)
	}
	return float64(took.Microseconds()) / 1000, err
}

func (c *stranger) do(req *http.Request) (text string, status int, err error) {
	resp, err := c.client.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), resp.StatusCode, err
}

// register makes an account, with the link out of the mailbox.
func (c *stranger) register(ctx context.Context, address string) error {
	if _, err := c.ask(ctx, question{"registration", "/register", `{"name":"A","email":%q,"password":"` + aPassword + `"}`, http.StatusAccepted}, address); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/dev/mailbox", http.NoBody)
	if err != nil {
		return err
	}
	link := regexp.MustCompile(`\s([\w-]{43})\s`)
	for { // mails are written behind the answer
		page, _, err := c.do(req)
		if err != nil {
			return err
		}
		// The newest mail comes first.
		if to := strings.Index(page, address); to >= 0 {
			if m := link.FindStringSubmatch(page[to:]); m != nil {
				_, err := c.ask(ctx, question{"confirmation", "/verify", `{"token":"` + m[1] + `","password":"` + aPassword + `"}%.0s`, http.StatusNoContent}, address)
				return err
			}
			return errors.New("the mail holds no link")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// signedIn runs the scripts that were generated with the resources, as they are: 100 virtual users for 30 seconds, who have signed in, on the list of 10,000
// rows and on their own account. The application is in mode prod, with limits that are in force and large enough for them.
func (b *bench) signedIn(ctx context.Context, env []string) (figure, error) {
	f := figure{Name: "k6-sessions", Title: "k6, 100 virtual users for 30 s behind a session, with limits in force, the generated scripts, 10,000 rows"}
	program := b.opts.k6
	if program == "" {
		var err error
		if program, err = exec.LookPath("k6"); err != nil {
			f.Skipped = noK6
			return f, nil
		}
	}
	addr, err := freeAddrs(2)
	if err != nil {
		return f, err
	}
	limit := "1000000 per 1m"
	s, err := b.serve(ctx, env, "app", "serve", "--addr", addr[0], "--ops-addr", addr[1], "--set", "limits.default="+limit)
	if err != nil {
		return f, err
	}
	defer s.stop()
	if _, err := s.ready(ctx, "http://"+addr[0]+"/readyz", time.Millisecond); err != nil {
		return f, err
	}
	for name, script := range map[string]string{"list of products": "modules/catalog/load/product.js", "own account": "modules/accounts/load/user.js"} {
		summary, err := b.runK6(ctx, program, addr[0], filepath.Join(b.root, script), "--env", "EMAIL="+address(0), "--env", "PASSWORD="+aPassword)
		if err != nil {
			return f, err
		}
		f.Rows = append(f.Rows, row{Name: name, Values: summary.values()})
		f.Verdicts = append(f.Verdicts, atMost(name+", p95", summary.p95, "ms", 200), atMost(name+", failed requests and checks", summary.failed, "", 0))
	}
	f.Notes = append(f.Notes, "limits.default is "+strconv.Quote(limit)+".")
	return f, nil
}
