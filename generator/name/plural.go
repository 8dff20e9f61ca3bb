package name

import (
	"slices"
	"strings"

	"github.com/jinzhu/inflection"
)

// Plural returns the plural of a name in snake_case. It is never the name itself: a word without a plural gets _list behind it, so that
// one and many have different names.
func Plural(snake string) string {
	i := strings.LastIndexByte(snake, '_') + 1
	word := snake[i:]
	many := pluralOf(word)
	if many == word {
		return snake + "_list"
	}
	return snake[:i] + many
}

// pluralOf corrects the library, which takes most words in s for plurals and all words in man for men.
func pluralOf(word string) string {
	switch {
	case word == "man" || word == "woman":
		return word[:len(word)-2] + "en"
	case strings.HasSuffix(word, "man"):
		return word + "s"
	case countableInS(word):
		return word + "es"
	default:
		return strings.ToLower(inflection.Plural(word))
	}
}

// countableInS reports whether a word in s forms its plural in es, and the library does not know that: "bonus", "canvas", "lens".
func countableInS(word string) bool {
	if inflection.Plural(word) != word {
		return word == "virus"
	}
	return strings.HasSuffix(word, "us") && word != "menus" || slices.Contains([]string{"atlas", "bias", "canvas", "gas", "lens"}, word)
}

// singularOf returns the singular of a word that is surely a plural.
func singularOf(word string) (one string, ok bool) {
	switch word {
	case "people":
		return "person", true
	case "children":
		return "child", true
	case "men", "women":
		return word[:len(word)-2] + "an", true
	}
	one = inflection.Singular(word)
	if one == word || !strings.HasSuffix(word, "s") || singularInS(word) || inflection.Plural(one) != word {
		return "", false
	}
	return one, true
}

// singularInS reports whether a word in s is no plural: "bonus", "canvas", "lens", "sms".
func singularInS(word string) bool {
	if strings.HasSuffix(word, "ss") || strings.HasSuffix(word, "is") || strings.HasSuffix(word, "us") && word != "menus" {
		return true
	}
	abbreviated := initialism(word) || !strings.ContainsAny(word, "aeiouy") && !initialism(strings.TrimSuffix(word, "s"))
	return abbreviated || countableInS(word) || slices.Contains([]string{"alias", "chaos", "news", "series", "species"}, word)
}
