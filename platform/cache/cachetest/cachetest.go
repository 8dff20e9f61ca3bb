// Package cachetest proves that a driver of package cache keeps its promises. A driver calls Run in a test of its own.
package cachetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/cache/driver"
)

// lease is how long a lease lasts in tests that do not wait for its end.
const lease = 10 * time.Second

// Place is where the stores of one test are.
type Place struct {
	Driver  driver.Driver
	Options driver.Options // but Lease
}

// Run proves one driver. Open returns a place that no other test uses; it goes with the test.
func Run(t *testing.T, open func(t *testing.T) Place) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(t *testing.T, s *suite)
	}{
		{"fill and read", testFill},
		{"another key", testOtherKey},
		{"ends", testEnds},
		{"keys of any bytes", testAnyBytes},
		{"too large", testTooLarge},
		{"marks", testMarks},
		{"everything", testEverything},
		{"invalidated during a load", testInvalidatedDuringLoad},
		{"floor", testFloor},
		{"lease", testLease},
		{"lease ends", testLeaseEnds},
		{"fresh", testFresh},
		{"one of many", testOneOfMany},
		{"many at once", testMany},
		{"listen", testListen},
		{"order of an invalidation", testOrder},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, &suite{t: t, place: open(t)})
		})
	}
}

// suite is one test.
type suite struct {
	t     *testing.T
	place Place
}

// open returns a store of another process.
func (s *suite) open(lasts time.Duration) *process {
	s.t.Helper()
	o := s.place.Options
	o.Lease = lasts
	store, err := s.place.Driver.Open(o)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	s.t.Cleanup(cancel)
	return &process{t: s.t, ctx: ctx, store: store}
}

func (s *suite) features() driver.Features { return s.place.Driver.Features() }

// process is a store, as a process sees it.
type process struct {
	t     *testing.T
	ctx   context.Context
	store driver.Store
}

func query(name string, marks ...string) driver.Query {
	return driver.Query{Name: name, Marks: marks, Lasts: time.Hour}
}

func text(s string) driver.Value {
	return driver.Value{Payload: []byte(s), Schema: 3, Took: 20 * time.Millisecond, Left: time.Minute}
}

func (p *process) acquire(q driver.Query, token string, fresh bool) driver.Answer {
	p.t.Helper()
	a, err := p.store.Acquire(p.ctx, q, token, fresh)
	if err != nil {
		p.t.Fatalf("Acquire: %v", err)
	}
	return a
}

func (p *process) fill(q driver.Query, token, under string, v driver.Value) bool {
	p.t.Helper()
	kept, err := p.store.Fill(p.ctx, q, token, under, v, v.Left)
	if err != nil {
		p.t.Fatalf("Fill: %v", err)
	}
	return kept
}

// put stores a value, as who has found none does.
func (p *process) put(q driver.Query, v driver.Value) {
	p.t.Helper()
	a := p.acquire(q, "put", true)
	if !a.Leased || !p.fill(q, "put", a.Under, v) {
		p.t.Fatalf("%q is not stored: %+v", q.Name, a)
	}
}

func (p *process) read(q driver.Query) driver.Answer {
	p.t.Helper()
	a, err := p.store.Read(p.ctx, q)
	if err != nil {
		p.t.Fatalf("Read: %v", err)
	}
	return a
}

// want fails the test unless a value is there; "" for none.
func (p *process) want(q driver.Query, payload string) {
	p.t.Helper()
	switch a := p.read(q); {
	case payload == "" && a.Value != nil:
		p.t.Errorf("%q is %q, want nothing", q.Name, a.Value.Payload)
	case payload != "" && (a.Value == nil || string(a.Value.Payload) != payload):
		p.t.Errorf("%q is %+v, want %q", q.Name, a.Value, payload)
	}
}

func (p *process) invalidate(n driver.Names, position uint64) {
	p.t.Helper()
	if err := p.store.Invalidate(p.ctx, n, position); err != nil {
		p.t.Fatalf("Invalidate: %v", err)
	}
}

func keys(names ...string) driver.Names { return driver.Names{All: names, Keys: names} }

func marks(names ...string) driver.Names { return driver.Names{All: names, Marks: names} }

func testFill(t *testing.T, s *suite) {
	p, other := s.open(lease), s.open(lease)
	q := query("a.b:1", "@a.b", "#x")
	if a := p.read(q); a.Value != nil || a.Damaged {
		t.Errorf("in the beginning there is %+v", a)
	}
	v := driver.Value{Payload: []byte("one"), Absent: true, Schema: 7, Took: 20 * time.Millisecond, Position: 9, Left: time.Minute}
	p.put(q, v)
	for _, p := range []*process{p, other} {
		a := p.read(q)
		if a.Value == nil {
			t.Fatal("the value is not there")
		}
		got := *a.Value
		if got.Left > v.Left || got.Left < v.Left-10*time.Second {
			t.Errorf("it lasts for %s, want a minute", got.Left)
		}
		if got.Left = v.Left; !bytes.Equal(got.Payload, v.Payload) || got.Absent != v.Absent || got.Schema != v.Schema || got.Took != v.Took || got.Position != v.Position {
			t.Errorf("%+v, want %+v", got, v)
		}
	}
	p.invalidate(keys("a.b:1"), 0)
	other.want(q, "")
}

func testOtherKey(_ *testing.T, s *suite) {
	p := s.open(lease)
	p.put(query("a.b:1"), text("one"))
	p.put(query("a.b:2"), text("two"))
	p.invalidate(keys("a.b:2"), 0)
	p.want(query("a.b:1"), "one")
	p.want(query("a.b:2"), "")
	p.want(query("a.c:1"), "")
}

func testEnds(t *testing.T, s *suite) {
	p := s.open(lease)
	q := query("a.b:1")
	v := text("one")
	v.Left = 20 * time.Millisecond
	p.put(q, v)
	s.eventually("the value is good for ever", func() bool {
		a := p.read(q)
		return a.Value == nil || a.Value.Left <= 0
	})
	v.Left = 50 * time.Millisecond
	a := p.acquire(q, "t", true)
	if kept, err := p.store.Fill(p.ctx, q, "t", a.Under, v, time.Minute); !kept || err != nil {
		t.Fatalf("Fill: %t, %v", kept, err)
	}
	s.eventually("the value is good for as long as it stays, or gone when it is not good any more", func() bool {
		a := p.read(q)
		return a.Value != nil && a.Value.Left < 0
	})
}

// patience is how long a check waits for something that has to happen, many times as long as that takes.
const patience = 10 * time.Second

// eventually waits until something holds. Wrong says what is the case when it never does.
func (s *suite) eventually(wrong string, holds func() bool) {
	s.t.Helper()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-again.C:
		case <-deadline:
			s.t.Fatal(wrong)
		}
	}
}

func testAnyBytes(_ *testing.T, s *suite) {
	p := s.open(lease)
	names := []string{"a.b:", "a.b: ", "a.b:\x00", "a.b:\n\r", "a.b:\xff\xfe", "a.b:é", "a.b:" + string(bytes.Repeat([]byte("k"), 5000)), "a.b:" + string(bytes.Repeat([]byte("k"), 5001)), "!"}
	for i, name := range names {
		p.put(query(name, "#"+name), text(strconv.Itoa(i)))
	}
	for i, name := range names {
		p.want(query(name, "#"+name), strconv.Itoa(i))
	}
	p.invalidate(keys(names[3:]...), 0)
	p.invalidate(marks("#"+names[0]), 0)
	for i, name := range names {
		if i == 1 || i == 2 {
			p.want(query(name, "#"+name), strconv.Itoa(i))
		} else {
			p.want(query(name, "#"+name), "")
		}
	}
}

// A value that is too large is not stored, which is no error, and nobody waits for it.
func testTooLarge(t *testing.T, s *suite) {
	p := s.open(lease)
	q := query("a.b:1")
	a := p.acquire(q, "t", false)
	v := text("")
	v.Payload = make([]byte, driver.MaxValue+1)
	if p.fill(q, "t", a.Under, v) {
		t.Error("it is stored")
	}
	p.want(q, "")
	if !p.acquire(q, "u", false).Leased {
		t.Error("the lease is held")
	}
}

func testMarks(_ *testing.T, s *suite) {
	p, other := s.open(lease), s.open(lease)
	one, two := query("a.b:1", "@a.b", "#x"), query("a.b:2", "@a.b", "#y")
	p.put(one, text("one"))
	p.put(two, text("two"))
	other.invalidate(marks("#x"), 0)
	p.want(one, "")
	p.want(two, "two")
	other.invalidate(marks("@a.b"), 0)
	p.want(two, "")
	p.put(one, text("three"))
	p.want(one, "three")
}

func testEverything(_ *testing.T, s *suite) {
	p, other := s.open(lease), s.open(lease)
	q := query("a.b:1")
	p.put(q, text("one"))
	other.invalidate(driver.Names{All: []string{"*"}, Everything: true}, 0)
	p.want(q, "")
	p.put(q, text("two"))
	p.want(q, "two")
}

// What was read before an invalidation is not stored after it.
func testInvalidatedDuringLoad(t *testing.T, s *suite) {
	for name, n := range map[string]driver.Names{"key": keys("a.b:1"), "tag": marks("#x"), "group": marks("@a.b"), "everything": {All: []string{"*"}, Everything: true}} {
		p, other := s.open(lease), s.open(lease)
		q := query("a.b:1", "@a.b", "#x")
		a := p.acquire(q, "old", true)
		other.invalidate(n, 0)
		if p.fill(q, "old", a.Under, text("old")) {
			t.Errorf("%s: what was read before is stored", name)
		}
		p.want(q, "")
		b := other.acquire(q, "new", false)
		if !b.Leased {
			t.Errorf("%s: nobody may load", name)
		}
		if p.fill(q, "old", a.Under, text("old")) {
			t.Errorf("%s: what was read before is stored in the end", name)
		}
		if !other.fill(q, "new", b.Under, text("new")) {
			t.Errorf("%s: what was read afterwards is not stored", name)
		}
		p.want(q, "new")
		p.invalidate(n, 0)
	}
}

// What comes from a copy that had not got as far as what was written is not stored.
func testFloor(t *testing.T, s *suite) {
	for name, n := range map[string]driver.Names{"key": keys("a.b:1"), "tag": marks("#x"), "everything": {All: []string{"*"}, Everything: true}} {
		p := s.open(lease)
		q := query("a.b:1", "#x")
		fill := func(position uint64) bool {
			a := p.acquire(q, "t", true)
			v := text("one")
			v.Position = position
			return p.fill(q, "t", a.Under, v)
		}
		p.invalidate(n, 1000)
		if fill(999) {
			t.Errorf("%s: a fill from before the change is stored", name)
		}
		p.want(q, "")
		p.invalidate(n, 900) // late
		if fill(999) {
			t.Errorf("%s: the floor has sunk", name)
		}
		if !fill(1000) {
			t.Errorf("%s: a fill at the change is not stored", name)
		}
		p.invalidate(n, 1000)
	}
}

func testLease(t *testing.T, s *suite) {
	if !s.features().Leases {
		return
	}
	p, other := s.open(lease), s.open(lease)
	q := query("a.b:1")
	a := p.acquire(q, "p", false)
	if !a.Leased {
		t.Fatal("nobody has the lease, and p does not get it")
	}
	if other.acquire(q, "o", false).Leased {
		t.Error("two have the lease")
	}
	if err := other.store.Release(other.ctx, q, "o"); err != nil {
		t.Fatal(err)
	}
	if other.acquire(q, "o", false).Leased {
		t.Error("somebody else has given the lease back")
	}
	if other.fill(q, "o", a.Under, text("other")) {
		t.Error("somebody without the lease has stored something")
	}
	if err := p.store.Release(p.ctx, q, "p"); err != nil {
		t.Fatal(err)
	}
	if p.fill(q, "p", a.Under, text("late")) {
		t.Error("a lease that was given back is good for a fill")
	}
	b := other.acquire(q, "o", false)
	if !b.Leased || !other.fill(q, "o", b.Under, text("one")) {
		t.Error("the next one cannot fill")
	}
	if a := p.acquire(q, "p", false); a.Leased || a.Value == nil || string(a.Value.Payload) != "one" {
		t.Errorf("with a value there: %+v", a)
	}
	if other.fill(q, "o", b.Under, text("two")) {
		t.Error("one lease is good for two fills")
	}
}

func testLeaseEnds(t *testing.T, s *suite) {
	if !s.features().Leases {
		return
	}
	p, other := s.open(20*time.Millisecond), s.open(lease)
	q, earlier := query("a.b:1"), query("a.b:0")
	was := p.acquire(earlier, "p", false)
	a := p.acquire(q, "p", false)
	s.eventually("the lease does not end", func() bool { return other.acquire(q, "o", false).Leased })
	if p.fill(q, "p", a.Under, text("late")) {
		t.Error("who has the lease no longer has stored something")
	}
	if p.fill(earlier, "p", was.Under, text("late")) {
		t.Error("a lease that has ended, and that nobody else has, is good for a fill")
	}
}

func testFresh(t *testing.T, s *suite) {
	if !s.features().Leases {
		return
	}
	p, other := s.open(lease), s.open(lease)
	q := query("a.b:1")
	p.put(q, text("one"))
	a := p.acquire(q, "p", true)
	if !a.Leased {
		t.Fatal("no lease beside a value")
	}
	if other.acquire(q, "o", true).Leased {
		t.Error("two have the lease")
	}
	other.want(q, "one") // meanwhile
	if !p.fill(q, "p", a.Under, text("two")) {
		t.Error("it is not stored")
	}
	other.want(q, "two")
}

// Many at once ask for the same: one of them loads.
func testOneOfMany(t *testing.T, s *suite) {
	if !s.features().Leases {
		return
	}
	const processes, each = 4, 8
	q := query("a.b:1", "#x")
	var leased atomic.Int64
	var all sync.WaitGroup
	for n := range processes {
		p := s.open(lease)
		for m := range each {
			all.Go(func() {
				if a, err := p.store.Acquire(p.ctx, q, fmt.Sprint(n, m), false); err != nil {
					t.Error(err)
				} else if a.Leased {
					leased.Add(1)
				}
			})
		}
	}
	all.Wait()
	if n := leased.Load(); n != 1 {
		t.Errorf("%d have the lease, want 1", n)
	}
}

// To look for many is to look for each of them: whatever that says, nothing of one is taken for another one's.
func testMany(t *testing.T, s *suite) {
	p := s.open(lease)
	reader, ok := p.store.(driver.ManyReader)
	if !ok {
		return
	}
	qs := []driver.Query{
		query("a.b:1", "@a.b"), query("a.b:none", "@a.b"), query("a.b:2", "@a.b", "#x"), query("a.b:3", "#y"), query("a.b:4"), query("a.b:5", "#never"), query("a.b:2", "@a.b", "#x"),
	}
	for _, n := range []int{0, 2, 3, 4} {
		p.put(qs[n], text(qs[n].Name))
	}
	p.invalidate(keys("a.b:4"), 0)
	for range 2 {
		answers, err := reader.ReadMany(p.ctx, qs)
		if err != nil || len(answers) != len(qs) {
			t.Fatalf("%d answers to %d queries, %v", len(answers), len(qs), err)
		}
		for i, q := range qs {
			if one := p.read(q); payload(answers[i]) != payload(one) || answers[i].Damaged {
				t.Errorf("%q among others is %q, alone %q", q.Name, payload(answers[i]), payload(one))
			}
		}
		p.invalidate(marks("#x"), 0)
	}
	if answers, err := reader.ReadMany(p.ctx, nil); len(answers) != 0 || err != nil {
		t.Errorf("no queries: %+v, %v", answers, err)
	}
}

// payload returns what a value holds, "" for none.
func payload(a driver.Answer) string {
	if a.Value == nil {
		return ""
	}
	return string(a.Value.Payload)
}

// listen has fn called with what a process hears, until the test ends.
func (p *process) listen(fn func(driver.Event)) {
	ctx, cancel := context.WithCancel(p.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = p.store.Listen(ctx, fn) // it ends with the test
	}()
	p.t.Cleanup(func() {
		cancel()
		<-done
	})
}

// next returns what comes next. What says what that is.
func next[T any](s *suite, what string, coming <-chan T) T {
	s.t.Helper()
	select {
	case v := <-coming:
		return v
	case <-time.After(patience):
		s.t.Fatalf("nobody hears %s", what)
		panic("unreachable")
	}
}

func testListen(t *testing.T, s *suite) {
	if !s.features().Broadcast {
		return
	}
	p, other := s.open(lease), s.open(lease)
	p.invalidate(keys("a.b:before"), 0)
	events := make(chan driver.Event, 1000)
	other.listen(func(e driver.Event) { events <- e })
	if e := next(s, "that it is connected", events); !e.Connected || e.Lost {
		t.Errorf("first %+v", e)
	}
	for _, names := range [][]string{{"a.b:1"}, {"#x", "@a.b", "a.b:\xff\x00\n 1:2"}, {"*"}} {
		p.invalidate(driver.Names{All: names}, 0)
		if e := next(s, "of an invalidation", events); !slices.Equal(e.Names, names) || e.Missed {
			t.Errorf("heard %+v, want %q", e, names)
		}
	}
	other.invalidate(keys("a.b:own"), 0)
	p.invalidate(keys("a.b:last"), 0)
	if e := next(s, "of an invalidation", events); !slices.Equal(e.Names, []string{"a.b:last"}) || e.Missed {
		t.Errorf("heard %+v, want what others say, and nothing missed", e)
	}
}

// Who hears of an invalidation does not find the old value any more, not even while who has invalidated still waits for the end of that.
func testOrder(t *testing.T, s *suite) {
	if !s.features().Broadcast {
		return
	}
	p, other := s.open(lease), s.open(lease)
	q := query("a.b:1", "#x")
	listening, found := make(chan struct{}), make(chan *driver.Value, 1000)
	other.listen(func(e driver.Event) {
		if e.Connected {
			close(listening)
			return
		}
		a, err := other.store.Read(other.ctx, q)
		if err != nil {
			t.Errorf("Read: %v", err)
		}
		found <- a.Value
	})
	next(s, "that it is connected", listening)
	for n := range 50 {
		p.put(q, text(strconv.Itoa(n)))
		if n%2 == 0 {
			p.invalidate(keys("a.b:1"), 0)
		} else {
			p.invalidate(marks("#x"), 0)
		}
		if v := next(s, "of an invalidation", found); v != nil {
			t.Fatalf("round %d: the old value is there when its end is heard of", n)
		}
	}
}
