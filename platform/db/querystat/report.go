package querystat

import "slices"

// Report is one piece of work that ran statements.
type Report struct {
	Origin     string      `json:"origin"`
	Count      int         `json:"count"` // of its statements; those that were meant to repeat count as one
	Statements []Statement `json:"statements"`
}

// Statement is the runs of one shape from one place, in the order of their first.
type Statement struct {
	Shape string `json:"shape"`
	Kind  string `json:"kind"` // what it does, the same on every engine: "SELECT catalog_products"
	Count int    `json:"count"`
	// At is where they come from, "modules/catalog/internal/product/store.go:74", and then who called that; nothing where it is not looked for.
	At []string `json:"at"`
}

// RepeatLimit is how often a statement may come from one place by one way, its callers, in one piece of work. One that comes more often is taken for
// one that is run for each element of a list.
const RepeatLimit = 2

// Repeated returns the statements that one place has run more than RepeatLimit times for the same callers, without having said that it is meant.
func (r Report) Repeated() (found []Statement) {
	for _, s := range r.Statements {
		if s.Count > RepeatLimit && len(s.At) > 0 {
			found = append(found, s)
		}
	}
	return found
}

func report(origin string, count int, tallies []tally) Report {
	r := Report{Origin: origin, Count: count}
	for _, t := range tallies {
		s := Statement{Shape: t.query.text, Kind: t.query.kind, Count: t.runs - t.meant, At: t.from.places()}
		if i := slices.IndexFunc(r.Statements, func(other Statement) bool {
			return other.Shape == s.Shape && len(s.At) > 0 && slices.Equal(other.At, s.At)
		}); i >= 0 {
			r.Statements[i].Count += s.Count
			continue
		}
		r.Statements = append(r.Statements, s)
	}
	return r
}
