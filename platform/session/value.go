package session

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/banyan-go/banyan/platform/session/driver"
)

// Get reads a value that Put has kept for the session of the request, and reports whether there is one: there is none without a session. It costs no
// trip to the store. What does not fit into `into` is an error.
func (s *Sessions) Get(ctx context.Context, name string, into any) (bool, error) {
	sess, ok := From(ctx)
	if !ok {
		return false, nil
	}
	text, ok := sess.Values[name]
	if !ok {
		return false, nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return false, fmt.Errorf("read the value %q of a session: %w", name, err)
	}
	return true, nil
}

// Put keeps a small value for the session of the request, as JSON under a name of 1 to 64 bytes, until the session ends; nil takes it away. Requests of the same session that
// put values under other names at the same time do not lose each other's; under one name the last one wins. The errors are ErrEnded, ErrTooLarge,
// ErrContended, ErrNoSlot and ErrAway.
func (s *Sessions) Put(ctx context.Context, name string, v any) error {
	slot := slotOf(ctx)
	if slot == nil {
		return ErrNoSlot
	}
	if name == "" || len(name) > maxName {
		return fmt.Errorf("put a value of a session: its name has 1 to %d bytes", maxName)
	}
	text, err := encodeValue(v)
	if err != nil {
		return fmt.Errorf("put the value %q of a session: %w", name, err)
	}
	sess, err := s.change(ctx, slot, func(sess *Session) error {
		sess.Body = sess.With(name, text)
		return tooLarge(sess.Values)
	})
	if err != nil {
		return err
	}
	slot.saved(sess)
	return nil
}

func encodeValue(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v)
}

func tooLarge(values map[string]json.RawMessage) error {
	size := 0
	for name, text := range values {
		size += len(name) + len(text)
	}
	if size > driver.MaxValues {
		return ErrTooLarge
	}
	return nil
}

// change saves the session of a request with something else in it. When another request was faster it begins again with what that one has saved, and when the
// session has ended it ends: what is over is not brought back.
func (s *Sessions) change(ctx context.Context, slot *Slot, how func(*Session) error) (*Session, error) {
	sess := slot.Session()
	if sess == nil {
		return nil, ErrEnded
	}
	was := sess.ID
	for range attempts {
		next := *sess
		if err := how(&next); err != nil {
			return nil, err
		}
		saved, err := s.store.Save(ctx, &next, was)
		if err != nil {
			return nil, s.failed("save a session", err)
		}
		if saved != nil {
			return saved, nil
		}
		if sess, err = s.load(ctx, was); err != nil {
			return nil, err
		}
		if sess == nil {
			slot.ended()
			return nil, ErrEnded
		}
	}
	return nil, ErrContended
}
