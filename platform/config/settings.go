package config

import (
	"crypto/sha256"
	"errors"
	"maps"
	"slices"
	"strings"
)

// originBuiltIn is the origin of a value that no layer changed.
const originBuiltIn = "built-in"

// Loaded tells about the settings that Load has filled a struct with. It holds no value of a secret. It does not change, so
// goroutines may share it.
type Loaded struct {
	// Warnings are sentences about what is allowed and should not be: a secret in a file that everyone may read, a variable that
	// looks like a misspelt one.
	Warnings []string

	settings []Setting
	secrets  map[string][sha256.Size]byte // by key: two are compared without being held
}

// Setting is the effective value of one key.
type Setting struct {
	Key     string
	Value   string // as text; a list with commas; "••••" for a secret that is not empty
	Origin  string // "configs/base.yaml:5", "embedded:base.yaml:5", "env APP_DB__DSN", "--set" or "built-in"
	Default string // the built-in value, written like Value; empty for an entry of a map that is not built in
	Doc     string // one sentence, from the tag; may be empty
	Secret  bool
}

// Settings returns the effective settings sorted by key: all of them, or those at or below one of the given keys. "db" gives
// "db.dsn" and "db.pool.max_open" and not "db_name". A map without entries has no setting.
func (l *Loaded) Settings(under ...string) []Setting {
	if len(under) == 0 {
		return slices.Clone(l.settings)
	}
	var found []Setting
	for _, s := range l.settings {
		if slices.ContainsFunc(under, func(key string) bool { return s.Key == key || strings.HasPrefix(s.Key, key+".") }) {
			found = append(found, s)
		}
	}
	return found
}

// Nearest returns the key that was most likely meant by one that is not there, or "".
func (l *Loaded) Nearest(key string) string {
	names := make([]string, len(l.settings))
	for i, s := range l.settings {
		names[i] = s.Key
	}
	return suggest(key, names)
}

// Difference is a key whose effective value is not the same in two configurations.
type Difference struct {
	Key string
	// A and B are the settings, whose values look the same when they are secrets. One of them is zero where a key has no value: an entry
	// of a map that only the other configuration has.
	A, B Setting
}

// Diff returns what is different in other, sorted by key.
func (l *Loaded) Diff(other *Loaded) []Difference {
	pairs := map[string]*Difference{}
	for _, s := range l.settings {
		pairs[s.Key] = &Difference{Key: s.Key, A: s}
	}
	for _, s := range other.settings {
		if d := pairs[s.Key]; d != nil {
			d.B = s
		} else {
			pairs[s.Key] = &Difference{Key: s.Key, B: s}
		}
	}
	var different []Difference
	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		d := pairs[key]
		if d.A.Key != d.B.Key || d.A.Value != d.B.Value || l.secrets[key] != other.secrets[key] {
			different = append(different, *d)
		}
	}
	return different
}

// Locate says where the problems of an error are that was found after Load, by who uses the settings: a problem with a key and no
// place gets the origin of the key's value. An error that holds no Problems is returned as it is.
func (l *Loaded) Locate(err error) error {
	found, ok := errors.AsType[Problems](err)
	if !ok {
		return err
	}
	located := slices.Clone(found)
	for i, p := range located {
		at := slices.IndexFunc(l.settings, func(s Setting) bool { return s.Key == p.Key })
		if p.Where == "" && at >= 0 {
			located[i].Where = l.settings[at].Origin
		}
	}
	return located
}

func (s *schema) loaded(values, defaults map[string]*value) *Loaded {
	l := &Loaded{settings: make([]Setting, 0, len(values)), secrets: map[string][sha256.Size]byte{}}
	for key, v := range values {
		f, _ := s.find(key)
		set := Setting{Key: key, Value: f.show(v), Origin: v.origin, Doc: f.doc, Secret: f.secret}
		if d := defaults[key]; d != nil {
			set.Default = f.show(d)
		}
		if f.secret {
			l.secrets[key] = sha256.Sum256([]byte(format(v.v)))
		}
		l.settings = append(l.settings, set)
	}
	slices.SortFunc(l.settings, func(a, b Setting) int { return strings.Compare(a.Key, b.Key) })
	return l
}

// show returns a value as text. That a secret is empty is no secret, and worth seeing.
func (f *field) show(v *value) string {
	text := format(v.v)
	if f.secret && text != "" {
		return mask
	}
	return text
}
