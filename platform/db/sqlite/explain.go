package sqlite

import (
	"context"
	"strings"

	"github.com/banyan-go/banyan/platform/db/driver"
	"github.com/banyan-go/banyan/platform/db/internal/sqltext"
)

var _ driver.Explainer = Driver{}

// Explain asks for the plan of a statement.
func (Driver) Explain(ctx context.Context, in driver.Session, statement string) (plan driver.Plan, err error) {
	_, params := sqltext.Numbered(statement)
	rows, err := in.QueryContext(ctx, "EXPLAIN QUERY PLAN "+statement, make([]any, params)...) // NULL each
	if err != nil {
		return plan, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err has it
	for rows.Next() {
		var id, parent, unused int
		var line string
		if err := rows.Scan(&id, &parent, &unused, &line); err != nil {
			return plan, err
		}
		plan.Lines = append(plan.Lines, line)
		// "SCAN t", "SCAN t USING INDEX i": the whole of it; "SEARCH t USING INDEX i (a=?)": what an index leads to, but for
		// "(ANY(a) AND b=?)", which tries each a.
		words := strings.Fields(line)
		whole := words[0] == "SCAN" || words[0] == "SEARCH" && strings.Contains(line, "(ANY(")
		if whole && len(words) > 1 && words[1] != "CONSTANT" {
			plan.Scans = append(plan.Scans, words[1])
		}
		plan.Sorts = plan.Sorts || strings.HasPrefix(line, "USE TEMP B-TREE")
	}
	return plan, rows.Err()
}
