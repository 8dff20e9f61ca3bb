package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/cdn"
	"github.com/banyan-go/banyan/platform/cli"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/redis"
	"github.com/banyan-go/banyan/platform/unit"
)

// cacheTimeout is how long a question to what processes share may take. It looks at every value.
const cacheTimeout = time.Minute

func (l *launcher) cache() *cobra.Command {
	return cli.Group("cache", "See what is kept of what was read, and have it read anew", l.cacheStats(), l.cachePurge())
}

func (l *launcher) cacheStats() *cobra.Command {
	type row struct {
		Group  string `json:"group"`
		Values int64  `json:"values"`
		Bytes  int64  `json:"bytes"`
	}
	return l.Data(command("stats", "Show what all processes share, by group", "  "+l.called()+" cache stats", func(cmd *cobra.Command, _ []string) error {
		return l.withCache(cmd.Context(), func(ctx context.Context, a *App) error {
			groups, err := a.platform.Cache.Stored(ctx)
			if errors.Is(err, cache.ErrNotShared) {
				l.Note("%s", err)
			} else if err != nil {
				return err
			}
			rows := []row{}
			for _, g := range groups {
				rows = append(rows, row(g))
			}
			return l.Print(rows, func(w io.Writer) {
				if len(rows) == 0 {
					l.Note("there is nothing that processes share")
					return
				}
				lines := [][]string{{"GROUP", "VALUES", "SIZE"}}
				for _, r := range rows {
					name := r.Group
					if name == "" {
						name = "(long keys)"
					}
					lines = append(lines, []string{name, strconv.FormatInt(r.Values, 10), unit.Bytes(r.Bytes).String()})
				}
				l.Table(w, lines...)
			})
		})
	}))
}

// purged is what --json prints.
type purged struct {
	Purged []string `json:"purged"`
}

func (l *launcher) cachePurge() *cobra.Command {
	var keys, tags, groups []string
	var every bool
	purge := command("purge", "Have values read anew, in every process",
		"  "+l.called()+" cache purge --key catalog.products:0199c2a0-0000-7000-8000-000000000001\n  "+l.called()+" cache purge --tag catalog.products\n  "+l.called()+" cache purge --all --yes",
		func(cmd *cobra.Command, _ []string) error {
			for _, k := range keys {
				if !strings.Contains(k, ":") {
					return cli.Exit(cli.Usage, l.called()+" cache stats", fmt.Errorf("--key %q is no GROUP:KEY: a group, a colon and the key, %q for instance", k, "catalog.products:1"))
				}
			}
			names := append([]string{}, keys...)
			for _, t := range tags {
				names = append(names, "#"+t)
			}
			for _, g := range groups {
				names = append(names, "@"+g)
			}
			if every {
				names = append(names, "*")
			}
			for _, n := range names {
				if err := cache.CheckName(n); err != nil {
					return cli.Exit(cli.Usage, l.called()+" cache purge --help", err)
				}
			}
			if len(names) == 0 {
				return cli.Exit(cli.Usage, l.called()+" cache purge --help", errors.New("say what is to be read anew: --key, --tag, --group or --all"))
			}
			return l.withCache(cmd.Context(), func(ctx context.Context, a *App) error {
				c := a.platform.Cache
				if err := knownGroups(c, append(groups, groupsOf(keys)...)); err != nil {
					return cli.Exit(cli.Usage, l.called()+" cache stats", err)
				}
				if every && !l.DryRun {
					if err := l.destroys(cmd, "have everything read anew"); err != nil {
						return err
					}
				}
				if l.DryRun {
					defer l.Note("nothing was purged")
				} else if err := l.purge(ctx, a, names); err != nil {
					return err
				}
				return l.Print(purged{names}, func(w io.Writer) {
					lines := [][]string{{"PURGED"}}
					if l.DryRun {
						lines[0][0] = "TO PURGE"
					}
					for _, n := range names {
						lines = append(lines, []string{n})
					}
					l.Table(w, lines...)
				})
			})
		})
	purge.Flags().StringArrayVar(&keys, "key", nil, "the value of a `GROUP:KEY`; this and the next two several times for several")
	purge.Flags().StringArrayVar(&tags, "tag", nil, "all values with a `TAG`; that nothing has it is not known here, and no error")
	purge.Flags().StringArrayVar(&groups, "group", nil, "all values of a `GROUP`")
	purge.Flags().BoolVar(&every, "all", false, "everything")
	return l.Data(l.Asks(l.Writes(purge, "say what it would purge, and purge nothing")))
}

// groupsOf returns the groups of keys with theirs before them.
func groupsOf(keys []string) []string {
	var groups []string
	for _, k := range keys {
		group, _, _ := strings.Cut(k, ":")
		groups = append(groups, group)
	}
	return groups
}

// knownGroups refuses a group that is not in this program: nothing would be read anew. Tags it cannot know.
func knownGroups(c *cache.Cache, names []string) error {
	there := c.Groups()
	for _, n := range names {
		if !slices.Contains(there, n) {
			return fmt.Errorf("there is no group %q, the program has: %s", n, cmp.Or(strings.Join(there, ", "), "none"))
		}
	}
	return nil
}

// purgeTimeout is how long a purge waits for Redis and the caches in front.
const purgeTimeout = 5 * time.Second

// purge has what has these names read anew: at once what processes share, and by a note in the database what the one that serves has in its memory.
func (l *launcher) purge(ctx context.Context, a *App, names []string) error {
	ctx, cancel := context.WithTimeout(ctx, purgeTimeout)
	defer cancel()
	if !a.platform.Cache.Shared() {
		return l.purgeLater(ctx, a, names)
	}
	return withFronts(ctx, a, func(ctx context.Context) error { return a.platform.Cache.Invalidate(ctx, names...) })
}

// purgeLater leaves a purge to the process that serves, which looks for such notes all the time.
func (l *launcher) purgeLater(ctx context.Context, a *App, names []string) error {
	if err := l.there(a); err != nil {
		return err
	}
	return withDatabase(ctx, a, func(ctx context.Context) error {
		if err := a.migrator.Ready(ctx); err != nil {
			return l.stateOf(err)
		}
		err := a.platform.DB.Platform().Tx(ctx, db.Global, func(ctx context.Context) error { return a.platform.Cache.Invalidate(ctx, names...) })
		if err == nil {
			l.Note("values are in the memory of the process that serves (cache.l2.driver is none): it reads them anew in two seconds")
		}
		return err
	})
}

// withCache runs fn while what processes share can be asked.
func (l *launcher) withCache(ctx context.Context, fn func(ctx context.Context, a *App) error) error {
	a, err := l.connectable()
	if err != nil {
		return err
	}
	p := a.platform
	within, cancel := context.WithTimeout(ctx, cacheTimeout)
	defer cancel()
	err = fn(within, a)
	switch {
	case redis.IsDown(err):
		err = cli.Exit(cli.Down, l.called()+" config show --origin redis.cache", err)
	case errors.Is(err, cdn.ErrAway):
		err = cli.Exit(cli.Down, l.called()+" config show --origin cdn.caches", err)
	}
	return errors.Join(err, p.Redis.Close(), p.Telemetry.Stop(context.WithoutCancel(ctx)))
}
