package migratelint

import (
	"slices"
	"strings"
)

// verb is what a statement, or one action of ALTER TABLE, does.
type verb string

const (
	createTable    verb = "CREATE TABLE"
	dropTable      verb = "DROP TABLE"
	renameTable    verb = "RENAME TO"
	createIndex    verb = "CREATE INDEX"
	dropIndex      verb = "DROP INDEX"
	reindex        verb = "REINDEX"
	addColumn      verb = "ADD COLUMN"
	dropColumn     verb = "DROP COLUMN"
	renameColumn   verb = "RENAME COLUMN"
	alterType      verb = "TYPE"
	setNotNull     verb = "SET NOT NULL"
	alterColumn    verb = "ALTER COLUMN" // anything else about a column
	addConstraint  verb = "ADD CONSTRAINT"
	dropConstraint verb = "DROP CONSTRAINT"
	validate       verb = "VALIDATE CONSTRAINT"
	alterOther     verb = "ALTER TABLE"
	renameValue    verb = "RENAME VALUE"
	write          verb = "a change of rows"
	truncate       verb = "TRUNCATE"
	other          verb = ""
)

// action is one change. Fields that the verb has no use for are empty.
type action struct {
	verb       verb
	line       int
	table      string
	name       string // of the index, column or constraint
	to         string // the new name
	exists     bool   // it says IF EXISTS or IF NOT EXISTS
	concurrent bool
	cascade    bool
	strict     bool // a STRICT table
	columns    []column
	indexes    []index
	keys       []constraint
	typ        string
	reads      []string // other tables that it reads
}

type column struct {
	name, typ  string
	file       *file // that added it; nil when its table came with it
	line       int
	notNull    bool
	primary    bool
	unique     bool
	check      bool
	stored     bool    // GENERATED ... STORED
	references string  // the table
	value      []token // of DEFAULT; nil when there is none
}

type constraint struct {
	name       string
	file       *file  // as in column
	kind       string // "primary key", "unique", "check", "foreign key", "exclude"
	line       int
	columns    []string
	references string
	notValid   bool
	usingIndex string
	notNull    string // the column that a check wants NOT NULL
}

type index struct {
	name    string
	table   string
	unique  bool
	columns []string // as written, lower case
	file    *file    // that made it
	line    int
}

// cursor walks over the tokens of a statement.
type cursor struct {
	tokens []token
	at     int
}

func (c *cursor) done() bool { return c.at >= len(c.tokens) }

// peek returns the token here, an empty one at the end.
func (c *cursor) peek() token {
	if c.done() {
		return token{kind: symbol}
	}
	return c.tokens[c.at]
}

func (c *cursor) next() token {
	t := c.peek()
	c.at++
	return t
}

// accept steps over these words when all of them stand here.
func (c *cursor) accept(words ...string) bool {
	if c.at+len(words) > len(c.tokens) {
		return false
	}
	for i, w := range words {
		if !c.tokens[c.at+i].is(w) {
			return false
		}
	}
	c.at += len(words)
	return true
}

// has reports whether these words stand side by side somewhere from here on.
func (c *cursor) has(words ...string) bool {
	for i := c.at; i < len(c.tokens); i++ {
		if (&cursor{c.tokens, i}).accept(words...) {
			return true
		}
	}
	return false
}

// name reads a name; of one with a schema the last part counts.
func (c *cursor) name() string {
	name := ""
	for {
		if t := c.peek(); t.kind != word && t.kind != quoted {
			return name
		}
		name = strings.ToLower(c.next().text)
		if !c.accept(".") {
			return name
		}
	}
}

// group returns the tokens between the parenthesis that opens here and its partner.
func (c *cursor) group() []token {
	if !c.accept("(") {
		return nil
	}
	start, depth := c.at, 1
	for ; !c.done(); c.at++ {
		switch t := c.peek(); {
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		}
		if depth == 0 {
			c.at++
			return c.tokens[start : c.at-1]
		}
	}
	return c.tokens[start:]
}

// split cuts a list at its commas.
func split(tokens []token) [][]token {
	var parts [][]token
	start, depth := 0, 0
	for i, t := range tokens {
		switch {
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		case t.is(",") && depth == 0:
			parts = append(parts, tokens[start:i])
			start = i + 1
		}
	}
	if start < len(tokens) {
		parts = append(parts, tokens[start:])
	}
	return parts
}

// text writes tokens as a person would compare them.
func text(tokens []token) string {
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 && t.kind != symbol && tokens[i-1].kind != symbol {
			b.WriteByte(' ')
		}
		if t.kind == literal {
			b.WriteString("'" + t.text + "'")
			continue
		}
		b.WriteString(strings.ToLower(t.text))
	}
	return b.String()
}

// names reads a list of names in parentheses.
func (c *cursor) names() []string {
	var all []string
	for _, part := range split(c.group()) {
		all = append(all, text(part))
	}
	return all
}

// actions says what a statement does.
func actions(s statement) []action {
	c := &cursor{tokens: s.tokens}
	a := action{line: s.line()}
	switch {
	case c.accept("create"):
		return []action{c.create(a)}
	case c.accept("alter", "table"):
		return c.alterTable(a)
	case c.accept("alter", "type"):
		a.name = c.name()
		if c.accept("rename", "value") {
			a.verb = renameValue
		}
		return []action{a}
	case c.accept("alter", "index"):
		return []action{a}
	case c.accept("drop", "table"):
		return c.dropTables(a)
	case c.accept("drop", "index"):
		a.verb, a.concurrent = dropIndex, c.accept("concurrently")
		a.exists = c.accept("if", "exists")
		a.name, a.cascade = c.name(), c.has("cascade")
		return []action{a}
	case c.accept("reindex"):
		a.verb, a.concurrent = reindex, c.has("concurrently")
		return []action{a}
	case c.accept("truncate"):
		c.accept("table")
		c.accept("only")
		a.verb, a.table, a.cascade = truncate, c.name(), c.has("cascade")
		return []action{a}
	}
	return []action{c.rows(a)}
}

// rows reads INSERT, UPDATE, DELETE; also behind WITH, EXPLAIN and the like.
func (c *cursor) rows(a action) action {
	var defined []string // by WITH
	for i, t := range c.tokens {
		if t.is("as") && i > 0 && (&cursor{c.tokens, i + 1}).peek().is("(") {
			defined = append(defined, strings.ToLower(c.tokens[i-1].text))
		}
	}
	for !c.done() {
		switch {
		case c.accept("insert", "into"), c.accept("replace", "into"), c.accept("delete", "from"), c.accept("update"), c.accept("merge", "into"):
			c.accept("only")
			if name := c.name(); a.verb == other {
				a.verb, a.table = write, name
			} else {
				a.reads = append(a.reads, name)
			}
		case c.accept("do", "update"), c.accept("for", "update"), c.accept("distinct", "from"):
		case c.peek().is("extract"), c.peek().is("substring"), c.peek().is("trim"), c.peek().is("overlay"):
			c.at++ // the FROM in their parentheses names no table
			c.group()
		case c.accept("from"), c.accept("join"), c.accept("using"):
			if name := c.name(); name != "" && !c.peek().is("(") && !slices.Contains(defined, name) {
				a.reads = append(a.reads, name)
			}
		default:
			c.at++
		}
	}
	return a
}

// create reads CREATE TABLE and CREATE INDEX, and leaves the rest alone.
func (c *cursor) create(a action) action {
	for c.accept("temp") || c.accept("temporary") || c.accept("unlogged") || c.accept("or", "replace") {
	}
	unique := c.accept("unique")
	switch {
	case c.accept("table"):
		return c.createTable(a)
	case c.accept("index"):
		a.verb, a.concurrent = createIndex, c.accept("concurrently")
		a.exists = c.accept("if", "not", "exists")
		ix := index{unique: unique, line: a.line}
		if !c.peek().is("on") {
			ix.name = c.name()
		}
		c.accept("on")
		c.accept("only")
		ix.table = c.name()
		if c.accept("using") {
			c.name()
		}
		ix.columns = c.names()
		a.name, a.table, a.indexes = ix.name, ix.table, []index{ix}
	case c.accept("trigger"):
		for !c.done() && !c.accept("on") {
			c.at++
		}
		a.table = c.name()
		body := c.rows(action{})
		a.reads = append(body.reads, body.table)
	}
	return a
}

func (c *cursor) createTable(a action) action {
	a.verb, a.exists = createTable, c.accept("if", "not", "exists")
	a.table = c.name()
	for _, part := range split(c.group()) {
		pc := &cursor{tokens: part}
		if key, ok := pc.constraint(); ok {
			a.keys = append(a.keys, key)
		} else if col, ok := pc.column(); ok {
			a.columns = append(a.columns, col)
		}
	}
	a.strict = c.has("strict")
	return a
}

func (c *cursor) dropTables(a action) []action {
	a.verb, a.exists = dropTable, c.accept("if", "exists")
	a.cascade = c.has("cascade")
	var all []action
	for {
		a.table = c.name()
		all = append(all, a)
		if !c.accept(",") {
			return all
		}
	}
}

func (c *cursor) alterTable(a action) []action {
	a.exists = c.accept("if", "exists")
	c.accept("only")
	a.table = c.name()
	a.verb = alterOther
	var all []action
	for _, part := range split(c.tokens[min(c.at, len(c.tokens)):]) {
		if len(part) == 0 {
			continue
		}
		one := a
		one.line = part[0].line
		(&cursor{tokens: part}).alter(&one)
		all = append(all, one)
	}
	return all
}

// alter reads one action of ALTER TABLE.
func (c *cursor) alter(a *action) {
	a.cascade = c.has("cascade") && !c.has("on", "delete", "cascade") && !c.has("on", "update", "cascade")
	switch {
	case c.accept("add"):
		if key, ok := c.constraint(); ok {
			a.verb, a.name, a.keys = addConstraint, key.name, []constraint{key}
			return
		}
		c.accept("column")
		a.exists = c.accept("if", "not", "exists")
		if col, ok := c.column(); ok {
			a.verb, a.name, a.columns = addColumn, col.name, []column{col}
		}
	case c.accept("drop", "constraint"):
		a.verb, a.exists, a.name = dropConstraint, c.accept("if", "exists"), c.name()
	case c.accept("drop"):
		c.accept("column")
		a.verb, a.exists = dropColumn, c.accept("if", "exists")
		a.name = c.name()
	case c.accept("rename", "to"):
		a.verb, a.to = renameTable, c.name()
	case c.accept("rename", "constraint"):
	case c.accept("rename"):
		c.accept("column")
		a.verb, a.name = renameColumn, c.name()
		c.accept("to")
		a.to = c.name()
	case c.accept("validate", "constraint"):
		a.verb, a.name = validate, c.name()
	case c.accept("alter"):
		c.accept("column")
		a.verb, a.name = alterColumn, c.name()
		switch {
		case c.accept("set", "data", "type"), c.accept("type"):
			a.verb = alterType
			a.typ = c.typ()
		case c.accept("set", "not", "null"):
			a.verb = setNotNull
		}
	}
}

// constraint reads a constraint of a table; ok is false when this is none.
func (c *cursor) constraint() (k constraint, ok bool) {
	start := c.at
	k.line = c.peek().line
	if c.accept("constraint") {
		k.name = c.name()
	}
	switch {
	case c.accept("primary", "key"):
		k.kind = "primary key"
	case c.accept("unique"):
		k.kind = "unique"
	case c.accept("foreign", "key"):
		k.kind = "foreign key"
	case c.accept("exclude"):
		k.kind = "exclude"
	case c.accept("check"):
		k.kind = "check"
		if x := c.group(); len(x) == 4 && x[1].is("is") && x[2].is("not") && x[3].is("null") {
			k.notNull = strings.ToLower(x[0].text)
		}
	default:
		c.at = start
		return k, false
	}
	if c.accept("using", "index") {
		k.usingIndex = c.name()
	} else if k.kind != "check" {
		k.columns = c.names()
	}
	for !c.done() {
		switch {
		case c.accept("references"):
			k.references = c.name()
		case c.accept("not", "valid"):
			k.notValid = true
		default:
			c.at++
		}
	}
	return k, true
}

// column reads the definition of a column.
func (c *cursor) column() (col column, ok bool) {
	col.line = c.peek().line
	if col.name = c.name(); col.name == "" || col.name == "like" && !c.done() {
		return col, false
	}
	col.typ = c.typ()
	for !c.done() {
		switch {
		case c.accept("not", "null"):
			col.notNull = true
		case c.accept("primary", "key"):
			col.primary = true
		case c.accept("unique"):
			col.unique = true
		case c.accept("check"):
			col.check = true
			c.group()
		case c.accept("references"):
			col.references = c.name()
		case c.accept("on", "delete"), c.accept("on", "update"):
			c.at++ // what is set there is no default of the column
			if c.peek().is("null") || c.peek().is("default") {
				c.at++
			}
		case c.accept("default"):
			col.value = c.value()
		case c.accept("stored"):
			col.stored = true
		case c.peek().is("("):
			c.group()
		default:
			c.at++
		}
	}
	return col, true
}

// afterType are the words that end a type or a default.
func afterType(t token) bool {
	return t.kind == word && slices.Contains([]string{
		"constraint", "not", "null", "default", "primary", "unique", "check", "references", "collate", "generated", "as", "using", "storage",
		"compression", "on", "deferrable", "initially", "autoincrement", "stored", "virtual",
	}, t.text)
}

func (c *cursor) typ() string {
	start := c.at
	for !c.done() && !afterType(c.peek()) {
		c.at++
	}
	return text(c.tokens[start:c.at])
}

// value reads the expression behind DEFAULT.
func (c *cursor) value() []token {
	start := c.at
	c.at++ // also where it is NULL
	for !c.done() && !afterType(c.peek()) {
		if c.peek().is("(") {
			c.group()
			continue
		}
		c.at++
	}
	return c.tokens[start:min(c.at, len(c.tokens))]
}
