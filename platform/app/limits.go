package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/cli"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/ratelimit"
	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// newLimits returns the limits, before any module has declared a rule. One that counts in Redis wants a server there.
func newLimits(env Env, cfg Config, stores *redis.Redis, tel *telemetry.Telemetry) (*ratelimit.Limits, error) {
	if cfg.Limits.Shared() && stores.State() == nil && !env.Describe {
		return nil, config.Problems{{
			Key: "redis.state", Got: "is not set, and limits.store is redis",
			Hint: "put the address of the server into REDIS_URL, or into a file that APP_REDIS__STATE_FILE names",
		}}
	}
	return ratelimit.New(cfg.Limits, ratelimit.Options{Redis: stores, Instances: cfg.Instances, Log: tel.Logger(), Metrics: tel}), nil
}

func (l *launcher) limits() *cobra.Command {
	return cli.Group("limits", "See how often somebody may ask, and let somebody ask again", l.limitsList(), l.limitsReset())
}

func (l *launcher) limitsList() *cobra.Command {
	type row struct {
		Rule   string `json:"rule"`
		Limit  string `json:"limit"`
		Store  string `json:"store"` // memory or redis
		From   string `json:"from"`
		Routes int    `json:"routes"`
	}
	return l.Data(command("list", "List the rules in force, and where each comes from", fmt.Sprintf("  %[1]s limits list\n  %[1]s limits list --json", l.called()), func(*cobra.Command, []string) error {
		a, err := l.describe()
		if err != nil {
			return err
		}
		rows := []row{}
		for _, limit := range a.platform.Limits.All() {
			r := row{Rule: limit.Name(), Limit: limit.Rule().String(), Store: a.platform.cfg.Limits.Store, From: l.originOf(limit.Name())}
			if !a.platform.cfg.Limits.Enabled {
				r.Limit = string(ratelimit.Off)
				r.From = l.loaded.Settings("limits.enabled")[0].Origin
			}
			for _, m := range a.operations.Mounted() {
				if m.Op.Limit == limit.Name() || m.Op.Limit == "" && limit.Name() == ratelimit.DefaultName {
					r.Routes++
				}
			}
			rows = append(rows, r)
		}
		return l.Print(rows, func(w io.Writer) {
			lines := [][]string{{"RULE", "LIMIT", "COUNTED IN", "FROM", "ROUTES"}}
			for _, r := range rows {
				lines = append(lines, []string{r.Rule, r.Limit, r.Store, r.From, strconv.Itoa(r.Routes)})
			}
			l.Table(w, lines...)
		})
	}))
}

// originOf says where a rule comes from: the configuration, or the module that it is named after.
func (l *launcher) originOf(rule string) string {
	key := "limits.rules." + rule
	if rule == ratelimit.DefaultName {
		key = "limits.default"
	}
	for _, s := range l.loaded.Settings(key) {
		if s.Key == key {
			return s.Origin
		}
	}
	module, _, _ := strings.Cut(rule, ".")
	return "module " + module
}

// resetTime bounds the call of a store by somebody who waits for it.
const resetTime = 5 * time.Second

func (l *launcher) limitsReset() *cobra.Command {
	c := command("reset RULE SUBJECT", "Forget what somebody has asked for: an address, the id of a user, the value of a header, or what a module counts by", fmt.Sprintf("  %[1]s limits reset accounts.login 203.0.113.7\n  %[1]s limits reset default 0192f0c1-7d5e-7abc-8def-0123456789ab --yes\n  %[1]s limits reset accounts.login.account anna@example.com", l.called()), func(cmd *cobra.Command, args []string) error {
		a, err := l.connectable()
		if err != nil {
			return err
		}
		limit, err := a.platform.Limits.Named(args[0])
		if err != nil {
			return cli.Exit(cli.Usage, l.next("limits list"), err)
		}
		if !limit.Shared() {
			return cli.Exit(cli.Failure, l.next("config show --origin limits.store"), ratelimit.ErrNotShared)
		}
		if err := l.destroys(cmd, "forget what "+args[1]+" has asked for"); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), resetTime)
		defer cancel()
		known, err := forget(ctx, limit, args[1])
		err = errors.Join(err, a.platform.Redis.Close())
		switch {
		case err != nil:
			return cli.Exit(cli.Down, l.next("config show --origin redis.state"), fmt.Errorf("reset a limit: %w", err))
		case !known:
			l.Note("%s has not asked for anything that %s counts (%s)", args[1], limit.Name(), limit.Rule())
		default:
			l.Note("%s may ask again", args[1])
		}
		return nil
	})
	c.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 2 {
			return errors.New("want a RULE and a SUBJECT")
		}
		return nil
	}
	return l.Asks(c)
}

// forget forgets what somebody has asked for whom a person calls who, and reports whether that was anything.
func forget(ctx context.Context, limit *ratelimit.Limit, who string) (known bool, err error) {
	for _, subject := range subjects(limit, who) {
		there, err := limit.Reset(ctx, subject)
		if err != nil {
			return known, err
		}
		known = known || there
	}
	return known, nil
}

// subjects returns what a person may mean: an address is written as it is, a user or the value of a header with the word in front or without. What the
// code of a module counts begins with a word of its own, which is the last one of the rule's name.
func subjects(limit *ratelimit.Limit, who string) [][]byte {
	if addr, err := netip.ParseAddr(who); err == nil {
		return [][]byte{ratelimit.AppendAddress(nil, addr)}
	}
	all := [][]byte{[]byte(who)}
	switch key := limit.Key(); {
	case key == ratelimit.User || key == ratelimit.UserOrIP:
		all = append(all, []byte("user:"+who))
	case key.Header() != "":
		all = append(all, []byte("header:"+who))
	case key == ratelimit.Subject:
		word := limit.Name()[strings.LastIndexByte(limit.Name(), '.')+1:]
		all = append(all, []byte(word+" "+who))
	}
	return all
}
