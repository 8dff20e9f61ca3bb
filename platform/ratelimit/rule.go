package ratelimit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/banyan-go/banyan/platform/unit"
)

// Rule says how many requests one subject may make. As a text, in the configuration, it is
//
//	10 per 15m by ip, down deny
//	600 per 1m by user_or_ip, gcra, burst 60
//	off
//
// where everything behind the window may be left out: what the text does not say stays as the module's rule has it, else as the comments below
// say. The zero Rule stands for the default rule.
type Rule struct {
	// Max is how many requests there may be in a Window. 1 to 1e9.
	Max int
	// Window is whole seconds, from 1s to 744h.
	Window time.Duration
	// Algorithm is window unless set.
	Algorithm Algorithm
	// Burst is how many requests gcra lets through at once; 0 is Max. Window has none.
	Burst int
	// Key says whose requests are counted together; user_or_ip unless set.
	Key Key
	// Down says what happens while the store is away; local unless set.
	Down Down
}

// Algorithm is a way of counting.
type Algorithm string

// The algorithms.
const (
	Window Algorithm = "window" // exact in each window
	GCRA   Algorithm = "gcra"   // spread evenly
	Off    Algorithm = "off"    // no limit
)

// Key says whose requests are counted together. The key "header " with the name of a header behind it counts those with the same value, and
// those without the header by address.
type Key string

// The other keys.
const (
	IP       Key = "ip"         // an address, IPv6 by its /64
	User     Key = "user"       // a user; an anonymous request is not counted: the route refuses it
	UserOrIP Key = "user_or_ip" // a user, or the address of an anonymous request
	Global   Key = "global"     // everybody
	Subject  Key = "subject"    // what the code that takes says: such a rule is for no route
)

const header = "header "

// Header makes the key that counts by a header.
func Header(name string) Key { return Key(header + name) }

// Header returns the name of the header that k counts by, "" for another key.
func (k Key) Header() string {
	name, ok := strings.CutPrefix(string(k), header)
	if !ok {
		return ""
	}
	return name
}

// Down says what happens to a request while the store is away.
type Down string

// What may happen.
const (
	Local Down = "local" // each process counts its share of the limit in memory
	Allow Down = "allow" // it is let in
	Deny  Down = "deny"  // it is refused
)

// Limits of limits.
const (
	maxMax    = 1_000_000_000
	maxWindow = 31 * 24 * time.Hour
)

var errSyntax = errors.New("write it like 10 per 15m by ip, gcra, burst 5, down deny, or off; everything behind the window may be left out")

// UnmarshalText reads a rule; see Rule. It leaves r alone when it fails.
func (r *Rule) UnmarshalText(text []byte) error {
	parts := strings.Split(string(text), ",")
	words := strings.Fields(parts[0])
	if len(parts) == 1 && len(words) == 1 && words[0] == string(Off) {
		*r = Rule{Algorithm: Off}
		return nil
	}
	if len(words) < 3 || words[1] != "per" {
		return errSyntax
	}
	var next Rule
	var err error
	if next.Max, err = parseCount(words[0]); err != nil {
		return err
	}
	if next.Window, err = unit.ParseDuration(words[2]); err != nil {
		return fmt.Errorf("the window: %w", err)
	}
	if rest := words[3:]; len(rest) > 0 {
		if len(rest) < 2 || rest[0] != "by" {
			return errSyntax
		}
		next.Key = Key(strings.Join(rest[1:], " "))
	}
	for _, option := range parts[1:] {
		if err := next.option(strings.Fields(option)); err != nil {
			return err
		}
	}
	if err := next.check(); err != nil {
		return err
	}
	*r = next
	return nil
}

// option reads what stands between two commas.
func (r *Rule) option(words []string) (err error) {
	switch {
	case len(words) == 1 && r.Algorithm == "" && (words[0] == string(Window) || words[0] == string(GCRA)):
		r.Algorithm = Algorithm(words[0])
		return nil
	case len(words) == 2 && words[0] == "burst" && r.Burst == 0:
		r.Burst, err = parseCount(words[1])
		return err
	case len(words) == 2 && words[0] == "down" && r.Down == "":
		r.Down = Down(words[1])
		return nil
	default:
		return errSyntax
	}
}

func parseCount(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(n) != text || n < 1 || n > maxMax {
		return 0, fmt.Errorf("write a whole number from 1 to %d, in decimal digits", maxMax)
	}
	return n, nil
}

// check returns what is wrong with a rule; what is not set is not wrong.
func (r Rule) check() error {
	if r.Algorithm == Off {
		return nil
	}
	switch {
	case r.Max < 1 || r.Max > maxMax:
		return fmt.Errorf("a rule lets 1 to %d through", maxMax)
	case r.Window < time.Second || r.Window > maxWindow || r.Window%time.Second != 0:
		return errors.New("the window is whole seconds, from 1s to 744h")
	case r.Algorithm != "" && r.Algorithm != Window && r.Algorithm != GCRA:
		return errors.New("the algorithm is window or gcra")
	case r.Burst != 0 && r.Algorithm != GCRA:
		return errors.New("a burst needs gcra: a window lets all of it through at once")
	case r.Algorithm == GCRA && r.interval()*time.Duration(r.Burst) > maxWindow:
		return errors.New("the burst takes more than 744h to come back")
	case r.Down != "" && r.Down != Local && r.Down != Allow && r.Down != Deny:
		return errors.New("while the store is down, a rule may be local, allow or deny")
	default:
		return r.Key.check()
	}
}

func (k Key) check() error {
	switch k {
	case "", IP, User, UserOrIP, Global, Subject:
		return nil
	}
	name := k.Header()
	token := func(c rune) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
	}
	if name == "" || strings.ContainsFunc(name, func(c rune) bool { return !token(c) }) {
		return errors.New("count by ip, user, user_or_ip, global, subject or header NAME")
	}
	return nil
}

// interval is the time that gcra puts between two requests. It is rounded up: a limit is never more than it says.
func (r Rule) interval() time.Duration {
	return (r.Window + time.Duration(r.Max) - 1) / time.Duration(r.Max)
}

// over returns r with what it does not say from base.
func (r Rule) over(base Rule) Rule {
	switch {
	case r == (Rule{}):
		return base
	case r.Algorithm == Off:
		return r
	}
	if r.Algorithm == "" {
		r.Algorithm = base.Algorithm
		if r.Algorithm == Off {
			r.Algorithm = ""
		}
		if r.Burst == 0 && r.Algorithm == GCRA {
			r.Burst = base.Burst
		}
	}
	if r.Key == "" {
		r.Key = base.Key
	}
	if r.Down == "" {
		r.Down = base.Down
	}
	return r
}

// complete returns r with the values of what nobody has said.
func (r Rule) complete() Rule {
	r = r.over(Rule{Algorithm: Window, Key: UserOrIP, Down: Local})
	if r.Algorithm == "" {
		r.Algorithm = Window
	}
	if r.Algorithm == GCRA && r.Burst == 0 {
		r.Burst = r.Max
	}
	return r
}

// String returns the text of a rule, as UnmarshalText reads it.
func (r Rule) String() string {
	if r.Algorithm == Off {
		return string(Off)
	}
	var b strings.Builder
	b.WriteString(strconv.Itoa(r.Max) + " per " + window(r.Window))
	if r.Key != "" {
		b.WriteString(" by " + string(r.Key))
	}
	if r.Algorithm != "" {
		b.WriteString(", " + string(r.Algorithm))
	}
	if r.Burst != 0 {
		b.WriteString(", burst " + strconv.Itoa(r.Burst))
	}
	if r.Down != "" {
		b.WriteString(", down " + string(r.Down))
	}
	return b.String()
}

// MarshalText returns what String returns. The error is always nil.
func (r Rule) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// window writes 15m as 15m, where time.Duration has 15m0s.
func window(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-len("0s")]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-len("0m")]
	}
	return s
}

// TextPattern is part of config.TextPatterner.
func (Rule) TextPattern() string {
	return `^\s*(off|[1-9][0-9]*\s+per\s+[0-9.a-zµμ]+(\s+by\s+[A-Za-z0-9_-]+(\s+[A-Za-z0-9_-]+)?)?(\s*,\s*[a-z]+(\s+[a-z0-9]+)?)*)\s*$`
}
