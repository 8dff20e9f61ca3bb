package resource

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/name"
)

// TTL is how long what was read of a resource is kept, as the command line has it, "1m"; empty for a resource of which nothing is.
type TTL string

// The bounds of a TTL.
const (
	shortestTTL = time.Second
	longestTTL  = 24 * time.Hour
)

// Canonical returns the spelling that is recorded: "1m" for "60s".
func (t TTL) Canonical() TTL {
	if t == "" || t.check() != nil {
		return t
	}
	text := t.duration().String()
	for _, zero := range []string{"0s", "0m"} { // 1h0m0s
		if short, ok := strings.CutSuffix(text, zero); ok && short != "" && strings.ContainsAny(short[len(short)-1:], "hm") {
			text = short
		}
	}
	return TTL(text)
}

func (t TTL) check() error {
	if t == "" {
		return nil
	}
	d, err := time.ParseDuration(string(t))
	if err == nil && d >= shortestTTL && d <= longestTTL && d%time.Second == 0 {
		return nil
	}
	return fmt.Errorf("--cache %s: want a time of whole seconds from 1s to 24h; try --cache 1m", name.Quote(string(t)))
}

// duration is the time itself, 0 for none.
func (t TTL) duration() time.Duration {
	d, _ := time.ParseDuration(string(t)) // checked
	return d
}

// Cache is how what was read of a resource is kept.
type Cache struct {
	TTL        string // a Go expression
	Words      string // "1m"
	Group      string // "catalog.products"
	Kept       string // the Go type of what is kept: that of the contract, or one that has what JSON shows nothing of
	Public     bool   // everybody gets the same answers, and caches in front may keep them
	SMaxAge    string // a Go expression: how long those may
	Revalidate string // a Go expression: how long after that they may give it once more while they ask
	Control    string // what they are told
}

// The times of caches in front: a purge reaches them later than this process, or not at all.
const (
	longestShared = 30 * time.Second
	revalidate    = 60 * time.Second
)

// cache works out how what was read is kept; nil for a resource of which nothing is.
func (v *View) cache(c checked, others []Spec) *Cache {
	if c.Cache == "" {
		return nil
	}
	ttl := c.Cache.duration()
	k := &Cache{TTL: expression(ttl), Words: string(c.Cache.Canonical()), Group: v.Module + "." + name.Plural(c.Name), Kept: v.Qualified}
	if len(v.Guarded) > 0 {
		k.Kept = "kept"
	}
	k.Public = c.readByAll() && !slices.ContainsFunc(c.fields, func(f field.Field) bool { return f.Type.Refers() && !c.keeps(f, others) })
	shared := min(ttl, longestShared)
	k.SMaxAge, k.Revalidate = expression(shared), expression(revalidate)
	k.Control = fmt.Sprintf("public, max-age=0, s-maxage=%d, stale-while-revalidate=%d", int(shared/time.Second), int(revalidate/time.Second))
	return k
}

// keeps reports whether what a field refers to is kept as well, and read by everybody: only then nothing in an answer that includes it changes unnoticed.
func (c checked) keeps(f field.Field, others []Spec) bool {
	if c.refersToItself(f) {
		return true
	}
	module, resource := c.target(f)
	target, ok := find(others, module, resource)
	return ok && target.Cache != "" && target.readByAll()
}

// expression is a duration in Go.
func expression(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{time.Hour, "time.Hour"}, {time.Minute, "time.Minute"}, {time.Second, "time.Second"}} {
		switch n := d / u.unit; {
		case d%u.unit != 0:
		case n == 1:
			return u.name
		default:
			return strconv.Itoa(int(n)) + " * " + u.name
		}
	}
	return d.String()
}
