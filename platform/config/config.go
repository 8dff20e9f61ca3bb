package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
)

// Options say where settings come from. With the zero value nothing is read: Load then checks the built-in values alone, as in
// mode prod.
type Options struct {
	// Profile names the file profiles/<Profile>.yaml. Empty means "single" when there are files.
	Profile string
	// ProfileFrom says in problems who named the profile, "env APP_PROFILE" for instance. Empty means "--profile".
	ProfileFrom string
	// Mode decides whether local.yaml is read (Dev) and is shown to the rules. Empty means Prod.
	Mode Mode
	// Dir is the folder that holds base.yaml, profiles/ and, in mode dev, perhaps local.yaml. Empty means Embedded.
	Dir string
	// Embedded holds base.yaml and profiles/ as compiled into the binary. It is not read when Dir is set; nil means no files.
	Embedded fs.FS
	// Environ is the environment as "NAME=value", as os.Environ returns it. Nil means none.
	Environ []string
	// Set holds overrides as "key=value". The last one for a key counts.
	Set []string
	// Aliases are variables under foreign names, such as DATABASE_URL. Two that set the same key may not be present together.
	Aliases []Alias
	// Reserved names variables that begin with APP_ and are not settings, such as APP_KEYS.
	Reserved []string
}

// Alias lets a variable under a foreign name set a key.
type Alias struct {
	Var string // "PORT"
	Key string // "http.addr": a field, not a section or a map
	// Map turns the variable's text into the text of the value, "8080" into ":8080". Nil takes it as it is.
	Map func(string) (string, error)
}

// Load reads the layers over what target holds, which are the built-in values, and checks the result. Target is a pointer to a
// struct. When Load succeeds, target is filled; when it fails, target is as before.
//
// Bad input gives an error of type Problems with everything that is wrong. Any other error is a mistake in the program: a field
// of a type that is not supported, an alias for a key that does not exist. Load keeps no state and may be called by several
// goroutines, each with its own target.
func Load(target any, o Options) (*Loaded, error) {
	root := reflect.ValueOf(target)
	if root.Kind() != reflect.Pointer || root.IsNil() || root.Elem().Kind() != reflect.Struct {
		return nil, fmt.Errorf("load configuration: target is %T, want a pointer to a struct", target)
	}
	root = root.Elem()
	s, err := newSchema(root.Type())
	if err != nil {
		return nil, fmt.Errorf("load configuration: %w", err)
	}
	if err := s.checkOptions(o); err != nil {
		return nil, fmt.Errorf("load configuration: %w", err)
	}

	l := &loader{schema: s, opts: o, stack: newStack()}
	defaults, err := l.builtIn(root)
	if err != nil {
		return nil, fmt.Errorf("load configuration: %w", err)
	}
	if err := l.files(); err != nil {
		return nil, fmt.Errorf("load configuration: %w", err)
	}
	l.environment()
	l.flags()
	if len(l.problems) > 0 {
		return nil, l.problems
	}
	values := l.stack.winners()
	next := reflect.New(root.Type()).Elem()
	next.Set(root)
	s.fill(next, values)
	if ps := s.validate(next, values, o.Mode); len(ps) > 0 {
		return nil, ps
	}
	// Before the target changes, since the built-in values are read from it.
	loaded := s.loaded(values, defaults)
	loaded.Warnings = l.warnings
	root.Set(next)
	return loaded, nil
}

// loader is one run of Load. It lives in one goroutine.
type loader struct {
	*schema
	opts     Options
	stack    stack
	problems Problems
	warnings []string
}

func (l *loader) problem(p Problem) { l.problems = append(l.problems, p) }

// checkOptions finds the mistakes of a programmer in the options.
func (s *schema) checkOptions(o Options) error {
	_, err := ParseMode(string(cmp.Or(o.Mode, Prod)))
	errs := []error{err}
	for _, a := range o.Aliases {
		if f, entry := s.find(a.Key); f == nil || entry != "" {
			errs = append(errs, fmt.Errorf("alias %s sets %s, which is not a field", a.Var, a.Key))
		}
	}
	for _, name := range o.Reserved {
		if key, _, ok := s.keyOf(name); ok {
			errs = append(errs, fmt.Errorf("reserved variable %s would set %s", name, key))
		}
	}
	return errors.Join(errs...)
}
