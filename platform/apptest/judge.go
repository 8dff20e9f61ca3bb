package apptest

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/module"
)

// judge fails a test for what its application does.
type judge struct {
	t      testing.TB
	budget int     // of statements, 0 for none
	golden *golden // nil where the tests are not those of a module

	mu   sync.Mutex
	said map[string]bool
}

func newJudge(t testing.TB, budget int) *judge {
	return &judge{t: t, budget: budget, said: map[string]bool{}}
}

// modules tells the judge what the application consists of.
func (j *judge) modules(list []module.Module) {
	for _, m := range list {
		if g := goldenOf(j.t, m); g != nil {
			j.golden = g
		}
	}
}

// complaint is what is wrong. A test says once what is about the same, and each time what is about nothing.
type complaint struct {
	About string `json:"about,omitempty"`
	Text  string `json:"text"`
}

// refusal complains of a statement that a module may not run, about the line that runs it.
func refusal(r db.Refusal) complaint {
	c := complaint{About: r.Err.Error(), Text: r.Err.Error() + "\n  " + r.SQL}
	if r.Route != "" {
		c.Text = r.Route + ": " + c.Text
	}
	if len(r.At) > 0 {
		c.About += r.At[0]
		c.Text += "\n  at " + strings.Join(r.At, "\n  by ")
	}
	return c
}

func (j *judge) wrong(c complaint) {
	if c.About == "" {
		j.t.Errorf("%s", c.Text)
		return
	}
	j.once("wrong "+c.About, "%s", c.Text)
}

func (j *judge) queries(r querystat.Report) {
	if head, ok := strings.CutPrefix(r.Origin, "HEAD "); ok {
		r.Origin = "GET " + head
	}
	for _, s := range r.Repeated() {
		j.once("repeated "+r.Origin+s.Kind, "%s runs one statement %d times: read all rows at once (ByIDs, include), or mark it with db.Repeated\n  %s\n  at %s",
			r.Origin, s.Count, s.Shape, strings.Join(s.At, "\n  by "))
	}
	if j.budget > 0 && r.Count > j.budget {
		j.once("budget "+r.Origin, "%s runs %d statements, and db.query_budget is %d\n%s", r.Origin, r.Count, j.budget, list(r.Statements))
	}
	if j.golden != nil {
		if err := j.golden.see(r); err != nil {
			j.once("golden "+r.Origin, "%v", err)
		}
	}
}

// once fails the test, the first time for each key: what is wrong with a route is wrong with each of its requests.
func (j *judge) once(key, format string, args ...any) {
	j.mu.Lock()
	said := j.said[key]
	j.said[key] = true
	j.mu.Unlock()
	if !said {
		j.t.Errorf(format, args...)
	}
}

// list writes statements, one on a line.
func list(statements []querystat.Statement) string {
	var lines []string
	for _, s := range statements {
		line := fmt.Sprintf("  %d  %s", s.Count, s.Shape)
		if len(s.At) > 0 {
			line += "  at " + s.At[0]
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
