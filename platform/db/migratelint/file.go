package migratelint

import (
	"slices"
	"strings"
)

// file is one migration: goose's annotations, and the statements between them.
type file struct {
	path          string // "postgres/20261123101500_products.sql"
	dialect       Dialect
	header        []token // the comments in front of the first section
	up, down      []statement
	noTransaction bool
	downLine      int // of the annotation; 0 when there is none
}

// statement is one statement of SQL.
type statement struct {
	tokens   []token
	comments []token // those above it, inside, and behind it on its last line
	whole    bool    // it stands between StatementBegin and StatementEnd, so that goose does not look for its end
}

func (s statement) line() int { return s.tokens[0].line }

// parseFile reads a migration as goose does, and refuses what goose refuses.
func parseFile(path string, dialect Dialect, text string) (*file, error) {
	tokens, err := scan(dialect, text)
	if err != nil {
		return nil, err
	}
	p := &fileParser{file: &file{path: path, dialect: dialect}}
	for _, t := range tokens {
		if err := p.take(t); err != nil {
			return nil, err
		}
	}
	return p.file, p.end()
}

// fileParser is where the parser of a file is.
type fileParser struct {
	file    *file
	section *[]statement // nil in front of the first
	current statement
	depth   int // of parentheses
	inside  int // the line of the StatementBegin that has not ended; 0 outside
	last    int // the line on which the last statement ended
}

func (p *fileParser) take(t token) error {
	if t.kind == comment {
		if annotation, ok := strings.CutPrefix(t.text, "+goose"); ok {
			return p.annotate(strings.ToLower(strings.TrimSpace(annotation)), t.line)
		}
		p.comment(t)
		return nil
	}
	if p.section == nil {
		return &syntaxError{t.line, "SQL in front of the annotation -- +goose Up"}
	}
	switch {
	case t.is("("):
		p.depth++
	case t.is(")"):
		p.depth--
	case t.is(";") && p.depth <= 0 && !p.bodied():
		p.finish(t.line)
		return nil
	}
	p.current.tokens = append(p.current.tokens, t)
	return nil
}

// bodied reports whether the current statement has statements of its own inside, as a trigger of SQLite has.
func (p *fileParser) bodied() bool {
	if p.inside == 0 {
		return false
	}
	for i, t := range p.current.tokens[:min(len(p.current.tokens), 4)] {
		if i > 0 && t.is("trigger") && p.file.dialect == SQLite {
			return true
		}
	}
	return slices.ContainsFunc(p.current.tokens, func(t token) bool { return t.is("atomic") })
}

// comment keeps a comment for the statement that it is about.
func (p *fileParser) comment(t token) {
	switch {
	case p.section == nil:
		p.file.header = append(p.file.header, t)
	case len(p.current.tokens) == 0 && len(*p.section) > 0 && t.line == p.last:
		s := &(*p.section)[len(*p.section)-1]
		s.comments = append(s.comments, t)
	default:
		p.current.comments = append(p.current.comments, t)
	}
}

func (p *fileParser) finish(line int) {
	if len(p.current.tokens) > 0 {
		p.current.whole = p.inside > 0
		*p.section = append(*p.section, p.current)
	}
	p.current, p.depth, p.last = statement{}, 0, line
}

func (p *fileParser) annotate(annotation string, line int) error {
	switch annotation {
	case "up", "down":
		if err := p.end(); p.section != nil && err != nil {
			return err
		}
		if annotation == "up" {
			p.section = &p.file.up
			return nil
		}
		if p.section == nil {
			return &syntaxError{line, "-- +goose Down stands in front of -- +goose Up"}
		}
		p.current, p.section, p.file.downLine = statement{}, &p.file.down, line
	case "no transaction":
		p.file.noTransaction = true
	case "statementbegin":
		if p.section == nil || p.inside > 0 || len(p.current.tokens) > 0 {
			return &syntaxError{line, "-- +goose StatementBegin stands inside of a statement"}
		}
		p.inside = line
	case "statementend":
		if p.inside == 0 {
			return &syntaxError{line, "-- +goose StatementEnd without StatementBegin"}
		}
		p.finish(line)
		p.inside = 0
	case "envsub on", "envsub off":
	default:
		return &syntaxError{line, "goose has no annotation " + annotation}
	}
	return nil
}

// end looks whether everything that began has ended.
func (p *fileParser) end() error {
	switch {
	case p.section == nil:
		return &syntaxError{1, "there is no annotation -- +goose Up"}
	case p.inside > 0:
		return &syntaxError{p.inside, "-- +goose StatementBegin without StatementEnd"}
	case len(p.current.tokens) > 0:
		return &syntaxError{p.current.line(), "the statement does not end in ;"}
	}
	return nil
}

// directives returns the comments `banyan:<name> ...`; their text is what stands behind the name.
func directives(comments []token, name string) []token {
	var all []token
	for _, c := range comments {
		if rest, ok := strings.CutPrefix(c.text, "banyan:"+name); ok && (rest == "" || strings.HasPrefix(rest, " ")) {
			c.text = strings.TrimSpace(rest)
			all = append(all, c)
		}
	}
	return all
}
