package config

import (
	"fmt"
	"reflect"

	"github.com/spf13/viper"
)

// value is what one layer says about one key.
type value struct {
	v      reflect.Value // of the field's type, or of the type of the map's entries
	origin string
}

// stack piles up the layers. It is a viper instance of its own, which decides which layer wins for which key; the values are
// checked and typed before they go in, so nothing is left to viper's conversions.
//
// Viper's own look at the environment is not used: it knows only the environment of the process, cannot tell an empty variable
// from an absent one in an error, and does not say which variable a value came from.
type stack struct{ viper *viper.Viper }

// newStack returns a stack whose keys are whole: with dots between their parts viper would let the entry a of a map hide the entry a.b.
func newStack() stack { return stack{viper.NewWithOptions(viper.KeyDelimiter("\x00"))} }

func (s stack) builtIn(key string, v *value) { s.viper.SetDefault(key, v) }

// file puts a file on top of the files so far.
func (s stack) file(layer map[string]*value) error {
	m := make(map[string]any, len(layer))
	for key, v := range layer {
		m[key] = v
	}
	if err := s.viper.MergeConfigMap(m); err != nil {
		return fmt.Errorf("merge layer: %w", err)
	}
	return nil
}

// override puts a value on top of the files and of the overrides so far.
func (s stack) override(key string, v *value) { s.viper.Set(key, v) }

// winners returns the value of each key that any layer sets.
func (s stack) winners() map[string]*value {
	m := map[string]*value{}
	for _, key := range s.viper.AllKeys() {
		if v, ok := s.viper.Get(key).(*value); ok {
			m[key] = v
		}
	}
	return m
}

// builtIn makes a layer of what the target holds, and returns it. An entry of a map under a name that nothing else could set is a
// mistake in the program.
func (l *loader) builtIn(root reflect.Value) (map[string]*value, error) {
	m := map[string]*value{}
	for key, f := range l.fields {
		v := root.FieldByIndex(f.index)
		if !f.isMap {
			m[key] = &value{v: v, origin: originBuiltIn}
			continue
		}
		for iter := v.MapRange(); iter.Next(); {
			name := iter.Key().String()
			if !isWord(name, f.joints) {
				return nil, fmt.Errorf("built-in entry %q of %s has to be %s", name, key, f.names())
			}
			m[join(key, name)] = &value{v: iter.Value(), origin: originBuiltIn}
		}
	}
	for key, v := range m {
		l.stack.builtIn(key, v)
	}
	return m, nil
}

// fill writes the winning values into a struct that holds the built-in ones.
func (s *schema) fill(root reflect.Value, values map[string]*value) {
	entries := map[*field]reflect.Value{}
	for key, v := range values {
		f, entry := s.find(key)
		if !f.isMap {
			root.FieldByIndex(f.index).Set(v.v)
			continue
		}
		// A map of its own, since the struct still shares the one with the built-in entries with the target.
		t := root.FieldByIndex(f.index).Type()
		if !entries[f].IsValid() {
			entries[f] = reflect.MakeMap(t)
		}
		entries[f].SetMapIndex(reflect.ValueOf(entry).Convert(t.Key()), v.v)
	}
	for f, m := range entries {
		root.FieldByIndex(f.index).Set(m)
	}
}
