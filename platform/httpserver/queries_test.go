package httpserver

import (
	"context"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/db/querystat"
)

// The recorder of a request is made when there is a statement, and counts nothing that outlives the answer.
func TestStatementsOfARequest(t *testing.T) {
	t.Parallel()
	type below struct{}
	count := func(r *request) { querystat.Count(context.WithValue(r, below{}, nil), "SELECT 1") }
	stats := querystat.New(querystat.Options{})
	origin := stats.Origin("GET /things")

	r := &request{until: time.Now().Add(time.Hour), queries: origin.Idle()}
	defer r.end(over)
	count(r)
	count(r)
	if n := r.statements(); n != 2 {
		t.Errorf("%d statements, want 2", n)
	}
	count(r)
	if n := r.statements(); n != 0 || r.Value(querystat.RecorderKey{}) != nil {
		t.Errorf("behind the answer: %d statements, recorder %v", n, r.Value(querystat.RecorderKey{}))
	}

	none := &request{until: time.Now().Add(time.Hour), queries: origin.Idle()}
	defer none.end(over)
	if n := none.statements(); n != 0 {
		t.Errorf("a request without statements has %d", n)
	}
	nobody := &request{until: time.Now().Add(time.Hour)}
	defer nobody.end(over)
	count(nobody)
	if n := nobody.statements(); n != 0 {
		t.Errorf("where nobody counts there are %d", n)
	}
	if all := stats.Snapshot(); len(all.Origins) != 1 || all.Origins[0].Runs != 1 || all.Queries[0].Calls != 2 {
		t.Errorf("the statistics are %+v", all)
	}
}
