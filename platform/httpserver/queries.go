package httpserver

import (
	"encoding/json"
	"net/http"

	"github.com/banyan-go/banyan/platform/db/querystat"
)

// QueriesPath is where the ops listener shows the statistics of statements, a querystat.Snapshot as JSON.
const QueriesPath = "/debug/queries"

// showQueries answers with what there is so far.
func showQueries(s *querystat.Stats) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		text, err := json.MarshalIndent(s.Snapshot(), "", "  ")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(append(text, '\n')) // the client has gone: nobody to tell
	}
}

// recorder returns what counts the statements of r; nil where nobody does. It is made when there is a statement: refusals, and answers out of a
// cache, have none.
func (r *request) recorder() *querystat.Recorder {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.queries != nil && r.queries.IsIdle() {
		r.queries = r.queries.Begin()
	}
	return r.queries
}

// statements ends the counting and returns the number.
func (r *request) statements() int {
	r.mu.Lock()
	q := r.queries
	r.queries = nil // what outlives the request is not counted
	r.mu.Unlock()
	if q == nil {
		return 0
	}
	return q.End()
}
