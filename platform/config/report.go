package config

import (
	"reflect"
	"slices"
)

// Validator is implemented by a struct of the tree, or by a pointer to it, that has rules across its fields. Load calls it once
// every value has its type, for the outer struct before the inner ones, and with no other problem in the configuration.
type Validator interface {
	// Validate adds to r whatever breaks a rule. It must not change the struct.
	Validate(r *Report)
}

// Report collects what the rules of one struct find. It is valid during Validate, in its goroutine.
type Report struct {
	schema   *schema
	prefix   string
	values   map[string]*value
	mode     Mode
	problems *Problems
}

// Mode returns the mode that the application runs in, so that a rule can refuse in Prod what it tolerates in Dev.
func (r *Report) Mode() Mode { return r.mode }

// Add notes that the value of a key breaks a rule. The key is relative to the struct, "max_idle" or "pool.max_idle";
// empty is the struct itself. Got is the
// value as the user would write it, want what is allowed, with the limit and the other keys in it: "at most db.pool.max_open (8)".
// The value of a secret is never shown, whatever got says; want must not hold one. What is reported twice is noted once.
func (r *Report) Add(key, got, want string) {
	p := Problem{Key: join(r.prefix, key), Got: got, Want: want}
	if r.schema.isSecret(p.Key) {
		p.Got = mask
	}
	if v := r.values[p.Key]; v != nil {
		p.Where = v.origin
	}
	// An embedded struct lends its Validate to the struct around it, so the same rule may run twice.
	if !slices.Contains(*r.problems, p) {
		*r.problems = append(*r.problems, p)
	}
}

// validate runs the rules of every struct in the tree.
func (s *schema) validate(root reflect.Value, values map[string]*value, mode Mode) Problems {
	if mode == "" {
		mode = Prod
	}
	var ps Problems
	for _, sec := range s.sections {
		at := root
		if len(sec.index) > 0 {
			at = root.FieldByIndex(sec.index)
		}
		if v, ok := reflect.TypeAssert[Validator](at.Addr()); ok {
			v.Validate(&Report{schema: s, prefix: sec.key, values: values, mode: mode, problems: &ps})
		}
	}
	return ps
}
