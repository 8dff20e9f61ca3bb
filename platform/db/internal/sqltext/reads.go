package sqltext

import "slices"

// Reads reports whether a text is one statement that only reads, as far as its words tell: a function that it calls may still write.
func Reads(text string) bool {
	tokens := Scan(text)
	if n := len(tokens); n > 0 && tokens[n-1].Is(";") {
		tokens = tokens[:n-1]
	}
	if !slices.Contains([]string{"SELECT", "VALUES", "EXPLAIN"}, Verb(tokens)) {
		return false
	}
	return !slices.ContainsFunc(tokens, func(t Token) bool {
		return t.Is("insert") || t.Is("update") || t.Is("delete") || t.Is("merge") || t.Is("into") || t.Is(";")
	})
}
