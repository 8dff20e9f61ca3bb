package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/banyan-go/banyan/platform/db/driver"
)

// Translate sorts the engine's errors.
func (Driver) Translate(err error) error {
	if kind, columns := sort(err); kind != 0 {
		return &driver.Error{Kind: kind, Columns: columns, Locked: kind == driver.Busy && gotNoLock(err), Err: err}
	}
	return err
}

// gotNoLock reports whether a statement waited in vain for a lock.
func gotNoLock(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "55P03"
}

// outdated reports whether a statement was prepared for other columns than its table has by now: a migration has run. The server's words are in
// its language, and its code is that of much else.
func outdated(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "0A000" && pg.Routine == "RevalidateCachedQuery"
}

// sort returns the meaning of an error. The codes are those of appendix A of PostgreSQL's manual.
func sort(err error) (kind driver.Kind, columns []string) {
	if known, ok := errors.AsType[*driver.Error](err); ok {
		return known.Kind, known.Columns
	}
	if errors.Is(err, errControl) {
		return driver.Control, nil
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return 0, nil // the caller's own doing
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return 0, nil
	}
	switch pg.Code {
	case "23505":
		return driver.Duplicate, violated(pg.Detail)
	case "23503", "23001": // the second is what ON DELETE RESTRICT says from version 18 on
		return driver.Foreign, nil
	case "25006": // read_only_sql_transaction
		return driver.ReadOnly, nil
	case "25P02": // in_failed_sql_transaction
		return driver.Aborted, nil
	case "55P03", "57014": // lock_not_available, query_canceled (by statement_timeout)
		return driver.Busy, nil
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return driver.Conflict, nil
	case "53100": // disk_full
		return driver.Full, nil
	}
	switch {
	case away(pg.Code):
		return driver.Busy, nil
	case outdated(err):
		return driver.Conflict, nil
	}
	return 0, nil
}

// away reports whether a code says that the server cannot serve now: too many connections, shutting down, starting up.
func away(code string) bool {
	switch code {
	case "53300", "57P01", "57P02", "57P03":
		return true
	}
	return strings.HasPrefix(code, "08") // connection exception
}

// connectKind returns the meaning of the code with which a server refuses a connection.
func connectKind(code string) driver.Kind {
	if away(code) && code != "08P01" { // protocol_violation: a pooler's word for whatever it does not like
		return driver.Busy
	}
	return driver.Refused
}

// violated reads the columns out of "Key (shop, slug)=(1, a) already exists.", in whatever language the server says that: the index has a
// name, and nothing else in the message names its columns.
func violated(detail string) (columns []string) {
	_, list, ok := strings.Cut(detail, "(")
	if !ok {
		return nil
	}
	list, _, ok = strings.Cut(list, ")=(")
	if !ok || strings.ContainsAny(list, "(:") {
		return nil // an index over an expression: it has a name and no columns
	}
	for name := range strings.SplitSeq(list, ", ") {
		columns = append(columns, strings.Trim(name, `"`))
	}
	return columns
}
