// Package name turns the words that a person types into the names that Go, SQL and URLs need, and refuses those that would break one of
// the three, with a proposal.
package name

import (
	"strings"
)

// Name is one checked word or several, in the spellings that templates need.
type Name struct {
	Snake  string // "product_id"
	Pascal string // "ProductID", with Go's initialisms
	Camel  string // "productID"
	Words  string // "product ID"
}

// New returns the spellings of a name in snake_case.
func New(snake string) Name {
	words := strings.Split(snake, "_")
	first := words[0]
	capitals := make([]string, len(words))
	for i, w := range words {
		words[i] = spelled(w)
		capitals[i] = capital(words[i])
	}
	return Name{
		Snake:  snake,
		Pascal: strings.Join(capitals, ""),
		Camel:  first + strings.Join(capitals[1:], ""),
		Words:  strings.Join(words, " "),
	}
}

func capital(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// spelled writes a word as it stands in a sentence: "price", "URL", "IDs".
func spelled(word string) string {
	if initialism(word) {
		return strings.ToUpper(word)
	}
	if one, many := strings.CutSuffix(word, "s"); many && initialism(one) {
		return strings.ToUpper(one) + "s"
	}
	return word
}

// initialism reports whether Go writes a word in capitals; the list is that of Go's linters.
func initialism(word string) bool {
	switch word {
	case "acl", "api", "ascii", "cpu", "css", "dns", "eof", "gid", "guid", "html", "http", "https", "id", "ip", "json", "qps", "ram",
		"rpc", "sla",
		"smtp", "sql", "ssh", "tcp", "tls", "ttl", "udp", "ui", "uid", "uri", "url", "utf8", "uuid", "vm", "xml", "xmpp", "xsrf", "xss":
		return true
	default:
		return false
	}
}

// Article returns "a" or "an" for words as Name.Words has them: by the sound that they begin with, as far as letters tell it.
func Article(words string) string {
	word, _, _ := strings.Cut(strings.ToLower(words), " ")
	switch {
	case word == "":
		return "a"
	case initialism(word) && word != "ascii" && word != "ram":
		if strings.IndexByte("aefhilmnorsx", word[0]) >= 0 { // letters whose names begin with a vowel
			return "an"
		}
		return "a"
	case strings.HasPrefix(word, "eu"), strings.HasPrefix(word, "one"), likeYou(word):
		return "a"
	case vowel(word[0]), strings.HasPrefix(word, "hour"), strings.HasPrefix(word, "hono"):
		return "an"
	default:
		return "a"
	}
}

// likeYou reports whether a word begins as you does: user and unit do, update and upload do not.
func likeYou(word string) bool {
	return len(word) > 2 && word[0] == 'u' && !vowel(word[1]) && vowel(word[2])
}

func vowel(c byte) bool { return strings.IndexByte("aeiou", c) >= 0 }
