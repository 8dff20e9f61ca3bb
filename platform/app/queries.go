package app

import (
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/db/querystat"
)

// queryStats returns the statistics of the statements of requests. In mode prod nobody looks where they come from, nor at a single request.
func queryStats(p *Platform) *querystat.Stats {
	o := querystat.Options{Callers: p.env.Mode != config.Prod, Watch: p.env.Queries, Dialect: p.DB.Dialect(), Budget: p.cfg.DB.Budget}
	if o.Watch == nil && p.env.Dev() {
		o.Watch = p.warnOfQueries
	}
	return querystat.New(o)
}

// warnOfQueries says what is wrong with the statements of a request.
func (p *Platform) warnOfQueries(r querystat.Report) {
	if budget := p.cfg.DB.Budget; budget > 0 && r.Count > budget {
		p.Log.Warn("a request ran more statements than db.query_budget", "route", r.Origin, "statements", r.Count, "budget", budget)
	}
	for _, s := range r.Repeated() {
		p.Log.Warn("a request ran one statement again and again: read all rows at once (ByIDs, include), or mark it with db.Repeated",
			"route", r.Origin, "times", s.Count, "sql", s.Shape, "at", s.At)
	}
}
