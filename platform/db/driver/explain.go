package driver

import (
	"context"
	"database/sql"
)

// Explainer is a Driver whose engine tells how it would run a statement.
type Explainer interface {
	// Explain asks for the plan of one SELECT, UPDATE or DELETE, which does not run. The statement has "?" for each parameter, whose values the
	// plan does not depend on, nor on how many rows there are: what is slow in a table that has grown shows in an empty one. Session is in a
	// transaction that is going to be rolled back.
	Explain(ctx context.Context, in Session, statement string) (Plan, error)
}

// Session runs statements one after the other on one connection.
type Session interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Plan is how an engine would run a statement.
type Plan struct {
	Lines []string `json:"lines"` // in the engine's words
	// Scans are the tables of which it reads every row, or every entry of an index: no index leads to those that the statement asks for.
	Scans []string `json:"scans"`
	// Sorts says that it puts rows in order, or finds equal ones, because no index has them so.
	Sorts bool `json:"sorts"`
}
