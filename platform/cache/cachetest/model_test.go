package cachetest_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/banyan-go/banyan/platform/cache/driver"
)

// server is a place in memory that all stores of one test share. It keeps every promise of driver.Store, but those that a mutant takes out.
type server struct {
	without string // the promise that it breaks; "" for none

	mu        sync.Mutex
	values    map[string]value
	leases    map[string]lease
	floors    map[string]uint64 // by the names of keys
	marks     map[string]mark   // by their names, and "*"
	stores    int
	listeners map[int]chan driver.Event
	read      chan struct{} // has room for one Read, for the mutant that waits for it
}

type value struct {
	driver.Value
	under string
	good  time.Time // until then
	stays time.Time
}

type lease struct {
	token, under string
	ends         time.Time
}

// mark is a version, and how far its source has to have got.
type mark struct {
	version int
	floor   uint64
}

func newServer(without string) *server {
	return &server{
		without: without, values: map[string]value{}, leases: map[string]lease{}, floors: map[string]uint64{}, marks: map[string]mark{},
		listeners: map[int]chan driver.Event{}, read: make(chan struct{}, 1),
	}
}

// lacks reports whether a promise is taken out.
func (s *server) lacks(promise string) bool { return s.without == promise }

// Features is part of driver.Driver.
func (s *server) Features() driver.Features { return driver.Features{Leases: true, Broadcast: true} }

// Open is part of driver.Driver.
func (s *server) Open(o driver.Options) (driver.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stores++
	return &store{server: s, self: s.stores, lease: o.Lease}, nil
}

// store is what one process has of it.
type store struct {
	*server
	self  int
	lease time.Duration
}

// name returns what a value is kept under.
func (s *server) name(q string) string {
	if s.lacks("names of any bytes") {
		q, _, _ = strings.Cut(q, "\x00")
	}
	return q
}

// under returns the versions of what a value hangs on.
func (s *server) under(q driver.Query) string {
	var b strings.Builder
	for _, m := range append([]string{"*"}, q.Marks...) {
		b.WriteString(driver.Join(m, strconv.Itoa(s.marks[m].version)))
	}
	return b.String()
}

// look returns the value that is there.
func (s *server) look(q driver.Query) *driver.Value {
	v, ok := s.values[s.name(q.Name)]
	if !ok || v.under != s.under(q) && !s.lacks("marks of values") || time.Now().After(v.stays) && !s.lacks("an end of values") {
		return nil
	}
	v.Left = time.Until(v.good)
	if s.lacks("an end of values") {
		v.Left = time.Minute
	}
	return &v.Value
}

// Read is part of driver.Store.
func (s *store) Read(_ context.Context, q driver.Query) (driver.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.read <- struct{}{}:
	default:
	}
	return driver.Answer{Value: s.look(q), Under: s.under(q)}, nil
}

// ReadMany is part of driver.ManyReader.
func (s *store) ReadMany(ctx context.Context, qs []driver.Query) (answers []driver.Answer, err error) {
	for _, q := range qs {
		if s.lacks("marks of each of many") {
			q.Marks = qs[0].Marks
		}
		a, _ := s.Read(ctx, q) // it never fails
		if a.Value != nil || !s.lacks("the order of many") {
			answers = append(answers, a)
		}
	}
	for len(answers) < len(qs) {
		answers = append(answers, driver.Answer{})
	}
	return answers, nil
}

// Acquire is part of driver.Store.
func (s *store) Acquire(_ context.Context, q driver.Query, token string, fresh bool) (driver.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := driver.Answer{Under: s.under(q)}
	if a.Value = s.look(q); a.Value != nil && (!fresh || s.lacks("a lease beside a value")) {
		return a, nil
	}
	a.Value = nil
	if held, ok := s.leases[q.Name]; ok && held.under == a.Under && !s.over(held) && !s.lacks("one lease at a time") {
		return a, nil
	}
	if s.lacks("one step") { // others look, too, before it is taken
		s.mu.Unlock()
		for range 1000 {
			runtime.Gosched()
		}
		s.mu.Lock()
	}
	s.leases[q.Name] = lease{token, a.Under, time.Now().Add(s.lease)}
	a.Leased = true
	return a, nil
}

// Fill is part of driver.Store.
func (s *store) Fill(_ context.Context, q driver.Query, token, under string, v driver.Value, stays time.Duration) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := s.leases[q.Name]
	if (held.token != token || s.over(held)) && !s.lacks("a lease at a fill") {
		return false, nil
	}
	if !s.lacks("an end of a lease with its fill") {
		delete(s.leases, q.Name)
	}
	if under != s.under(q) && !s.lacks("versions at a fill") || v.Position != 0 && v.Position < s.floor(q) && !s.lacks("a floor at a fill") {
		return false, nil
	}
	if len(v.Payload) > driver.MaxValue && !s.lacks("a limit of size") {
		if s.lacks("a lease back that brought nothing") {
			s.leases[q.Name] = held
		}
		return false, nil
	}
	if s.lacks("all of a value") {
		v.Took = 0
	}
	s.values[s.name(q.Name)] = value{v, under, time.Now().Add(v.Left), time.Now().Add(stays)}
	return true, nil
}

// over reports whether a lease has ended.
func (s *server) over(l lease) bool { return time.Now().After(l.ends) && !s.lacks("an end of leases") }

// floor returns how far a source has to have got.
func (s *server) floor(q driver.Query) uint64 {
	highest := max(s.floors[q.Name], s.marks["*"].floor)
	for _, m := range q.Marks {
		highest = max(highest, s.marks[m].floor)
	}
	return highest
}

// Release is part of driver.Store.
func (s *store) Release(_ context.Context, q driver.Query, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leases[q.Name].token == token || s.lacks("an owner of a lease") {
		delete(s.leases, q.Name)
	}
	return nil
}

// Invalidate is part of driver.Store.
func (s *store) Invalidate(_ context.Context, n driver.Names, position uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lacks("deletion before the word of it") {
		s.tell(n.All)
		s.mu.Unlock()
		select {
		case <-s.read: // by who has heard
		case <-time.After(time.Second):
		}
		s.mu.Lock()
	} else {
		defer s.tell(n.All)
	}
	if s.lacks("other values after an invalidation") && len(n.Keys) > 0 {
		clear(s.values)
	}
	for _, key := range n.Keys {
		delete(s.values, s.name(key))
		if !s.lacks("an end of leases at an invalidation") {
			delete(s.leases, key)
		}
		s.floors[key] = s.raise(s.floors[key], position)
	}
	marks := n.Marks
	if n.Everything && !s.lacks("an end of everything") {
		marks = append(slices.Clone(marks), "*")
	}
	for _, m := range marks {
		s.marks[m] = mark{s.marks[m].version + 1, s.raise(s.marks[m].floor, position)}
	}
	return nil
}

// raise returns the next floor.
func (s *server) raise(old, position uint64) uint64 {
	if s.lacks("floors that only rise") {
		return position
	}
	return max(old, position)
}

// tell has everybody who listens hear of an invalidation.
func (s *store) tell(names []string) {
	for self, events := range s.listeners {
		if self == s.self && !s.lacks("quiet about one's own") {
			continue
		}
		told := names
		if s.lacks("names as they are") {
			told = strings.Fields(strings.Join(names, " "))
		}
		events <- driver.Event{Names: told}
	}
}

// Listen is part of driver.Store.
func (s *store) Listen(ctx context.Context, hear func(driver.Event)) error {
	events := make(chan driver.Event, 100)
	s.mu.Lock()
	if s.listeners[s.self] != nil {
		s.mu.Unlock()
		return errors.New("somebody listens already")
	}
	s.listeners[s.self] = events
	s.mu.Unlock()
	if !s.lacks("word of the connection") {
		hear(driver.Event{Connected: true})
	}
	for {
		select {
		case e := <-events:
			hear(e)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
