// Package sqltext reads the text of SQL statements of either engine as far as statistics need it: into tokens, without judging whether an
// engine would take it.
package sqltext

import "strings"

// Kind is what a token is.
type Kind uint8

// The kinds.
const (
	Word   Kind = iota + 1 // a keyword or a name without quotes
	Quoted                 // a name in quotes of one kind or another
	Value                  // a literal or a parameter, whose text is "?"
	Other                  // an operator, a comma, a parenthesis
)

// Token is a piece of a statement.
type Token struct {
	Text  string
	Kind  Kind
	Space bool // something blank, or a comment, stands before it
}

// Is reports whether the token is this keyword or this sign, in either case.
func (t Token) Is(word string) bool {
	return (t.Kind == Word || t.Kind == Other) && strings.EqualFold(t.Text, word)
}

// Name returns the name that the token is, without its quotes; "" for a value or a sign.
func (t Token) Name() string {
	switch t.Kind {
	case Word:
		return t.Text
	case Quoted:
		return t.Text[1 : len(t.Text)-1]
	default:
		return ""
	}
}

// Scan returns the tokens of a text. What has no end, a string for instance, ends with the text.
func Scan(text string) []Token {
	s := scanner{text: text}
	tokens := make([]Token, 0, len(text)/4)
	for s.blank(); s.at < len(s.text); s.blank() {
		tokens = append(tokens, s.token())
	}
	return tokens
}

type scanner struct {
	text  string
	at    int
	space bool
}

// blank goes past white space and comments.
func (s *scanner) blank() {
	from := s.at
	for s.at < len(s.text) {
		rest := s.text[s.at:]
		switch {
		case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
			s.at++
		case strings.HasPrefix(rest, "--"):
			s.past("\n")
		case strings.HasPrefix(rest, "/*"):
			s.at += len("/*")
			s.past("*/")
		default:
			s.space = s.at > from
			return
		}
	}
}

// past goes behind the next end, or to the end of the text.
func (s *scanner) past(end string) {
	if i := strings.Index(s.text[s.at:], end); i >= 0 {
		s.at += i + len(end)
		return
	}
	s.at = len(s.text)
}

// token reads one that begins here.
func (s *scanner) token() Token {
	from, c := s.at, s.text[s.at]
	s.at++
	kind := Other
	switch {
	case c == '\'':
		s.quoted('\'', false)
		kind = Value
	case (c == 'e' || c == 'E') && s.next() == '\'':
		s.at++
		s.quoted('\'', true)
		kind = Value
	case c == '"' || c == '`':
		s.quoted(c, false)
		kind = Quoted
	case c == '$' && isDigit(s.next()), c == '?':
		s.while(isDigit)
		kind = Value
	case c == '$' && s.dollarQuoted():
		kind = Value
	case (c == ':' || c == '@') && isLetter(s.next()):
		s.while(isName)
		kind = Value
	case c == ':' && s.next() == ':':
		s.at++
	case isDigit(c), c == '.' && isDigit(s.next()):
		s.while(func(c byte) bool { return isName(c) || c == '.' })
		kind = Value
	case isLetter(c):
		s.while(isName)
		kind = Word
	}
	text := s.text[from:s.at]
	if kind == Value {
		text = "?"
	}
	if kind == Quoted && len(text) < 2 { // it has no end
		kind = Other
	}
	return Token{Text: text, Kind: kind, Space: s.space}
}

// next returns the byte that comes, 0 at the end.
func (s *scanner) next() byte {
	if s.at == len(s.text) {
		return 0
	}
	return s.text[s.at]
}

func (s *scanner) while(in func(byte) bool) {
	for s.at < len(s.text) && in(s.text[s.at]) {
		s.at++
	}
}

// quoted goes behind the quote that ends what has begun. A quote that stands twice is one of the text.
func (s *scanner) quoted(quote byte, backslash bool) {
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == '\\' && backslash:
			s.at = min(s.at+1, len(s.text))
		case c == quote && s.next() == quote:
			s.at++
		case c == quote:
			return
		}
	}
}

// dollarQuoted goes behind a string like $$text$$ or $tag$text$tag$, if one has begun.
func (s *scanner) dollarQuoted() bool {
	length := strings.IndexByte(s.text[s.at:], '$')
	if length < 0 {
		return false
	}
	for _, c := range []byte(s.text[s.at : s.at+length]) {
		if !isName(c) {
			return false
		}
	}
	tag := s.text[s.at-1 : s.at+length+1]
	s.at += length + 1
	s.past(tag)
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isLetter takes every byte of a name in another script for a letter.
func isLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c >= 0x80
}

func isName(c byte) bool { return isLetter(c) || isDigit(c) }
