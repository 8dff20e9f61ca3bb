package app

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// sqlStatement is one statement of a text.
type sqlStatement struct {
	text  string
	words []string // those outside of quotes and comments, in lower case
}

// blank reports whether there is nothing to run.
func (s sqlStatement) blank() bool { return strings.TrimSpace(s.text) == "" || len(s.words) == 0 }

// has reports whether a word stands in the statement.
func (s sqlStatement) has(word string) bool { return slices.Contains(s.words, word) }

// cutStatement returns the first statement of a text, without the semicolon that ends it, and the rest. It is not ended when the semicolon is
// missing, or stands in what is not closed. Dialect says whose quotes and comments count.
func cutStatement(dialect, text string) (s sqlStatement, rest string, ended bool) {
	c := &sqlCutter{postgres: dialect == "postgres", text: text}
	for c.at < len(text) {
		if c.token() {
			return sqlStatement{text[:c.at-1], c.words}, text[c.at:], true
		}
	}
	return sqlStatement{text, c.words}, "", false
}

// sqlCutter is where the reading of a text is.
type sqlCutter struct {
	postgres bool
	text     string
	at       int
	words    []string
	last     int // how many words stood in front of the last semicolon
}

// token goes past the next token, and reports whether that ends the statement.
func (c *sqlCutter) token() (end bool) {
	rest := c.text[c.at:]
	r, size := utf8.DecodeRuneInString(rest)
	switch {
	case strings.HasPrefix(rest, "--"):
		c.past(rest, "\n")
	case strings.HasPrefix(rest, "/*"):
		c.comment()
	case r == '\'', r == '"', r == '`' && !c.postgres:
		c.quoted(byte(r), false)
	case r == '[' && !c.postgres:
		c.past(rest, "]")
	case r == '$' && c.postgres:
		c.dollar()
	case r == ';':
		c.at++
		return c.ends()
	case isWord(r):
		c.word()
	default:
		c.at += size
	}
	return false
}

// ends reports whether a semicolon ends the statement: inside a trigger of SQLite only one behind END does.
func (c *sqlCutter) ends() bool {
	inside := c.words[c.last:]
	c.last = len(c.words)
	for i, w := range c.words[:min(len(c.words), 3)] {
		if w == "trigger" && i > 0 && c.words[0] == "create" && !c.postgres {
			return len(inside) == 1 && inside[0] == "end"
		}
	}
	return true
}

// past goes behind the next mark, or to the end.
func (c *sqlCutter) past(rest, mark string) {
	i := strings.Index(rest, mark)
	if i < 0 {
		c.at = len(c.text)
		return
	}
	c.at += i + len(mark)
}

// comment goes past one that PostgreSQL lets nest.
func (c *sqlCutter) comment() {
	depth := 0
	for c.at < len(c.text) {
		switch rest := c.text[c.at:]; {
		case strings.HasPrefix(rest, "/*") && (depth == 0 || c.postgres):
			depth++
			c.at += 2
		case strings.HasPrefix(rest, "*/"):
			depth--
			c.at += 2
			if depth == 0 {
				return
			}
		default:
			c.at++
		}
	}
}

// quoted goes past what stands in quotes. A quote that is doubled is none; one behind a backslash is none in a string of PostgreSQL's with an E.
func (c *sqlCutter) quoted(quote byte, backslash bool) {
	for c.at++; c.at < len(c.text); c.at++ {
		switch {
		case c.text[c.at] == '\\' && backslash:
			c.at++
		case c.text[c.at] != quote:
		case c.at+1 < len(c.text) && c.text[c.at+1] == quote:
			c.at++
		default:
			c.at++
			return
		}
	}
	c.at = len(c.text)
}

// dollar goes past a string between two $tag$, or past a parameter.
func (c *sqlCutter) dollar() {
	rest := c.text[c.at:]
	end := strings.IndexByte(rest[1:], '$')
	if end < 0 || strings.ContainsFunc(rest[1:1+end], func(r rune) bool { return !isWord(r) }) || end > 0 && unicode.IsDigit(rune(rest[1])) {
		c.at++
		return
	}
	tag := rest[:end+2]
	c.at += len(tag)
	c.past(c.text[c.at:], tag)
}

// word goes past one, and past the string behind the word E.
func (c *sqlCutter) word() {
	rest := c.text[c.at:]
	end := strings.IndexFunc(rest, func(r rune) bool { return !isWord(r) && r != '$' })
	if end < 0 {
		end = len(rest)
	}
	word := strings.ToLower(rest[:end])
	c.at += end
	if word == "e" && c.postgres && strings.HasPrefix(c.text[c.at:], "'") {
		c.quoted('\'', true)
		return
	}
	c.words = append(c.words, word)
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }
