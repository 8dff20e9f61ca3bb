package querystat

import (
	"context"
	"slices"
	"sync"
	"time"
)

// RecorderKey is the context key of a *Recorder. It is exported for contexts that answer Value themselves, without an allocation; everybody
// else uses WithRecorder.
type RecorderKey struct{}

// Recorder counts the statements of one piece of work. It is safe for concurrent use.
type Recorder struct {
	*work
	exempt exemption
}

// exemption is how a statement differs from others.
type exemption uint8

const (
	none     exemption = iota
	repeated           // it is meant to repeat
	again              // it has been counted: a transaction runs once more
)

// work is what has been counted.
type work struct {
	origin *Origin

	mu      sync.Mutex
	ended   bool
	count   int
	tallies []tally
	room    [4]tally // for most
	text    string   // of the last statement
	query   *query
}

// tally is the runs of one query, from one place where that is looked for.
type tally struct {
	query *query
	from  *stack
	runs  int
	meant int // of them those that were meant to repeat
}

// Begin returns a recorder for a piece of work that begins.
func (o *Origin) Begin() *Recorder {
	w := &work{origin: o}
	w.tallies = w.room[:0]
	return &Recorder{work: w}
}

// Idle returns a recorder that counts nothing, for who makes one only when there is a statement. It always is the same.
func (o *Origin) Idle() *Recorder { return o.idle }

// IsIdle reports whether r is that of Idle.
func (r *Recorder) IsIdle() bool { return r == r.origin.idle }

// Begin returns a recorder for a piece of work that begins, of the same origin.
func (r *Recorder) Begin() *Recorder { return r.origin.Begin() }

// WithRecorder returns a context whose statements r counts.
func WithRecorder(ctx context.Context, r *Recorder) context.Context {
	return context.WithValue(ctx, RecorderKey{}, r)
}

func from(ctx context.Context) *Recorder {
	r, _ := ctx.Value(RecorderKey{}).(*Recorder)
	return r
}

// OriginOf returns the name of what ctx works for, "GET /api/v1/catalog/products" for instance; "" where nobody counts.
func OriginOf(ctx context.Context) string {
	if r := from(ctx); r != nil {
		return r.origin.name
	}
	return ""
}

// Waited notes that the work of ctx has waited so long for its turn at the database.
func Waited(ctx context.Context, d time.Duration) {
	if r := from(ctx); r != nil {
		r.origin.waited.Add(int64(d))
	}
}

// Waited returns how long all work of an origin together has waited for its turn at the database.
func (o *Origin) Waited() time.Duration { return time.Duration(o.waited.Load()) }

// Count counts a statement that is about to run, for the recorder of ctx.
func Count(ctx context.Context, text string) {
	if r := from(ctx); r != nil {
		r.statement(text)
	}
}

// Finish adds what a statement that Count has counted took. Statement returns its text, and the rows that it read or changed, below 0 when that
// is not known; it is called for a context that has a recorder.
func Finish(ctx context.Context, took time.Duration, statement func() (text string, rows int64)) {
	if r := from(ctx); r != nil {
		text, rows := statement()
		r.finish(text, took, rows)
	}
}

// Repeated returns a context in which statements are meant to repeat: they are not found as such, and count as one, however often they run.
func Repeated(ctx context.Context) context.Context { return exempted(ctx, repeated) }

// Again returns a context for statements that run a second time, because their transaction did: they are counted in the statistics alone.
func Again(ctx context.Context) context.Context { return exempted(ctx, again) }

func exempted(ctx context.Context, why exemption) context.Context {
	r := from(ctx)
	if r == nil {
		return ctx
	}
	return WithRecorder(ctx, &Recorder{work: r.work, exempt: max(why, r.exempt)})
}

func (r *Recorder) statement(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return
	}
	q := r.find(text)
	if q == nil {
		r.origin.stats.left.Add(1)
		r.count++
		return
	}
	q.calls.Add(1)
	if r.exempt == again {
		return
	}
	t := r.tally(q)
	t.runs++
	if r.exempt == repeated && t.runs > 1 {
		t.meant++
		return
	}
	r.count++
}

// find returns the query of a text. The caller holds mu.
func (w *work) find(text string) *query {
	if w.text != text { // the same string in the same place is compared at once
		w.text, w.query = text, w.origin.query(text)
	}
	return w.query
}

// tally returns that of a query. The caller holds mu, and has come from a statement.
func (w *work) tally(q *query) *tally {
	var here *stack
	if w.origin.stats.options.Callers {
		here = &stack{}
		here.take()
	}
	for i := range w.tallies {
		if t := &w.tallies[i]; t.query == q && (here == nil || *t.from == *here) {
			return t
		}
	}
	w.tallies = append(w.tallies, tally{query: q, from: here})
	return &w.tallies[len(w.tallies)-1]
}

func (r *Recorder) finish(text string, took time.Duration, rows int64) {
	r.mu.Lock()
	q := r.find(text)
	r.mu.Unlock()
	if q == nil {
		return
	}
	q.nanos.Add(int64(took))
	raise(&q.slowest, int64(took))
	q.rows.Add(max(0, rows))
}

// End ends the work and returns the number of its statements; those that were meant to repeat count as one. What still runs is not counted.
// It is called once.
func (r *Recorder) End() int {
	r.mu.Lock()
	r.ended = true
	count, tallies := r.count, r.tallies
	r.mu.Unlock()
	if count == 0 {
		return 0
	}
	o := r.origin
	o.runs.Add(1)
	o.statements.Add(int64(count))
	raise(&o.most, int64(count))
	for i, t := range tallies {
		if slices.ContainsFunc(tallies[:i], func(other tally) bool { return other.query == t.query }) {
			continue
		}
		runs := 0
		for _, other := range tallies[i:] {
			if other.query == t.query {
				runs += other.runs - other.meant
			}
		}
		t.query.runs.Add(1)
		raise(&t.query.most, int64(runs))
	}
	if watch := o.stats.options.Watch; watch != nil {
		watch(report(o.name, count, tallies))
	}
	return count
}
