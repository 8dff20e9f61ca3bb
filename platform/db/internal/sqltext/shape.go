package sqltext

import (
	"slices"
	"strconv"
	"strings"
)

// Shape returns a statement without what differs from one run of it to the next: values and parameters are "?", a list behind IN has one
// element and VALUES one row, and blanks and comments are single spaces. It is SQL still, of the same engine but for the way in which that
// writes parameters.
func Shape(text string) string { return Text(collapse(Scan(text))) }

// Text writes tokens as a statement.
func Text(tokens []Token) string {
	var b strings.Builder
	for i, t := range tokens {
		if t.Space && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.Text)
	}
	return b.String()
}

// collapse shortens lists to their first element.
func collapse(tokens []Token) []Token {
	short := tokens[:0] // it never gets ahead of what is read
	for i := 0; i < len(tokens); i++ {
		short = append(short, tokens[i])
		switch {
		case tokens[i].Is("in") && at(tokens, i+1).Is("("):
			short = append(short, tokens[i+1])
			i = elements(tokens, i+2, &short) - 1
		case tokens[i].Is("values") && at(tokens, i+1).Is("("):
			i = elements(tokens, i+1, &short) - 1
		}
	}
	return short
}

// elements copies the first element of the list that begins at i, when it is a value or in parentheses, and skips the others. It returns
// where it has stopped.
func elements(tokens []Token, i int, to *[]Token) int {
	end := element(tokens, i)
	*to = append(*to, tokens[i:end]...)
	for end > i && at(tokens, end).Is(",") {
		next := element(tokens, end+1)
		if next == end+1 {
			break
		}
		end = next
	}
	return end
}

// element returns the end of the element that begins at i, or i when it is neither a value nor in parentheses.
func element(tokens []Token, i int) int {
	switch t := at(tokens, i); {
	case t.Kind == Value:
		return i + 1
	case t.Is("("):
		return group(tokens, i)
	default:
		return i
	}
}

// group returns the end of what is in the parentheses that begin at i.
func group(tokens []Token, i int) int {
	for depth := 0; i < len(tokens); i++ {
		switch {
		case tokens[i].Is("("):
			depth++
		case tokens[i].Is(")"):
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return i
}

func at(tokens []Token, i int) Token {
	if i < 0 || i >= len(tokens) {
		return Token{}
	}
	return tokens[i]
}

// Verb returns what a statement does, in capitals: SELECT, INSERT, UPDATE, DELETE, or its first word. Behind WITH it is what stands outside of
// all parentheses.
func Verb(tokens []Token) string {
	first := at(tokens, 0)
	if !first.Is("with") {
		return strings.ToUpper(first.Text)
	}
	for i := 0; i < len(tokens); i++ {
		if tokens[i].Is("(") {
			i = group(tokens, i) - 1
			continue
		}
		if verb := strings.ToUpper(tokens[i].Text); slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE"}, verb) {
			return verb
		}
	}
	return "WITH"
}

// Tables returns the tables that a statement reads or writes, in the order of their first mention, without the schema. The names that WITH
// gives are none.
func Tables(tokens []Token) (tables []string) {
	var own []string
	for i, t := range tokens {
		if t.Is("as") && at(tokens, i+1).Is("(") && at(tokens, 0).Is("with") {
			own = append(own, tokens[i-1].Name())
		}
	}
	add := func(i int) (end int) {
		name := at(tokens, i).Name()
		for i++; at(tokens, i).Is("."); i += 2 {
			name = at(tokens, i+1).Name()
		}
		if name != "" && !slices.Contains(own, name) && !slices.Contains(tables, name) {
			tables = append(tables, name)
		}
		return i
	}
	for i, t := range tokens {
		switch {
		case t.Is("update") && at(tokens, i-1).Is("for") || t.Is("update") && at(tokens, i-1).Is("do"): // a lock, an upsert
		case t.Is("from") && distinct(tokens, i): // IS DISTINCT FROM
		case t.Is("from"):
			for i = add(i + 1); ; i = add(i + 1) { // and those behind commas, with an alias between
				if at(tokens, i).Is("as") {
					i++
				}
				if k := at(tokens, i); k.Kind == Word && at(tokens, i+1).Is(",") || k.Kind == Quoted {
					i++
				}
				if !at(tokens, i).Is(",") {
					break
				}
			}
		case t.Is("join"), t.Is("into"), t.Is("update"):
			add(i + 1)
		}
	}
	return tables
}

func distinct(tokens []Token, i int) bool { return i > 0 && tokens[i-1].Is("distinct") }

// Numbered writes each "?" as $1, $2 and so on, but for those in quotes, and returns how many there are.
func Numbered(text string) (numbered string, params int) {
	var b strings.Builder
	var quote rune
	for _, c := range text {
		switch {
		case quote == 0 && c == '?':
			params++
			b.WriteString("$" + strconv.Itoa(params))
			continue
		case quote == 0 && (c == '"' || c == '`' || c == '\''):
			quote = c
		case c == quote:
			quote = 0
		}
		b.WriteRune(c)
	}
	return b.String(), params
}
