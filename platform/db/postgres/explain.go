package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/internal/sqltext"
)

var _ driver.Explainer = Driver{}

// unlikely are the settings under which a plan only scans or sorts where there is no other way, however few rows there are. The plan of
// a prepared statement does not depend on the values of its parameters.
func unlikely() []string {
	var all []string
	for _, way := range []string{"enable_seqscan", "enable_bitmapscan", "enable_sort", "enable_incremental_sort", "enable_hashagg", "jit"} {
		all = append(all, "SET LOCAL "+way+" = off")
	}
	return append(all, "SET LOCAL plan_cache_mode = force_generic_plan")
}

// Explain asks for the plan of a statement.
func (Driver) Explain(ctx context.Context, in driver.Session, statement string) (driver.Plan, error) {
	text, params := sqltext.Numbered(statement)
	prepared := "EXECUTE banyan_explain"
	if params > 0 {
		prepared += "(" + strings.TrimSuffix(strings.Repeat("NULL, ", params), ", ") + ")"
	}
	for _, s := range append(unlikely(), "PREPARE banyan_explain AS "+text) {
		if _, err := in.ExecContext(ctx, s); err != nil {
			return driver.Plan{}, err
		}
	}
	answer, err := explain(ctx, in, prepared)
	if err != nil {
		return driver.Plan{}, err
	}
	if _, err := in.ExecContext(ctx, "DEALLOCATE banyan_explain"); err != nil { // a rollback keeps it
		return driver.Plan{}, err
	}
	var plans []struct{ Plan node }
	if err := json.Unmarshal(answer, &plans); err != nil {
		return driver.Plan{}, fmt.Errorf("read the plan: %w", err)
	}
	e := explanation{ctx: ctx, in: in}
	for _, p := range plans {
		if err := e.read(p.Plan, 0); err != nil {
			return driver.Plan{}, err
		}
	}
	return e.plan, nil
}

func explain(ctx context.Context, in driver.Session, prepared string) (answer []byte, err error) {
	rows, err := in.QueryContext(ctx, "EXPLAIN (FORMAT JSON, COSTS OFF) "+prepared)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err has it
	for rows.Next() {
		if err := rows.Scan(&answer); err != nil {
			return nil, err
		}
	}
	return answer, rows.Err()
}

// leads reports whether a condition is about the first column, or expression, of an index: only then does the index lead to its rows, and
// is not read from one end to the other.
func leads(ctx context.Context, in driver.Session, index, condition string) (ok bool, err error) {
	rows, err := in.QueryContext(ctx, "SELECT pg_get_indexdef(to_regclass(quote_ident($1)), 1, true)", index)
	if err != nil {
		return false, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err has it
	for rows.Next() {
		var first string
		if err := rows.Scan(&first); err != nil {
			return false, err
		}
		named := slices.ContainsFunc(sqltext.Scan(condition), func(t sqltext.Token) bool { return t.Name() != "" && (t.Name() == first || t.Text == first) })
		ok = named || strings.ContainsAny(first, "(: ") && strings.Contains(condition, first)
	}
	return ok, rows.Err()
}

// node is a step of a plan, as far as it matters here.
type node struct {
	Type   string `json:"Node Type"`
	Table  string `json:"Relation Name"`
	Index  string `json:"Index Name"`
	Cond   string `json:"Index Cond"`
	Filter string `json:"Filter"`
	Plans  []node `json:"Plans"`
}

// explanation is a plan that is being read.
type explanation struct {
	ctx  context.Context
	in   driver.Session
	plan driver.Plan
}

// read adds a step and those below it.
func (e *explanation) read(n node, depth int) error {
	var line strings.Builder
	line.WriteString(strings.Repeat("  ", depth) + n.Type)
	for _, part := range [][2]string{{" on ", n.Table}, {" using ", n.Index}, {" where ", n.Cond}, {" filtered by ", n.Filter}} {
		if part[1] != "" {
			line.WriteString(part[0] + part[1])
		}
	}
	e.plan.Lines = append(e.plan.Lines, line.String())
	scans := n.Type == "Seq Scan"
	if strings.HasPrefix(n.Type, "Index") && n.Table != "" {
		led, err := leads(e.ctx, e.in, n.Index, n.Cond)
		if err != nil {
			return err
		}
		scans = !led
	}
	if scans && !slices.Contains(e.plan.Scans, n.Table) {
		e.plan.Scans = append(e.plan.Scans, n.Table)
	}
	e.plan.Sorts = e.plan.Sorts || strings.Contains(n.Type, "Sort")
	for _, below := range n.Plans {
		if err := e.read(below, depth+1); err != nil {
			return err
		}
	}
	return nil
}
