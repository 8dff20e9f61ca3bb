// Package doctor says what the statistics of a process's statements, and the plans of its database, ask for: indexes that are missing,
// statements that a loop runs one by one, lists without an end.
package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/internal/sqltext"
	"github.com/banyan-go/banyan/platform/db/querystat"
)

// Check is what is looked for.
type Check string

// The checks.
const (
	Repeated  Check = "n+1"       // a request runs one statement again and again
	Index     Check = "index"     // a statement reads or sorts a whole table, and an index would lead to its rows
	Unbounded Check = "unbounded" // a statement returns as many rows as there are
	Slow      Check = "slow"      // a statement takes long each time
	Budget    Check = "budget"    // a request runs more statements than db.query_budget
)

// Finding is something that is wrong.
type Finding struct {
	Check Check `json:"check"`
	Fails bool  `json:"fails"` // n+1, and an index without which whole tables are read; everything else is a warning
	// What says it in a line.
	What string `json:"what"`
	// Share is the part of the time of all statements that is at stake, 0 to 1.
	Share float64 `json:"share"`
	// SQL is the shape of the statement, Routes are those that run it, At is the line that does, and then who called that.
	SQL    string   `json:"sql,omitempty"`
	Routes []string `json:"routes"`
	At     []string `json:"at,omitempty"`
	Plan   []string `json:"plan,omitempty"`
	Fix    string   `json:"fix"`
	// Migrations are the files to write.
	Migrations []Migration `json:"migrations,omitempty"`
}

// Migration is a file of a module.
type Migration struct {
	File string `json:"file"` // "modules/catalog/migrations/sqlite/20261126120000_products_name_idx.sql"
	Text string `json:"text"`
}

// Report is what was found, the gravest first.
type Report struct {
	Findings []Finding `json:"findings"`
	// Shapes and Routes are what has been looked at.
	Shapes int `json:"shapes"`
	Routes int `json:"routes"`
	// Unexplained are the shapes whose plan the database does not tell, with its reason.
	Unexplained []string `json:"unexplained"`
}

// Options are what an examination is told. The zero value does without.
type Options struct {
	// Explain asks the database for the plan of a statement. Nil leaves out what needs one.
	Explain func(ctx context.Context, statement string) (driver.Plan, error)
	// Slow is the mean time from which on a statement is slow; 0 for none.
	Slow time.Duration
	// Now is the version of migrations.
	Now time.Time
	// Modules are the names of those that the application has: the others get no migrations.
	Modules []string
}

// Examine looks at statistics.
func Examine(ctx context.Context, snap querystat.Snapshot, o Options) (Report, error) {
	e := &examination{Options: o, report: Report{Findings: []Finding{}, Unexplained: []string{}, Routes: len(snap.Origins)}}
	for _, q := range snap.Queries {
		e.seconds += q.Seconds
	}
	shapes := byShape(snap.Queries)
	e.report.Shapes = len(shapes)
	for _, s := range shapes {
		e.repeated(s)
		if err := e.explain(ctx, s); err != nil {
			return e.report, err
		}
		e.unbounded(s)
		e.slow(s)
	}
	e.indexes()
	e.budget(snap)
	slices.SortStableFunc(e.report.Findings, func(a, b Finding) int {
		if a.Fails != b.Fails {
			return cmp.Compare(rank(a), rank(b))
		}
		return cmp.Compare(b.Share, a.Share)
	})
	return e.report, nil
}

func rank(f Finding) int {
	if f.Fails {
		return 0
	}
	return 1
}

// shape is one shape of statements, wherever it comes from.
type shape struct {
	*sqltext.Query
	text    string
	seconds float64
	calls   int64
	routes  []string
	all     []querystat.QueryStat
}

// byShape brings together what differs in its route alone.
func byShape(queries []querystat.QueryStat) (shapes []*shape) {
	known := map[string]*shape{}
	for _, q := range queries {
		s := known[q.Shape]
		if s == nil {
			s = &shape{Query: sqltext.Parse(q.Shape), text: q.Shape}
			known[q.Shape] = s
			shapes = append(shapes, s)
		}
		s.seconds += q.Seconds
		s.calls += q.Calls
		s.routes = append(s.routes, q.Origin)
		s.all = append(s.all, q)
	}
	return shapes
}

type examination struct {
	Options
	seconds float64
	report  Report
	wanted  []*wanted
}

// add adds a finding about a shape.
func (e *examination) add(s *shape, f Finding) {
	f.SQL, f.Share = s.text, e.share(s.seconds)
	if len(f.Routes) == 0 {
		f.Routes = s.routes
	}
	if f.At == nil {
		f.At = s.all[0].At
	}
	e.report.Findings = append(e.report.Findings, f)
}

func (e *examination) share(seconds float64) float64 {
	if e.seconds == 0 {
		return 0
	}
	return seconds / e.seconds
}

func (e *examination) repeated(s *shape) {
	for _, q := range s.all {
		if q.Most > querystat.RepeatLimit {
			e.add(s, Finding{
				Check: Repeated, Fails: true, Routes: []string{q.Origin}, At: q.At,
				What: fmt.Sprintf("%s runs one statement up to %d times in a request", q.Origin, q.Most),
				Fix:  "read all rows at once (ByIDs, include); or say db.Repeated if it is meant",
			})
		}
	}
}

func (e *examination) unbounded(s *shape) {
	tables := sqltext.Tables(sqltext.Scan(s.text))
	if !s.Plain || !strings.HasPrefix(strings.ToLower(s.text), "select") || s.Limited || s.Aggregates() || len(tables) == 0 {
		return
	}
	for _, table := range tables {
		if a := s.Access(table); slices.Contains(a.Equal, "id") || s.GroupedWithin(table) { // of one row, or of a list that somebody has written
			return
		}
	}
	rows := int64(0)
	for _, q := range s.all {
		rows += q.Rows
	}
	e.add(s, Finding{
		Check: Unbounded, What: fmt.Sprintf("%s is read without a LIMIT: %d rows a time so far", strings.Join(tables, ", "), rows/max(1, s.calls)),
		Fix: "read a page (db.List), or add Limit",
	})
}

func (e *examination) slow(s *shape) {
	mean := time.Duration(s.seconds / float64(max(1, s.calls)) * float64(time.Second))
	if e.Slow <= 0 || mean < e.Slow {
		return
	}
	e.add(s, Finding{
		Check: Slow, What: fmt.Sprintf("a statement takes %s on average, %d times so far", mean.Round(time.Millisecond), s.calls),
		Fix: "read fewer rows, or keep the result",
	})
}

func (e *examination) budget(snap querystat.Snapshot) {
	for _, o := range snap.Origins {
		if snap.Budget > 0 && o.Most > int64(snap.Budget) {
			e.report.Findings = append(e.report.Findings, Finding{
				Check: Budget, What: fmt.Sprintf("%s runs up to %d statements in a request, and db.query_budget is %d", o.Origin, o.Most, snap.Budget),
				Routes: []string{o.Origin}, Fix: "read at once what belongs together",
			})
		}
	}
}
