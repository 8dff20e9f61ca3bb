package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/cli"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/backup"
	"github.com/banyan-go/banyan/platform/unit"
)

func (l *launcher) backup() *cobra.Command {
	return cli.Group("backup", "Save the database into a file, try one, bring one back", l.backupCreate(), l.backupVerify(), l.backupRestore())
}

// saved is what the commands print of a backup.
type saved struct {
	File        string    `json:"file"`
	Application string    `json:"application"`
	Engine      string    `json:"engine"`
	Created     time.Time `json:"created"`
	Tables      int       `json:"tables"`
	Rows        int64     `json:"rows"`
	Bytes       int64     `json:"bytes"` // of the data, before it was compressed
	Duration    float64   `json:"duration_seconds"`
}

// printSaved prints what was done with a backup, and how long that took.
func (l *launcher) printSaved(done, file string, m backup.Manifest, began time.Time) error {
	took := time.Since(began).Round(time.Millisecond)
	s := saved{file, m.Application, m.Engine, m.Created, len(m.Tables), contentOf(m).Rows(), m.Bytes, took.Seconds()}
	return l.Print(s, func(w io.Writer) {
		l.Table(w,
			[]string{done, s.File},
			[]string{"of", fmt.Sprintf("%s, %s, %s", s.Application, s.Engine, s.Created.Format(time.RFC3339))},
			[]string{"holds", fmt.Sprintf("%d tables, %d rows, %s", s.Tables, s.Rows, unit.Bytes(s.Bytes))},
			[]string{"took", took.String()})
	})
}

func contentOf(m backup.Manifest) (c db.Content) {
	for _, mig := range m.Migrations {
		c.Migrations = append(c.Migrations, db.Migration{Module: mig.Module, Version: mig.Version, Name: mig.Name, State: db.Applied})
	}
	c.Tables = m.Tables
	return c
}

// interruptible runs fn so that Ctrl-C ends it in an orderly way: what stands on the disk or on the server half-made is removed.
func interruptible(cmd *cobra.Command, fn func(ctx context.Context) error) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := fn(ctx)
	if err != nil && ctx.Err() != nil && cmd.Context().Err() == nil {
		return cli.Exit(cli.Interrupted, "", fmt.Errorf("interrupted: %w", err))
	}
	return err
}

// there returns an error unless the database exists.
func (l *launcher) there(a *App) error {
	there, err := a.platform.DB.Exists()
	if err == nil && !there {
		err = cli.Exit(cli.Conflict, l.next("migrate up"), errors.New("there is no database yet"))
	}
	return err
}

func (l *launcher) backupCreate() *cobra.Command {
	example := fmt.Sprintf("  %[1]s backup create\n  %[1]s backup create %[2]s.backup", l.called(), l.name)
	create := command("create [FILE]", "Save the database as it is at one moment, while it is served", example, func(cmd *cobra.Command, args []string) error {
		began := time.Now()
		file := l.name + "-" + began.UTC().Format("20060102T150405Z") + ".backup"
		if len(args) > 0 {
			file = args[0]
		}
		file = l.file(file)
		if _, err := os.Lstat(file); err == nil {
			return cli.Exit(cli.Conflict, "", fmt.Errorf("%s is there already: a backup replaces no file", file))
		}
		a, err := l.connectable()
		if err == nil {
			err = l.there(a)
		}
		if err != nil {
			return err
		}
		return interruptible(cmd, func(ctx context.Context) error {
			if l.DryRun {
				return l.backupDry(ctx, a, file)
			}
			var m backup.Manifest
			err := withDatabase(ctx, a, func(ctx context.Context) (err error) {
				m, err = backup.Write(file, func(w io.Writer) (backup.Manifest, error) { return a.save(ctx, began, w) })
				return err
			})
			if errors.Is(err, fs.ErrExist) {
				return cli.Exit(cli.Conflict, "", err)
			}
			if err != nil {
				return err
			}
			if err := a.migrator.Knows(contentOf(m).Migrations); err != nil {
				l.Warn(fmt.Sprintf("only a program with all of its migrations can bring this backup back: %v", err))
			}
			return l.printSaved("saved", file, m, began)
		})
	})
	create.Args = oneWord("FILE", false)
	return l.Data(l.Writes(create, "say what it would save, and write nothing"))
}

// save writes the database to w and returns what that is.
func (a *App) save(ctx context.Context, began time.Time, w io.Writer) (backup.Manifest, error) {
	m := backup.Manifest{
		Application: a.platform.env.Name, Version: a.platform.env.Version, Engine: a.platform.DB.Dialect(), Created: began.UTC().Truncate(time.Second),
		Migrations: []backup.Migration{},
	}
	content, err := a.migrator.Save(ctx, w)
	for _, mig := range content.Migrations {
		m.Migrations = append(m.Migrations, backup.Migration{Module: mig.Module, Version: mig.Version, Name: mig.Name})
	}
	m.Tables = content.Tables
	return m, err
}

func (l *launcher) backupDry(ctx context.Context, a *App, file string) error {
	return withDatabase(ctx, a, func(ctx context.Context) error {
		tables, err := a.migrator.Tables(ctx)
		if err != nil {
			return err
		}
		return l.Print(map[string]any{"file": file, "tables": tables}, func(io.Writer) {
			l.Note("it would save %d tables (%s) to %s; nothing was written", len(tables), strings.Join(tables, ", "), file)
		})
	})
}

// openBackup opens a file that this program can bring back into this database.
func (l *launcher) openBackup(a *App, file string) (*backup.Backup, error) {
	b, err := backup.Open(file)
	switch {
	case errors.Is(err, backup.ErrNewer):
		return nil, cli.Exit(cli.Conflict, "", err)
	case err != nil:
		return nil, err
	}
	err = a.migrator.Knows(contentOf(b.Manifest).Migrations)
	switch env := a.platform.env; {
	case b.Application != env.Name:
		err = fmt.Errorf("%s is a backup of the application %s, and this one is %s", file, b.Application, env.Name)
	case b.Engine != a.platform.DB.Dialect():
		err = fmt.Errorf("%s is a backup of %s, and the database of this profile is %s", file, b.Engine, a.platform.DB.Dialect())
	case err != nil:
		err = fmt.Errorf("%s was written by a newer program, %s: %w", file, b.Version, err)
	default:
		return b, nil
	}
	return nil, errors.Join(cli.Exit(cli.Conflict, "", err), b.Close())
}

func (l *launcher) backupVerify() *cobra.Command {
	verify := command("verify FILE", "Bring a backup back into a scratch database, and compare it", "  "+l.called()+" backup verify "+l.name+".backup", func(cmd *cobra.Command, args []string) error {
		a, err := l.connectable()
		if err != nil {
			return err
		}
		file := l.file(args[0])
		b, err := l.openBackup(a, file)
		if err != nil {
			return err
		}
		defer b.Close() //nolint:errcheck // it was only read
		return interruptible(cmd, func(ctx context.Context) error {
			began := time.Now()
			data, err := b.Data(ctx)
			if err == nil {
				err = a.migrator.Rehearse(ctx, data, contentOf(b.Manifest))
			}
			if err != nil {
				return fmt.Errorf("%s cannot be brought back: %w", file, err)
			}
			return l.printSaved("verified", file, b.Manifest, began)
		})
	})
	verify.Args = oneWord("FILE", true)
	return l.Data(verify)
}

func (l *launcher) backupRestore() *cobra.Command {
	restore := command("restore FILE", "Bring a backup back in the place of the database, which nobody may be using", "  "+l.called()+" backup restore "+l.name+".backup", func(cmd *cobra.Command, args []string) error {
		file := l.file(args[0])
		a, err := l.connectable()
		if err != nil {
			return err
		}
		b, err := l.openBackup(a, file)
		if err != nil {
			return err
		}
		defer b.Close() //nolint:errcheck // it was only read
		return interruptible(cmd, func(ctx context.Context) error {
			filled, err := a.filled(ctx)
			if err != nil {
				return err
			}
			content := contentOf(b.Manifest)
			if l.DryRun {
				return l.Print(map[string]any{"file": file, "replaces": filled, "tables": len(content.Tables), "rows": content.Rows()}, func(io.Writer) {
					l.Note("it would bring back %d tables with %d rows of %s, and replace what is in %d tables (%s); nothing was written",
						len(content.Tables), content.Rows(), b.Created.Format(time.RFC3339), len(filled), strings.Join(filled, ", "))
				})
			}
			if err := a.migrator.InUse(ctx); err != nil {
				return l.inUse(err)
			}
			if len(filled) > 0 {
				if err := l.destroys(cmd, fmt.Sprintf("replace every row of %d tables (%s) by those of %s", len(filled), strings.Join(filled, ", "), b.Created.Format(time.RFC3339))); err != nil {
					return err
				}
			}
			began := time.Now()
			data, err := b.Data(ctx)
			if err == nil {
				err = a.migrator.Restore(ctx, data, content)
			}
			if err != nil {
				return l.inUse(err)
			}
			if n := len(a.migrator.Files()) - len(content.Migrations); n > 0 {
				l.Warn(fmt.Sprintf("the backup is older than this program, whose last %d migrations it has not\nnext:  %s", n, l.next("migrate up")))
			}
			return l.printSaved("restored", file, b.Manifest, began)
		})
	})
	restore.Args = oneWord("FILE", true)
	return l.Data(l.Asks(l.Writes(restore, "say what it would replace, and change nothing")))
}

// filled returns the tables of the database that have rows. One that is not there has none, and is not made.
func (a *App) filled(ctx context.Context) (filled []string, err error) {
	there, err := a.platform.DB.Exists()
	if err != nil || !there {
		return []string{}, err
	}
	return filled, withDatabase(ctx, a, func(ctx context.Context) error {
		filled, err = a.migrator.Filled(ctx)
		if filled == nil {
			filled = []string{}
		}
		return err
	})
}

// inUse gives the error about a database that somebody has open its code.
func (l *launcher) inUse(err error) error {
	if errors.Is(err, db.ErrInUse) {
		return cli.Exit(cli.Conflict, "stop whatever serves the database, and try again", err)
	}
	return err
}

// oneWord is the arguments of a command that takes one, or none unless it is required.
func oneWord(what string, required bool) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0 && required:
			return fmt.Errorf("%s wants a %s", cmd.CommandPath(), what)
		case len(args) > 1:
			return fmt.Errorf("%s takes no argument %s", cmd.CommandPath(), strconv.Quote(args[1]))
		}
		return nil
	}
}
