package migratelint

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is what a token is.
type kind int

const (
	word    kind = iota // a keyword or a name; text is in lower case
	quoted              // a name in quotes; text is the name
	literal             // a string; text is what stands between its quotes
	number
	symbol // one character
	comment
)

type token struct {
	kind kind
	text string
	line int // of its first character
	end  int // of its last character
}

// is reports whether the token is this keyword or symbol.
func (t token) is(text string) bool {
	return (t.kind == word || t.kind == symbol) && t.text == text
}

// lexer cuts SQL into tokens, as its dialect does. It reads what both dialects have, and knows where they differ: nested comments, dollar
// quotes and E” are PostgreSQL's, names in [] and “ SQLite's.
type lexer struct {
	dialect Dialect
	text    string
	at      int
	line    int
}

// syntaxError is SQL that does not end, or an annotation that goose does not understand.
type syntaxError struct {
	line int
	what string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.what) }

// scan returns all tokens, comments included.
func scan(dialect Dialect, text string) ([]token, error) {
	l := &lexer{dialect: dialect, text: text, line: 1}
	var tokens []token
	for {
		l.space()
		if l.at == len(l.text) {
			return tokens, nil
		}
		t := token{line: l.line}
		start := l.at
		if err := l.next(&t); err != nil {
			return nil, err
		}
		l.line += strings.Count(l.text[start:l.at], "\n")
		t.end = l.line
		tokens = append(tokens, t)
	}
}

func (l *lexer) space() {
	for l.at < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.at:])
		if !unicode.IsSpace(r) && r != '\ufeff' {
			return
		}
		if r == '\n' {
			l.line++
		}
		l.at += size
	}
}

func (l *lexer) has(prefix string) bool { return strings.HasPrefix(l.text[l.at:], prefix) }

// next reads the token that begins here.
func (l *lexer) next(t *token) error {
	switch c := l.text[l.at]; {
	case l.has("--"):
		t.kind, t.text = comment, strings.TrimSpace(l.until("\n")[2:])
		return nil
	case l.has("/*"):
		t.kind = comment
		return l.blockComment(t)
	case c == '\'':
		t.kind = literal
		return l.enclosed(t, '\'', false)
	case (c == 'e' || c == 'E') && l.dialect == Postgres && strings.HasPrefix(l.text[l.at+1:], "'"):
		l.at++
		t.kind = literal
		return l.enclosed(t, '\'', true)
	case c == '"', c == '`' && l.dialect == SQLite:
		t.kind = quoted
		return l.enclosed(t, c, false)
	case c == '[' && l.dialect == SQLite:
		t.kind = quoted
		return l.enclosed(t, ']', false)
	case c == '$' && l.dialect == Postgres:
		if tag := l.dollarTag(); tag != "" {
			t.kind = literal
			return l.dollarQuote(t, tag)
		}
	case '0' <= c && c <= '9':
		t.kind, t.text = number, l.while(func(r rune) bool { return isNamePart(r) || r == '.' })
		return nil
	}
	if r, size := utf8.DecodeRuneInString(l.text[l.at:]); !isNamePart(r) {
		t.kind, t.text = symbol, l.text[l.at:l.at+size]
		l.at += size
		return nil
	}
	t.kind, t.text = word, strings.ToLower(l.while(isNamePart))
	return nil
}

func isNamePart(r rune) bool {
	return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// until reads up to the mark, or to the end.
func (l *lexer) until(mark string) string {
	rest := l.text[l.at:]
	if i := strings.Index(rest, mark); i >= 0 {
		rest = rest[:i]
	}
	l.at += len(rest)
	return rest
}

func (l *lexer) while(part func(rune) bool) string {
	rest := l.text[l.at:]
	if i := strings.IndexFunc(rest, func(r rune) bool { return !part(r) }); i >= 0 {
		rest = rest[:i]
	}
	l.at += len(rest)
	return rest
}

// enclosed reads what ends at a quote; two of them are one inside.
func (l *lexer) enclosed(t *token, quote byte, backslash bool) error {
	var b strings.Builder
	for i := l.at + 1; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '\\' && backslash && i+1 < len(l.text):
			i++
			b.WriteByte(l.text[i])
		case c != quote:
			b.WriteByte(c)
		case quote != ']' && i+1 < len(l.text) && l.text[i+1] == quote:
			i++
			b.WriteByte(quote)
		default:
			l.at, t.text = i+1, b.String()
			return nil
		}
	}
	return &syntaxError{t.line, fmt.Sprintf("the quote %c is not closed", l.text[l.at])}
}

func (l *lexer) blockComment(t *token) error {
	start, depth := l.at, 0
	for l.at < len(l.text) {
		switch {
		case l.has("/*") && (depth == 0 || l.dialect == Postgres):
			depth++
			l.at += 2
		case l.has("*/"):
			depth--
			l.at += 2
		default:
			l.at++
		}
		if depth == 0 {
			t.text = strings.TrimSpace(l.text[start+2 : l.at-2])
			return nil
		}
	}
	return &syntaxError{t.line, "the comment is not closed"}
}

// dollarTag returns "$$" or "$body$" when a dollar quote begins here.
func (l *lexer) dollarTag() string {
	rest := l.text[l.at+1:]
	end := strings.IndexByte(rest, '$')
	if end < 0 || strings.ContainsFunc(rest[:end], func(r rune) bool { return !isNamePart(r) }) || end > 0 && unicode.IsDigit(rune(rest[0])) {
		return ""
	}
	return l.text[l.at : l.at+end+2]
}

func (l *lexer) dollarQuote(t *token, tag string) error {
	body := l.text[l.at+len(tag):]
	end := strings.Index(body, tag)
	if end < 0 {
		return &syntaxError{t.line, "the quote " + tag + " is not closed"}
	}
	t.text = body[:end]
	l.at += end + 2*len(tag)
	return nil
}
