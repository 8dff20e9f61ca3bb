package querystat

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/banyan-go/banyan/platform/db/internal/sqltext"
)

// What a process keeps at most. Generated text could otherwise fill its memory: a statement with a list is another text for each length.
const (
	maxTexts   = 4096
	maxTextLen = 8 << 10 // bytes of a text that is looked up, and not read again each time
	maxShapes  = 1024
	maxQueries = 4096
)

// Options say how much is done for a statement. The zero value is for production: less than a microsecond.
type Options struct {
	// Callers has the place of every statement found, which takes about a microsecond; otherwise it is that of the first one of each query.
	Callers bool
	// Watch is told of each piece of work that ran statements, at its end, by the goroutine that ends it. It says where statements come
	// from only with Callers.
	Watch func(Report)
	// Dialect and Budget are what snapshots say of the database and of db.query_budget.
	Dialect string
	Budget  int
}

// Stats are the statistics of one process. They are safe for concurrent use.
type Stats struct {
	options Options
	since   time.Time
	queries atomic.Int64 // of all origins
	left    atomic.Int64

	mu     sync.RWMutex
	texts  map[string]*shape
	shapes map[string]*shape

	originsMu sync.Mutex
	origins   map[string]*Origin
}

// shape is what statements have in common that differ in their values.
type shape struct {
	text string
	kind string
}

// New returns statistics without anything in them.
func New(o Options) *Stats {
	return &Stats{options: o, since: time.Now(), texts: map[string]*shape{}, shapes: map[string]*shape{}, origins: map[string]*Origin{}}
}

// Origin returns what the statements of one kind of work are counted under: of a route, by its method and the template of its path. The same
// name gives the same value; ask once, since this takes a lock.
func (s *Stats) Origin(name string) *Origin {
	s.originsMu.Lock()
	defer s.originsMu.Unlock()
	o := s.origins[name]
	if o == nil {
		o = &Origin{stats: s, name: name, queries: map[*shape]*query{}}
		o.idle = &Recorder{work: &work{origin: o, ended: true}}
		s.origins[name] = o
	}
	return o
}

// shape returns that of a text; nil when there are too many.
func (s *Stats) shape(text string) *shape {
	s.mu.RLock()
	found := s.texts[text]
	s.mu.RUnlock()
	if found != nil {
		return found
	}
	tokens := sqltext.Scan(text)
	kind := strings.TrimSpace(sqltext.Verb(tokens) + " " + strings.Join(sqltext.Tables(tokens), "+"))
	bare := sqltext.Shape(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	found = s.shapes[bare]
	if found == nil {
		if len(s.shapes) == maxShapes {
			return nil
		}
		found = &shape{text: bare, kind: kind}
		s.shapes[bare] = found
	}
	if len(s.texts) < maxTexts && len(text) <= maxTextLen {
		s.texts[strings.Clone(text)] = found
	}
	return found
}

// Origin is where statements come from.
type Origin struct {
	waited     atomic.Int64 // nanoseconds
	stats      *Stats
	name       string
	idle       *Recorder
	runs       atomic.Int64 // that ran statements
	statements atomic.Int64
	most       atomic.Int64

	mu      sync.Mutex
	queries map[*shape]*query
}

// query is a shape in the work of an origin.
type query struct {
	*shape
	first stack // where it came from at first

	calls, runs, most    atomic.Int64
	nanos, slowest, rows atomic.Int64
}

// query returns that of a text; nil when there are too many.
func (o *Origin) query(text string) *query {
	sh := o.stats.shape(text)
	if sh == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	q := o.queries[sh]
	if q == nil {
		if o.stats.queries.Add(1) > maxQueries {
			o.stats.queries.Add(-1)
			return nil
		}
		q = &query{shape: sh}
		q.first.take()
		o.queries[sh] = q
	}
	return q
}

func raise(most *atomic.Int64, n int64) {
	for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
	}
}

// Snapshot is statistics at one time, as they are shown and saved.
type Snapshot struct {
	Since   time.Time    `json:"since"`
	Taken   time.Time    `json:"taken"`
	Dialect string       `json:"dialect"` // of the database
	Budget  int          `json:"budget"`  // of statements for a request, 0 for none
	Origins []OriginStat `json:"origins"`
	Queries []QueryStat  `json:"queries"`
	// Left is the number of statements that found no place, because there were too many different ones.
	Left int64 `json:"left"`
}

// OriginStat is what the work of one origin has run.
type OriginStat struct {
	Origin     string `json:"origin"` // "GET /api/v1/catalog/products"
	Runs       int64  `json:"runs"`   // how often it ran statements at all
	Statements int64  `json:"statements"`
	Most       int64  `json:"most"` // statements of one run
}

// QueryStat is one shape of statements in the work of one origin.
type QueryStat struct {
	Shape   string  `json:"shape"`
	Origin  string  `json:"origin"`
	Calls   int64   `json:"calls"`
	Runs    int64   `json:"runs"` // of its origin's work, those in which it came
	Most    int64   `json:"most"` // calls in one of them, without those that were meant to repeat
	Seconds float64 `json:"seconds"`
	Slowest float64 `json:"slowest_seconds"`
	Rows    int64   `json:"rows"`
	// At is where it came from at first, "modules/catalog/internal/product/store.go:74", and then who called that.
	At []string `json:"at"`
}

// Snapshot returns what there is so far, what took longest first.
func (s *Stats) Snapshot() Snapshot {
	snap := Snapshot{Since: s.since, Taken: time.Now(), Dialect: s.options.Dialect, Budget: s.options.Budget, Origins: []OriginStat{}, Queries: []QueryStat{}, Left: s.left.Load()}
	s.originsMu.Lock()
	defer s.originsMu.Unlock()
	for _, o := range s.origins {
		if runs := o.runs.Load(); runs > 0 {
			snap.Origins = append(snap.Origins, OriginStat{o.name, runs, o.statements.Load(), o.most.Load()})
		}
		snap.Queries = append(snap.Queries, o.snapshot()...)
	}
	slices.SortFunc(snap.Origins, func(a, b OriginStat) int { return strings.Compare(a.Origin, b.Origin) })
	slices.SortFunc(snap.Queries, func(a, b QueryStat) int {
		return cmp.Or(cmp.Compare(b.Seconds, a.Seconds), strings.Compare(a.Origin, b.Origin), strings.Compare(a.Shape, b.Shape))
	})
	return snap
}

func (o *Origin) snapshot() (all []QueryStat) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, q := range o.queries {
		if q.calls.Load() == 0 { // it has only been tried
			continue
		}
		all = append(all, QueryStat{
			Shape: q.text, Origin: o.name, Calls: q.calls.Load(), Runs: q.runs.Load(), Most: q.most.Load(),
			Seconds: seconds(&q.nanos), Slowest: seconds(&q.slowest), Rows: q.rows.Load(), At: q.first.places(),
		})
	}
	return all
}

func seconds(nanos *atomic.Int64) float64 { return time.Duration(nanos.Load()).Seconds() }
