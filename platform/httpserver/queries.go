package httpserver

import "github.com/banyan-go/banyan/platform/db/querystat"

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
