// Package sqlstore keeps sessions in the table platform_sessions of the application's database.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/session/driver"
)

// Driver makes the stores.
type Driver struct{}

var _ driver.Driver = Driver{}

// Features says that the sessions are those of all processes, and outlive them.
func (Driver) Features() driver.Features { return driver.Features{Shared: true, Durable: true} }

// Open returns a store over the tables of package db/platform.
func (Driver) Open(o driver.Options) (driver.Store, error) {
	if o.DB == nil {
		return nil, errors.New("needs a database")
	}
	text, err := statementsOf(o.DB.Dialect(), o)
	if err != nil {
		return nil, err
	}
	return &store{handle: o.DB.Platform(), text: text, most: o.Most}, nil
}

type store struct {
	handle *db.Handle
	text   statements
	most   int
}

// statements are the texts of SQL. The times in them are those of the database, and never parameters.
type statements struct {
	insert, surplus, load, save, touch, remove, list, sweep string

	alone bool // insert takes the user once more, as what it waits for
}

// statementsOf writes the statements in the words of an engine.
func statementsOf(dialect string, o driver.Options) (s statements, err error) {
	var now, least, skip, alone string
	var from func(d time.Duration) string // that long from now
	switch dialect {
	case "sqlite":
		now, least = `strftime('%Y-%m-%d %H:%M:%f', 'now')`, "min"
		from = func(d time.Duration) string {
			return fmt.Sprintf(`strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '%+.3f seconds')`, d.Seconds())
		}
	case "postgres":
		now, least, skip = `date_trunc('milliseconds', clock_timestamp())`, "least", " FOR UPDATE SKIP LOCKED"
		// Sessions of one user begin one after the other: those that make room at the same time would all delete the same ones. The rows of the next statement are
		// those of after the wait.
		alone = ` FROM pg_advisory_xact_lock(hashtextextended('platform_sessions ' || ?, 0))`
		from = func(d time.Duration) string {
			return fmt.Sprintf(`%s + interval '%d milliseconds'`, now, d.Milliseconds())
		}
	default:
		return s, fmt.Errorf("does not know the dialect %s", dialect)
	}
	ends := least + "(" + from(o.Idle) + ", expires_at)"
	const columns = "id, body, version, created_at, seen_at, expires_at"
	s.insert = `INSERT INTO platform_sessions (id, user_id, body, version, created_at, seen_at, expires_at, ends_at) SELECT ?, ?, ?, 1, ` +
		now + `, ` + now + `, ` + from(o.Absolute) + `, ` + from(min(o.Idle, o.Absolute)) + alone + ` RETURNING version, created_at, seen_at, expires_at`
	s.alone = alone != ""
	s.surplus = `DELETE FROM platform_sessions WHERE id IN (SELECT id FROM platform_sessions WHERE user_id = ? AND id <> ? ORDER BY created_at DESC, id LIMIT 1000000 OFFSET ?)`
	s.load = `SELECT ` + columns + `, CASE WHEN seen_at <= ` + from(-o.Touch) + ` THEN 1 ELSE 0 END FROM platform_sessions WHERE id = ? AND ends_at > ` + now
	s.save = `UPDATE platform_sessions SET id = ?, body = ?, version = version + 1, seen_at = ` + now + `, ends_at = ` + ends +
		` WHERE id = ? AND version = ? AND ends_at > ` + now + ` RETURNING version, created_at, seen_at, expires_at`
	s.touch = `UPDATE platform_sessions SET seen_at = ` + now + `, ends_at = ` + ends + ` WHERE id = ? AND ends_at > ` + now + ` AND seen_at <= ` + from(-o.Touch)
	s.remove = `DELETE FROM platform_sessions WHERE id IN ? RETURNING CASE WHEN ends_at > ` + now + ` THEN 1 ELSE 0 END`
	s.list = `SELECT ` + columns + ` FROM platform_sessions WHERE user_id = ? AND ends_at > ` + now + ` ORDER BY created_at DESC, id`
	s.sweep = `DELETE FROM platform_sessions WHERE id IN (SELECT id FROM platform_sessions WHERE ends_at <= ` + now + ` ORDER BY ends_at LIMIT ?` + skip + `)`
	return s, nil
}

// tx runs what writes.
func (s *store) tx(ctx context.Context, fn func(q *gorm.DB) error) error {
	return s.handle.Tx(ctx, db.Global, func(ctx context.Context) error { return fn(s.handle.Query(ctx, db.Global)) })
}

// Create begins a session.
func (s *store) Create(ctx context.Context, in *driver.Session, ended driver.ID) (*driver.Session, error) {
	body, err := driver.Encode(in)
	if err != nil {
		return nil, err
	}
	sess, values := *in, []any{in.ID.String(), in.User, string(body)}
	if s.text.alone {
		values = append(values, in.User)
	}
	err = s.tx(ctx, func(q *gorm.DB) error {
		// First, because it may wait: who holds nothing then is in nobody's way.
		if _, err := stored(q.Raw(s.text.insert, values...), &sess); err != nil {
			return err
		}
		if ended != (driver.ID{}) {
			if err := q.Exec(s.text.remove, []string{ended.String()}).Error; err != nil {
				return err
			}
		}
		return q.Exec(s.text.surplus, in.User, in.ID.String(), max(0, s.most-1)).Error
	})
	return &sess, err
}

// stored runs a statement that stores a session and returns what the database has set. It reports whether there was a row for it.
func stored(q *gorm.DB, sess *driver.Session) (bool, error) {
	err := scan(q, &sess.Version, &sess.Created, &sess.Seen, &sess.Expires)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	sess.Handle = sess.ID.Handle()
	cut(sess)
	return err == nil, err
}

// scan reads the only row of a statement.
func scan(q *gorm.DB, into ...any) error {
	row := q.Row()
	if q.Error != nil {
		return q.Error
	}
	if row == nil {
		return errors.New("the statement has returned no row and no error")
	}
	return row.Scan(into...)
}

// cut gives the times of a row the form of all instants of the platform.
func cut(sess *driver.Session) {
	sess.Created, sess.Seen, sess.Expires = clock.Cut(sess.Created), clock.Cut(sess.Seen), clock.Cut(sess.Expires)
}

// Load finds a session.
func (s *store) Load(ctx context.Context, id driver.ID) (*driver.Session, bool, error) {
	var r row
	err := scan(s.handle.Query(ctx, db.Global).Raw(s.text.load, id.String()), append(r.columns(), &r.due)...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	sess, err := r.session()
	return sess, r.due == 1, err
}

// row is one of the table.
type row struct {
	id, body              string
	version               int64
	created, seen, expire time.Time
	due                   int
}

func (r *row) columns() []any {
	return []any{&r.id, &r.body, &r.version, &r.created, &r.seen, &r.expire}
}

// session reads a row. The error is driver.ErrCorrupt.
func (r *row) session() (*driver.Session, error) {
	id, err := driver.ParseID(r.id)
	if err != nil {
		return nil, driver.ErrCorrupt
	}
	sess, err := driver.Decode([]byte(r.body), id)
	if err != nil {
		return nil, err
	}
	sess.Version, sess.Created, sess.Seen, sess.Expires = r.version, r.created, r.seen, r.expire
	cut(sess)
	return sess, nil
}

// Save changes a session, and its id.
func (s *store) Save(ctx context.Context, in *driver.Session, was driver.ID) (*driver.Session, error) {
	body, err := driver.Encode(in)
	if err != nil {
		return nil, err
	}
	sess, there := *in, false
	err = s.tx(ctx, func(q *gorm.DB) error {
		there, err = stored(q.Raw(s.text.save, in.ID.String(), string(body), was.String(), in.Version), &sess)
		return err
	})
	if err != nil || !there {
		return nil, err
	}
	return &sess, nil
}

// Touch notes that a session was seen.
func (s *store) Touch(ctx context.Context, id driver.ID) error {
	return s.tx(ctx, func(q *gorm.DB) error { return q.Exec(s.text.touch, id.String()).Error })
}

// Delete ends sessions.
func (s *store) Delete(ctx context.Context, ids ...driver.ID) (n int, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	texts := make([]string, 0, len(ids))
	for _, id := range ids {
		texts = append(texts, id.String())
	}
	err = s.tx(ctx, func(q *gorm.DB) error {
		var alive []int
		err := q.Raw(s.text.remove, texts).Scan(&alive).Error
		n = 0 // the transaction may run again
		for _, one := range alive {
			n += one
		}
		return err
	})
	return n, err
}

// List returns the sessions of a user.
func (s *store) List(ctx context.Context, user string) (all []*driver.Session, err error) {
	rows, err := s.handle.Query(ctx, db.Global).Raw(s.text.list, user).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var corrupt error
	for rows.Next() {
		var r row
		if err := rows.Scan(r.columns()...); err != nil {
			return nil, err
		}
		sess, err := r.session()
		if err != nil {
			corrupt = err
			continue
		}
		all = append(all, sess)
	}
	return all, errors.Join(rows.Err(), corrupt)
}

var _ driver.Sweeper = (*store)(nil)

// Sweep deletes what has ended.
func (s *store) Sweep(ctx context.Context, most int) (n int, err error) {
	err = s.tx(ctx, func(q *gorm.DB) error {
		result := q.Exec(s.text.sweep, most)
		n = int(result.RowsAffected)
		return result.Error
	})
	if err != nil {
		return 0, err // a commit that fails has deleted nothing
	}
	return n, nil
}
