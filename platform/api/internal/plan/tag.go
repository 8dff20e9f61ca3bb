package plan

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// words are the tag words of one field. Each is taken by the part of the plan that understands it; what is left fits nowhere.
type words struct {
	where string // "catalog.CreateProduct.Name", for errors
	list  []word
}

type word struct {
	key, value string
	taken      bool
}

// readWords splits a struct tag as reflect.StructTag.Lookup does, and refuses what that one ignores in silence.
func readWords(where string, tag reflect.StructTag) (*words, error) {
	w := &words{where: where, list: make([]word, 0, strings.Count(string(tag), ":"))} // at least as many as there are
	for rest := strings.TrimLeft(string(tag), " "); rest != ""; rest = strings.TrimLeft(rest, " ") {
		key, quoted, ok := strings.Cut(rest, ":")
		literal, err := strconv.QuotedPrefix(quoted)
		if !ok || key == "" || strings.ContainsAny(key, " \t\"") || err != nil || literal[0] != '"' {
			return nil, fmt.Errorf(`%s: the struct tag is not written as key:"value" key:"value"`, where)
		}
		value, err := strconv.Unquote(literal)
		if err != nil {
			return nil, fmt.Errorf("%s: the value of tag %s is not a Go string", where, key)
		}
		if !knownWord(key) {
			return nil, unknownWord(where, key)
		}
		if w.has(key) {
			return nil, fmt.Errorf("%s: tag %s stands there twice", where, key)
		}
		w.list = append(w.list, word{key: key, value: value})
		rest = quoted[len(literal):]
	}
	return w, nil
}

func allWords() []string {
	return []string{
		"json", "path", "query", "header", "required", "doc", "example", "default",
		"minLength", "maxLength", "pattern", "format", "enum",
		"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
		"minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties",
	}
}

// knownWord is asked for each tag of each field when a program starts, and makes no list for that.
func knownWord(key string) bool {
	switch key {
	case "json", "path", "query", "header", "required", "doc", "example", "default",
		"minLength", "maxLength", "pattern", "format", "enum",
		"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
		"minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties":
		return true
	}
	return false
}

func unknownWord(where, key string) error {
	for _, k := range allWords() {
		if strings.EqualFold(k, key) {
			return fmt.Errorf("%s: unknown tag %s; did you mean %s?", where, key, k)
		}
	}
	return fmt.Errorf("%s: unknown tag %s; the known ones are %s", where, key, strings.Join(allWords(), " "))
}

func (w *words) has(key string) bool {
	return slices.ContainsFunc(w.list, func(x word) bool { return x.key == key })
}

// take returns the value of a word and marks it as understood.
func (w *words) take(key string) (string, bool) {
	for i := range w.list {
		if w.list[i].key == key && !w.list[i].taken {
			w.list[i].taken = true
			return w.list[i].value, true
		}
	}
	return "", false
}

// count takes a word whose value is a whole number of at least 0. It returns -1 when the word is not there.
func (w *words) count(key string) (int, error) {
	s, ok := w.take(key)
	if !ok {
		return -1, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, w.wrong(key, s, "it is not a whole number of at least 0")
	}
	return n, nil
}

// span takes two counts, of which the first must not be above the second.
func (w *words) span(minKey, maxKey string) (low, high int, err error) {
	if low, err = w.count(minKey); err != nil {
		return 0, 0, err
	}
	if high, err = w.count(maxKey); err != nil {
		return 0, 0, err
	}
	if high >= 0 && low > high {
		return 0, 0, w.wrong(minKey, strconv.Itoa(low), "it is above "+maxKey)
	}
	return low, high, nil
}

// flag takes a word whose only value is "true".
func (w *words) flag(key string) (bool, error) {
	s, ok := w.take(key)
	if ok && s != "true" {
		return false, w.wrong(key, s, `the only value is "true"`)
	}
	return ok, nil
}

// enum takes the comma-separated values of an enum, nil when there is none.
func (w *words) enum() ([]string, error) {
	s, ok := w.take("enum")
	if !ok {
		return nil, nil
	}
	values := strings.Split(s, ",")
	seen := make(map[string]bool, len(values))
	for _, v := range values {
		if v == "" || v != strings.TrimSpace(v) {
			return nil, w.wrong("enum", s, "its values are separated by a comma alone, and none is empty")
		}
		if seen[v] {
			return nil, w.wrong("enum", s, "it has a value twice")
		}
		seen[v] = true
	}
	return values, nil
}

// wrong is the error for a word whose value is bad.
func (w *words) wrong(key, value, why string) error {
	return fmt.Errorf("%s: tag %s:%q: %s", w.where, key, value, why)
}

// leftover is the error for the first word that nothing took: it does not fit the field's type.
func (w *words) leftover(t reflect.Type) error {
	for _, x := range w.list {
		if !x.taken {
			return fmt.Errorf("%s: tag %s does not fit the type %s", w.where, x.key, t)
		}
	}
	return nil
}

// errorf is the error for the field itself.
func (w *words) errorf(format string, args ...any) error {
	return errors.New(w.where + ": " + fmt.Sprintf(format, args...))
}
