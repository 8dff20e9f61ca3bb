package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/internal/sqltext"
)

// wanted is an index that would help.
type wanted struct {
	table   string
	columns []sqltext.Order
	shapes  []*shape
	plan    []string
	scans   bool // without it rows are read that nobody wants; otherwise they are only sorted
}

// explain asks how the database runs a statement, and notes the index that it lacks.
func (e *examination) explain(ctx context.Context, s *shape) error {
	if e.Explain == nil || !s.Plain {
		return nil
	}
	plan, err := e.Explain(ctx, s.text)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		e.report.Unexplained = append(e.report.Unexplained, fmt.Sprintf("%s: %v", s.text, err))
		return nil
	}
	for _, table := range lacking(s, plan) {
		a := s.Access(table)
		ordered := len(a.Order) > 0 || len(a.Range) == 0
		if len(a.Equal) == 0 && ordered && !plan.Sorts { // all rows, or the first of them, in an order that an index has
			continue
		}
		columns := indexFor(a)
		if len(columns) > 0 && columns[0].Column != "id" { // which every table has an index of
			e.want(&wanted{table: table, columns: columns, shapes: []*shape{s}, plan: plan.Lines, scans: len(plan.Scans) > 0})
		}
	}
	return nil
}

// lacking returns the tables that a plan reads or sorts as a whole.
func lacking(s *shape, plan driver.Plan) (tables []string) {
	for _, scanned := range plan.Scans {
		tables = append(tables, s.Table(scanned))
	}
	if all := sqltext.Tables(sqltext.Scan(s.text)); plan.Sorts && len(tables) == 0 && len(all) == 1 {
		return all
	}
	return tables
}

// indexFor returns the columns of an index that leads to the rows of a statement and has them in their order: those that are compared for
// equality, and then those of the order, or else one of a range.
func indexFor(a sqltext.Access) (columns []sqltext.Order) {
	for _, c := range a.Equal {
		if c != "id" {
			columns = append(columns, sqltext.Order{Column: c})
		}
	}
	if slices.Contains(a.Equal, "id") {
		return nil
	}
	if i := slices.Index(a.Equal, "bucket"); i > 0 { // divided tables begin with it
		b := columns[i]
		columns = slices.Insert(slices.Delete(columns, i, i+1), 0, b)
	}
	rest := a.Order
	if len(rest) == 0 && len(a.Range) > 0 {
		rest = []sqltext.Order{{Column: a.Range[0]}}
	}
	same := !slices.ContainsFunc(rest, func(o sqltext.Order) bool { return o.Desc != rest[0].Desc })
	for _, o := range rest {
		if same {
			o.Desc = false // an index is read from either end
		}
		if !slices.ContainsFunc(columns, func(c sqltext.Order) bool { return c.Column == o.Column }) {
			columns = append(columns, o)
		}
	}
	return columns
}

// want adds an index, or its statements to one that begins with the same columns.
func (e *examination) want(w *wanted) {
	for _, other := range e.wanted {
		n := min(len(other.columns), len(w.columns))
		same := func(a, b sqltext.Order) bool { return a.Column == b.Column && (a.Desc == b.Desc || n == 1) } // one column is read from either end
		if other.table == w.table && slices.EqualFunc(other.columns[:n], w.columns[:n], same) {
			if len(w.columns) > n {
				other.columns = w.columns
			}
			other.shapes, other.scans = append(other.shapes, w.shapes...), other.scans || w.scans
			return
		}
	}
	e.wanted = append(e.wanted, w)
}

// indexes adds a finding for each index that is wanted.
func (e *examination) indexes() {
	for _, w := range e.wanted {
		f := Finding{Check: Index, Fails: w.scans, SQL: w.shapes[0].text, At: w.shapes[0].all[0].At, Plan: w.plan, Fix: "write the migration"}
		seconds := 0.0
		for _, s := range w.shapes {
			seconds += s.seconds
			for _, r := range s.routes {
				if !slices.Contains(f.Routes, r) {
					f.Routes = append(f.Routes, r)
				}
			}
		}
		f.Share = e.share(seconds)
		missing := "is missing"
		if !w.scans {
			missing = "would spare a sort"
		}
		f.What = fmt.Sprintf("%s (%s) %s: %.0f %% of the time of all statements", w.table, list(w.columns, false), missing, 100*f.Share)
		f.Migrations = e.migrations(w)
		e.report.Findings = append(e.report.Findings, f)
	}
}

// list writes columns.
func list(columns []sqltext.Order, quote bool) string {
	var parts []string
	for _, c := range columns {
		part := c.Column
		if quote && strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
			part = `"` + strings.ReplaceAll(part, `"`, `""`) + `"`
		}
		if c.Desc {
			part += " DESC"
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

// maxName is the longest name of PostgreSQL, in bytes.
const maxName = 63

// migrations returns the files that make an index, for both engines: on a table that is in use PostgreSQL makes it beside the writes.
func (e *examination) migrations(w *wanted) []Migration {
	module, plural, _ := strings.Cut(w.table, "_")
	if !slices.Contains(e.Modules, module) {
		return nil
	}
	var names []string
	for _, c := range w.columns {
		names = append(names, c.Column)
	}
	suffix := "_" + strings.Join(names, "_")
	index := w.table + suffix
	index = index[:min(len(index), maxName-len("_idx"))] + "_idx"
	file := fmt.Sprintf("%s_%s%s_idx.sql", e.Now.UTC().Format("20060102150405"), plural, suffix)
	at := func(dialect string) string { return "modules/" + module + "/migrations/" + dialect + "/" + file }
	columns := list(w.columns, true)
	return []Migration{
		{at("sqlite"), fmt.Sprintf("-- +goose Up\nCREATE INDEX %s ON %s (%s);\n\n-- +goose Down\nDROP INDEX %[1]s;\n", index, w.table, columns)},
		{at("postgres"), fmt.Sprintf("-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY IF NOT EXISTS %s ON %s (%s);\n\n"+
			"-- +goose Down\nDROP INDEX CONCURRENTLY IF EXISTS %[1]s;\n", index, w.table, columns)},
	}
}
