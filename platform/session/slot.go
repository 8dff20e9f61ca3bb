package session

import (
	"context"
	"sync"
)

// Slot is the place of one request for its session. The server makes one for each request, calls Sessions.Enter, puts it under SlotKey into the
// context of the handler, and sends the cookie that AppendCookie returns when the handler is done. It is safe for concurrent use; the
// exported fields are set before that.
type Slot struct {
	// Device is the header User-Agent, and Address where the request comes from; a session that begins keeps them for lists.
	Device, Address string
	// CrossSite says that another site has made the browser send the request. No session begins with it.
	CrossSite bool

	mu      sync.Mutex
	session *Session
	cookie  cookie
	token   string // of a session that has begun or was renewed
}

// cookie is what happens to the cookie of a request.
type cookie uint8

const (
	keep cookie = iota
	set
	clearIt
)

// SlotKey is the context key of a *Slot.
type SlotKey struct{}

// slotOf returns the slot of a request, nil outside of one.
func slotOf(ctx context.Context) *Slot {
	slot, _ := ctx.Value(SlotKey{}).(*Slot)
	return slot
}

// Session returns the session of the request as it is now, nil when nobody is signed in.
func (slot *Slot) Session() *Session {
	slot.mu.Lock()
	defer slot.mu.Unlock()
	return slot.session
}

// Reset empties the slot for another request.
func (slot *Slot) Reset() {
	slot.Device, slot.Address, slot.CrossSite = "", "", false
	slot.session, slot.cookie, slot.token = nil, keep, ""
}

// begun puts a session with a new token into the slot.
func (slot *Slot) begun(sess *Session, token string) {
	slot.mu.Lock()
	defer slot.mu.Unlock()
	slot.session, slot.cookie, slot.token = sess, set, token
}

// Restore makes as if nothing had become of the session since it was this one, nil for none: what the request has done is undone.
func (slot *Slot) Restore(was *Session) {
	slot.mu.Lock()
	defer slot.mu.Unlock()
	slot.session, slot.cookie, slot.token = was, keep, ""
}

// ended empties the slot, and the browser's cookie with it.
func (slot *Slot) ended() {
	slot.mu.Lock()
	defer slot.mu.Unlock()
	slot.session, slot.cookie, slot.token = nil, clearIt, ""
}

// saved puts a newer version of a session into the slot, unless another session has come into it.
func (slot *Slot) saved(sess *Session) {
	slot.mu.Lock()
	defer slot.mu.Unlock()
	if slot.session != nil && slot.session.ID == sess.ID && slot.session.Version < sess.Version {
		slot.session = sess
	}
}

// From returns the session of the request that ctx belongs to.
func From(ctx context.Context) (*Session, bool) {
	slot := slotOf(ctx)
	if slot == nil {
		return nil, false
	}
	sess := slot.Session()
	return sess, sess != nil
}
