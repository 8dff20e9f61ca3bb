// Package memory keeps sessions in the memory of the process: for one instance, and for tests. They end with the process.
package memory

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/session/driver"
)

const (
	// shards is how many parts the store has: requests of different sessions seldom meet at a lock.
	shards = 64
	// defaultMost is how many sessions there may be when Driver.Most does not say.
	defaultMost = 100_000
)

// Driver makes the stores. The zero value works.
type Driver struct {
	// Most is how many sessions a store holds, 0 for 100,000: about 60 MB. Then the one that was not seen for the longest time makes room.
	Most int
	// Now tells the time of a store; nil is the time of the process, which does not jump when somebody sets the clock of the machine.
	Now func() time.Time
}

var _ driver.Driver = Driver{}

// Features says that the sessions are those of one process.
func (Driver) Features() driver.Features { return driver.Features{} }

// Open returns an empty store.
func (d Driver) Open(o driver.Options) (driver.Store, error) {
	if d.Most == 0 {
		d.Most = defaultMost
	}
	s := &store{options: o, now: d.Now, most: d.Most, users: map[string][]driver.ID{}}
	if s.now == nil {
		start := time.Now()
		wall := clock.Cut(start)
		s.now = func() time.Time { return wall.Add(time.Since(start)) }
	}
	for i := range s.parts {
		s.parts[i].sessions = map[driver.ID]*driver.Session{}
	}
	return s, nil
}

// store is the sessions in parts by id. One writes at a time, and holds the lock of a part only while a session comes or goes; who reads holds
// that one alone.
type store struct {
	options driver.Options
	now     func() time.Time
	most    int
	parts   [shards]part

	mu    sync.Mutex             // of who writes
	count int                    // of the sessions in all parts
	users map[string][]driver.ID // the oldest first
}

type part struct {
	mu       sync.RWMutex
	sessions map[driver.ID]*driver.Session
}

func (s *store) part(id driver.ID) *part { return &s.parts[id[0]%shards] }

// get returns a session, ended or not.
func (s *store) get(id driver.ID) *driver.Session {
	p := s.part(id)
	p.mu.RLock()
	sess := p.sessions[id]
	p.mu.RUnlock()
	return sess
}

// alive reports whether a session has not ended.
func (s *store) alive(sess *driver.Session, now time.Time) bool {
	return sess != nil && now.Before(sess.Expires) && now.Sub(sess.Seen) < s.options.Idle
}

func (s *store) set(sess *driver.Session) {
	p := s.part(sess.ID)
	p.mu.Lock()
	p.sessions[sess.ID] = sess
	p.mu.Unlock()
}

func (s *store) unset(id driver.ID) {
	p := s.part(id)
	p.mu.Lock()
	delete(p.sessions, id)
	p.mu.Unlock()
}

// remove takes a session out of the store and out of the list of its user.
func (s *store) remove(sess *driver.Session) {
	s.unset(sess.ID)
	s.count--
	ids := slices.DeleteFunc(s.users[sess.User], func(id driver.ID) bool { return id == sess.ID })
	if s.users[sess.User] = ids; len(ids) == 0 {
		delete(s.users, sess.User)
	}
}

// Create begins a session.
func (s *store) Create(_ context.Context, in *driver.Session, ended driver.ID) (*driver.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.get(ended); old != nil {
		s.remove(old)
	}
	now := s.now()
	for ids := s.users[in.User]; len(ids) >= s.options.Most; ids = s.users[in.User] {
		s.remove(s.get(ids[0]))
	}
	if s.count >= s.most {
		s.makeRoom(now)
	}
	sess := *in
	sess.Handle, sess.Version = in.ID.Handle(), 1
	sess.Created, sess.Seen, sess.Expires = now, now, now.Add(s.options.Absolute)
	s.set(&sess)
	s.count++
	s.users[sess.User] = append(s.users[sess.User], sess.ID)
	return &sess, nil
}

// Load finds a session.
func (s *store) Load(_ context.Context, id driver.ID) (*driver.Session, bool, error) {
	sess := s.get(id)
	if sess == nil {
		return nil, false, nil
	}
	now := s.now()
	if !s.alive(sess, now) {
		return nil, false, nil
	}
	return sess, now.Sub(sess.Seen) >= s.options.Touch, nil
}

// Save changes a session, and its id.
func (s *store) Save(_ context.Context, in *driver.Session, was driver.ID) (*driver.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, now := s.get(was), s.now()
	if !s.alive(old, now) || old.Version != in.Version {
		return nil, nil
	}
	sess := *old
	sess.ID, sess.Handle, sess.Body, sess.Seen = in.ID, in.ID.Handle(), in.Body, now
	sess.Version++
	if in.ID != was {
		s.unset(was)
		ids := s.users[old.User]
		ids[slices.Index(ids, was)] = in.ID
	}
	s.set(&sess)
	return &sess, nil
}

// Touch notes that a session was seen.
func (s *store) Touch(_ context.Context, id driver.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, now := s.get(id), s.now()
	if !s.alive(old, now) || now.Sub(old.Seen) < s.options.Touch {
		return nil
	}
	sess := *old
	sess.Seen = now
	s.set(&sess)
	return nil
}

// Delete ends sessions.
func (s *store) Delete(_ context.Context, ids ...driver.ID) (n int, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for _, id := range ids {
		sess := s.get(id)
		if sess == nil {
			continue
		}
		if s.alive(sess, now) {
			n++
		}
		s.remove(sess)
	}
	return n, nil
}

// List returns the sessions of a user.
func (s *store) List(_ context.Context, user string) (all []*driver.Session, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for _, id := range slices.Backward(s.users[user]) {
		if sess := s.get(id); s.alive(sess, now) {
			all = append(all, sess)
		}
	}
	return all, nil
}

var _ driver.Sweeper = (*store)(nil)

// Sweep forgets what has ended.
func (s *store) Sweep(_ context.Context, most int) (n int, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sweep(s.now(), most), nil
}

func (s *store) sweep(now time.Time, most int) (n int) {
	for i := range s.parts {
		for _, sess := range s.parts[i].sessions { // nobody else writes
			if n == most {
				return n
			}
			if !s.alive(sess, now) {
				s.remove(sess)
				n++
			}
		}
	}
	return n
}

// makeRoom forgets what has ended or, when that is nothing, the hundredth part of the sessions that was not seen for the longest time: a step that is not needed
// again soon.
func (s *store) makeRoom(now time.Time) {
	if s.sweep(now, s.count) > 0 {
		return
	}
	all := make([]*driver.Session, 0, s.count)
	for i := range s.parts {
		for _, sess := range s.parts[i].sessions {
			all = append(all, sess)
		}
	}
	slices.SortFunc(all, func(a, b *driver.Session) int { return a.Seen.Compare(b.Seen) })
	for _, sess := range all[:max(1, len(all)/100)] {
		s.remove(sess)
	}
}
