package driver

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"
)

// ID is what a session is stored under: the SHA-256 of its token, so that who reads the store cannot act for anybody.
type ID [sha256.Size]byte

// IDOf returns the id of a token.
func IDOf(token []byte) ID { return sha256.Sum256(token) }

// String returns 64 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads what String has written.
func ParseID(text string) (id ID, err error) {
	if len(text) != hex.EncodedLen(len(id)) {
		return id, errors.New("the id of a session is 64 hexadecimal digits")
	}
	_, err = hex.Decode(id[:], []byte(text))
	return id, err
}

// Handle returns the public name of a session: half of the id, which does not lead to the rest of it.
func (id ID) Handle() string { return hex.EncodeToString(id[:len(id)/2]) }

// Session is one visit of a user. It is immutable once a store has returned it.
type Session struct {
	// Handle names the session in lists, for its user and for operators: 32 hexadecimal digits.
	Handle string
	// ID changes at Renew. It is not the token, and does not lead to it.
	ID ID
	// User is who is signed in.
	User string
	// Created, Seen and Expires are by the clock of the store: the beginning, the last time that was noted, and the latest end.
	Created, Seen, Expires time.Time
	// Version counts what was saved, from 1.
	Version int64
	Body
}

// Body is the part of a session that stores keep as it is. It is immutable.
type Body struct {
	// Roles are those of the user when the session began.
	Roles []string
	// Device is the User-Agent of the request that has begun the session, cut to 200 characters, and Address where it came from.
	Device, Address string
	// Values are small things that modules keep, by name, in JSON.
	Values map[string]json.RawMessage
}

// With returns a copy of the body with another value under a name; nil takes it away.
func (b Body) With(name string, value json.RawMessage) Body {
	values := maps.Clone(b.Values)
	if values == nil {
		values = map[string]json.RawMessage{}
	}
	values[name] = value
	if value == nil {
		delete(values, name)
	}
	b.Values = values
	return b
}

// The limits of a stored body.
const (
	// MaxBody is the most bytes that Encode writes and Decode reads.
	MaxBody = 16 << 10
	// MaxValues is the most bytes of the values of a session together, with their names.
	MaxValues = 4 << 10
	// maxDepth is how deep objects and arrays may stand in each other.
	maxDepth = 32
)

// layout is the version of what Encode writes. What has another one is damaged, to this program.
const layout = 1

// stored is what Encode writes.
type stored struct {
	Layout  int                        `json:"v"`
	ID      string                     `json:"id"`
	User    string                     `json:"user"`
	Roles   []string                   `json:"roles,omitempty"`
	Device  string                     `json:"device,omitempty"`
	Address string                     `json:"address,omitempty"`
	Values  map[string]json.RawMessage `json:"values,omitempty"`
}

// Encode returns id, user and body of a session as JSON. It fails for more than MaxBody bytes.
func Encode(s *Session) ([]byte, error) {
	text, err := json.Marshal(stored{layout, s.ID.String(), s.User, s.Roles, s.Device, s.Address, s.Values})
	if err == nil && len(text) > MaxBody {
		err = fmt.Errorf("a session of %d bytes, want at most %d", len(text), MaxBody)
	}
	return text, err
}

// Decode reads what Encode has written into the session of an id. The error is ErrCorrupt: also for the session of another id, and for text that is
// too long or too deep.
func Decode(text []byte, id ID) (*Session, error) {
	if len(text) > MaxBody || depth(text) > maxDepth {
		return nil, ErrCorrupt
	}
	var in stored
	if err := json.Unmarshal(text, &in); err != nil || in.Layout != layout || in.User == "" || in.ID != id.String() {
		return nil, ErrCorrupt
	}
	return &Session{
		Handle: id.Handle(), ID: id, User: in.User,
		Body: Body{Roles: in.Roles, Device: in.Device, Address: in.Address, Values: in.Values},
	}, nil
}

// depth returns how deep the brackets of a text stand in each other, those in strings left out.
func depth(text []byte) (deepest int) {
	now, quoted, escaped := 0, false, false
	for _, c := range text {
		switch {
		case escaped:
			escaped = false
		case quoted && c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			now++
			deepest = max(deepest, now)
		case c == '}' || c == ']':
			now--
		}
	}
	return deepest
}
