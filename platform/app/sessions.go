package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/cli"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/module"
	"github.com/banyan-go/banyan/platform/session"
)

// storeDB is the store of sessions that stands on the application's database.
const storeDB = "db"

// sessionsTimeout is how long a question to the store of sessions may take.
const sessionsTimeout = 10 * time.Second

func (l *launcher) sessions() *cobra.Command {
	return cli.Group("sessions", "Who is signed in, and where", l.sessionsList(), l.sessionsRevoke())
}

// sessionRow is what is told of a session.
type sessionRow struct {
	Session string    `json:"session"`
	User    string    `json:"user"`
	Roles   []string  `json:"roles"`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen"`
	Expires time.Time `json:"expires"`
	Device  string    `json:"device"`
	Address string    `json:"address"`
}

func (l *launcher) sessionsList() *cobra.Command {
	var user string
	list := command("list --user NAME", "List the sessions of a user", "  "+l.called()+" sessions list --user 0199c2a0-0000-7000-8000-000000000001", func(cmd *cobra.Command, _ []string) error {
		return l.withSessions(cmd.Context(), user, func(ctx context.Context, v visits) error {
			all, err := v.List(ctx, v.user)
			if err != nil {
				return err
			}
			return l.printSessions(v, all)
		})
	})
	userFlag(list, &user)
	return l.Data(list)
}

// userFlag gives a command the flag --user, which it needs.
func userFlag(cmd *cobra.Command, user *string) {
	cmd.Flags().StringVar(user, "user", "", "the `NAME` under which the user is signed in, an id for instance; or an address that the application knows")
	_ = cmd.MarkFlagRequired("user") // the flag is there: one line above
}

func (l *launcher) printSessions(v visits, all []session.Session) error {
	rows := []sessionRow{}
	for _, s := range all {
		rows = append(rows, sessionRow{s.Handle, s.User, append([]string{}, s.Roles...), s.Created, s.Seen, s.Expires, s.Device, s.Address})
	}
	return l.Print(rows, func(w io.Writer) {
		if len(rows) == 0 {
			l.Note("%s", v.none())
			return
		}
		lines := [][]string{{"SESSION", "BEGAN", "LAST SEEN", "FROM", "DEVICE"}}
		for _, r := range rows {
			lines = append(lines, []string{r.Session, minute(r.Created), minute(r.Seen), r.Address, r.Device})
		}
		l.Table(w, lines...)
	})
}

// visits are the sessions of one user, in the store of that name.
type visits struct {
	*session.Sessions
	user, store string
}

// none says that the user is signed in nowhere, and where that was looked up.
func (v visits) none() string {
	return fmt.Sprintf("%s has no sessions in the store %s (session.store)", v.user, v.store)
}

func minute(t time.Time) string { return t.Format("2006-01-02 15:04 MST") }

func (l *launcher) sessionsRevoke() *cobra.Command {
	var user string
	var every bool
	revoke := command("revoke [SESSION] --user NAME", "End a session of a user, or all of them", fmt.Sprintf("  %[1]s sessions revoke 5f0c3a1e9b7d42c6a8e1f0935d7b6c24 --user 0199c2a0-0000-7000-8000-000000000001\n  %[1]s sessions revoke --user 0199c2a0-0000-7000-8000-000000000001 --all", l.called()), func(cmd *cobra.Command, words []string) error {
		if every == (len(words) == 1) {
			return cli.Exit(cli.Usage, l.next("sessions list --user "+user), errors.New("name the session that is to end, or say --all"))
		}
		return l.withSessions(cmd.Context(), user, func(ctx context.Context, v visits) error {
			all, err := v.List(ctx, v.user)
			if err != nil {
				return err
			}
			if !every {
				all = slices.DeleteFunc(all, func(one session.Session) bool { return one.Handle != words[0] })
				if len(all) == 0 {
					return cli.Exit(cli.Failure, l.next("sessions list --user "+user), session.ErrUnknown)
				}
			}
			if l.DryRun {
				defer l.Note("nothing was ended")
				return l.printSessions(v, all)
			}
			return l.revoke(ctx, cmd, v, all)
		})
	})
	revoke.Args = oneWord("SESSION", false)
	userFlag(revoke, &user)
	revoke.Flags().BoolVar(&every, "all", false, "all sessions of the user")
	return l.Data(l.Asks(l.Writes(revoke, "list what it would end, and end nothing")))
}

// revoke ends sessions, asks before it ends several, and prints those that it has ended.
func (l *launcher) revoke(ctx context.Context, cmd *cobra.Command, v visits, all []session.Session) error {
	if len(all) > 1 {
		if err := l.destroys(cmd, fmt.Sprintf("end the %d sessions of this user", len(all))); err != nil {
			return err
		}
	}
	ended := all[:0]
	for _, one := range all {
		switch err := v.Revoke(ctx, v.user, one.Handle); {
		case errors.Is(err, session.ErrUnknown): // it has ended meanwhile
		case err != nil:
			return err
		default:
			ended = append(ended, one)
		}
	}
	return l.printSessions(v, ended)
}

// withSessions runs fn while the store of sessions can be asked, with the name under which somebody is signed in whom a person calls who.
func (l *launcher) withSessions(ctx context.Context, who string, fn func(ctx context.Context, v visits) error) error {
	a, err := l.connectable()
	if err != nil {
		return err
	}
	p := a.platform
	drv, ok := p.drivers.Sessions[p.cfg.Session.Store]
	switch {
	case !ok:
		return errors.New("this application keeps no sessions")
	case !drv.Features().Shared:
		return cli.Exit(cli.Failure, l.next("config show --origin session.store"), fmt.Errorf("session.store is %q: its sessions are known to the process that serves, and to no command", p.cfg.Session.Store))
	}
	finder, v := a.userFinder(who), visits{p.Sessions, who, p.cfg.Session.Store}
	ask := func(ctx context.Context) (err error) {
		if v.user, err = find(ctx, finder, who); err != nil {
			return err
		}
		return l.askSessions(ctx, v, fn)
	}
	if p.cfg.Session.Store != storeDB && finder == nil {
		err := ask(ctx)
		return errors.Join(err, p.Redis.Close(), p.Telemetry.Stop(context.WithoutCancel(ctx)))
	}
	if there, err := p.DB.Exists(); !there || err != nil { // a look does not make one
		return errors.Join(err, l.printSessions(v, nil))
	}
	return withDatabase(ctx, a, func(ctx context.Context) error {
		if err := a.migrator.Ready(ctx); err != nil {
			return l.stateOf(err)
		}
		return ask(ctx)
	})
}

// userFinder returns the part that knows users by other names, nil where there is none, and for an id, which is no such name.
func (a *App) userFinder(who string) module.UserFinder {
	if _, err := id.Parse(who); err == nil {
		return nil
	}
	for _, m := range a.modules {
		for _, p := range m.Parts() {
			if f, ok := p.(module.UserFinder); ok {
				return f
			}
		}
	}
	return nil
}

func find(ctx context.Context, f module.UserFinder, who string) (string, error) {
	if f == nil {
		return who, nil
	}
	user, found, err := f.FindUser(ctx, who)
	if err == nil && !found {
		err = fmt.Errorf("there is no user %s", who)
	}
	return user, err
}

func (l *launcher) askSessions(ctx context.Context, v visits, fn func(ctx context.Context, v visits) error) error {
	ctx, cancel := context.WithTimeout(ctx, sessionsTimeout)
	defer cancel()
	err := fn(ctx, v)
	if errors.Is(err, session.ErrAway) {
		return cli.Exit(cli.Down, l.next("config show --origin session.store"), err)
	}
	return err
}
