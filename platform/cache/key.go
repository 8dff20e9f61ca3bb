package cache

import (
	"fmt"
	"hash/maphash"
	"reflect"
	"regexp"
	"strings"

	"github.com/banyan-go/banyan/platform/cache/driver"
	"github.com/banyan-go/banyan/platform/id"
)

// Key is what a value is found under in its group: an id, or a text. What is found by several things has a key made by Join.
type Key interface{ ~string | id.ID }

// Join makes one key of several parts. Each stands behind its length, so that no two lists of parts have the same key: "a b" and "c" differ from
// "a" and "b c".
func Join(parts ...string) string { return driver.Join(parts...) }

// What can be invalidated has a name, which is the same in every process:
//
//	catalog.products:0199c2a0-...   a key of a group
//	#catalog.products               a tag
//	@catalog.products               all of a group
//	*                               everything
//
// The name of a group has no colon in it, so the key behind the first one may hold anything.
const everything = "*"

// nobody is a name that nothing has: CheckName refuses it.
const nobody = "!"

func keyName(group, key string) string { return group + ":" + key }

func tagName(tag string) string { return "#" + tag }

func tagNames(tags []string) []string {
	names := make([]string, 0, len(tags))
	for _, t := range tags {
		names = append(names, tagName(t))
	}
	return names
}

func groupName(group string) string { return "@" + group }

// checkGroup returns an error for a text that is no name of a group.
func checkGroup(name string) error {
	if ok, err := regexp.MatchString(`^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$`, name); err != nil || !ok || len(name) > 100 {
		return fmt.Errorf("cache: %q is no name of a group: the module's name, a dot and a word, %q for instance", name, "catalog.products")
	}
	return nil
}

// CheckName returns an error for a text that names nothing that could be invalidated; see Reads.Names.
func CheckName(name string) error {
	group, _, key := strings.Cut(name, ":")
	switch {
	case name == everything || strings.HasPrefix(name, "#") && len(name) > 1:
		return nil
	case strings.HasPrefix(name, "@"):
		return checkGroup(name[1:])
	case key:
		return checkGroup(group)
	default:
		return fmt.Errorf("cache: %q names neither a key (catalog.products:1), nor a tag (#catalog), nor a group (@catalog.products), nor everything (*)", name)
	}
}

// textOf returns how keys of a type are written.
func textOf[K Key]() func(K) string {
	return func(key K) string {
		switch k := any(key).(type) {
		case string:
			return k
		case id.ID:
			return k.String()
		default:
			return reflect.ValueOf(key).String() // of a type whose underlying one is string
		}
	}
}

// parseKey reads what textOf has written.
func parseKey[K Key](text string) (key K, ok bool) {
	switch k := any(&key).(type) {
	case *string:
		*k = text
	case *id.ID:
		parsed, err := id.Parse(text)
		if err != nil {
			return key, false
		}
		*k = parsed
	default:
		reflect.ValueOf(&key).Elem().SetString(text)
	}
	return key, true
}

// slots is how many counters stand for all keys, and how many for all tags. Two that share one cost a load now and then, and nothing else.
const slots = 4096

// slotOf returns the place of a name among the counters of this process.
func slotOf(seed maphash.Seed, name string) uint16 {
	return uint16(maphash.String(seed, name) % slots)
}
