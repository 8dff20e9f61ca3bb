package sqltext

import "slices"

// Access is how a statement gets at the rows of one table.
type Access struct {
	Equal []string // columns that are compared with = or IN; IS NULL, which rows that are not deleted have for instance, leads to few rows seldom
	Range []string // columns that are compared with < or >, or lie between
	Order []Order  // nil for none, and for an order that is not of columns of the table
}

// Order is a column of an ORDER BY.
type Order struct {
	Column string
	Desc   bool
}

// Query is a statement in its parts, as far as they stand outside of parentheses.
type Query struct {
	tokens  []Token
	aliases map[string]string // the table by the name that it goes by
	joins   [][]Token         // the conditions of joins
	where   []Token
	order   []Token
	group   []Token
	// Plain says that it is one SELECT, UPDATE or DELETE: no union of several, and nothing behind WITH.
	Plain bool
	// Limited says that it has a LIMIT or a FETCH.
	Limited bool
	// Grouped says that it has a GROUP BY.
	Grouped bool
}

// Parse takes a statement apart.
func Parse(text string) *Query {
	q := &Query{tokens: Scan(text), aliases: map[string]string{}}
	q.Plain = slices.Contains([]string{"SELECT", "UPDATE", "DELETE"}, Verb(q.tokens)) && !at(q.tokens, 0).Is("with")
	begun := -1
	var clause string
	end := func(i int) {
		if begun < 0 {
			return
		}
		part := q.tokens[min(begun, i):i] // ORDER may stand without BY
		switch clause {
		case "where":
			q.where = part
		case "on":
			q.joins = append(q.joins, part)
		case "order":
			q.order = part
		case "group":
			q.group = part
		}
		begun = -1
	}
	for i := 0; i < len(q.tokens); i++ {
		t := q.tokens[i]
		switch {
		case t.Is("("):
			i = group(q.tokens, i) - 1
		case t.Is("where"), t.Is("on"), t.Is("order"), t.Is("group"):
			end(i)
			clause, begun = lower(t.Text), i+1
			if clause == "order" || clause == "group" {
				begun++ // BY
			}
			q.Grouped = q.Grouped || clause == "group"
		case t.Is("from"), t.Is("join"), t.Is("update"):
			end(i)
			q.name(i + 1)
		case t.Is("limit"), t.Is("fetch"):
			end(i)
			q.Limited = true
		case t.Is("union"), t.Is("intersect"), t.Is("except"):
			end(i)
			q.Plain = false
		case t.Is("left"), t.Is("right"), t.Is("inner"), t.Is("full"), t.Is("cross"), t.Is("having"), t.Is("offset"), t.Is("for"), t.Is("returning"), t.Is("set"), t.Is("window"):
			end(i)
		}
	}
	end(len(q.tokens))
	return q
}

func lower(word string) string {
	b := []byte(word)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// name notes the tables that begin at i, and what they are called here.
func (q *Query) name(i int) {
	for {
		table := at(q.tokens, i).Name()
		for i++; at(q.tokens, i).Is("."); i += 2 {
			table = at(q.tokens, i+1).Name()
		}
		if table == "" {
			return
		}
		q.aliases[table] = table
		if at(q.tokens, i).Is("as") {
			i++
		}
		if t := at(q.tokens, i); t.Name() != "" && !keyword(t) {
			delete(q.aliases, table)
			q.aliases[t.Name()] = table
			i++
		}
		if !at(q.tokens, i).Is(",") {
			return
		}
		i++
	}
}

// keyword reports whether a word behind a table begins the next part of the statement.
func keyword(t Token) bool {
	return t.Kind == Word && slices.ContainsFunc([]string{
		"where", "on", "using", "order", "group", "limit", "offset", "fetch", "for", "set", "left", "right", "inner", "full", "cross", "natural", "join",
		"returning", "union", "intersect", "except", "having", "window", "indexed", "not",
	}, t.Is)
}

// Table returns the table that goes by a name in the statement, or the name.
func (q *Query) Table(name string) string {
	if table, ok := q.aliases[name]; ok {
		return table
	}
	return name
}

// Aggregates reports whether the statement returns one row for all: its columns are functions of many rows, or EXISTS.
func (q *Query) Aggregates() bool {
	first, next := at(q.tokens, 1), at(q.tokens, 2)
	return at(q.tokens, 0).Is("select") && next.Is("(") && !q.Grouped &&
		slices.ContainsFunc([]string{"count", "sum", "min", "max", "avg", "total", "exists", "bool_or", "bool_and"}, first.Is)
}

// Access returns how the statement gets at the rows of a table. A condition that stands beside an OR is none.
func (q *Query) Access(table string) Access {
	var a Access
	for _, part := range append(slices.Clone(q.joins), q.where) {
		q.conditions(part, table, &a)
	}
	a.Order = q.orderOf(table)
	return a
}

// GroupedWithin reports whether the statement returns one row for each group and the groups are written in it: they are of columns of a table that are compared with = or IN.
func (q *Query) GroupedWithin(table string) bool {
	equal := q.Access(table).Equal
	for i := 0; i < len(q.group); {
		name, next := q.column(q.group, i, table)
		if end := next == len(q.group) || q.group[next].Is(","); !end || !slices.Contains(equal, name) {
			return false
		}
		i = next + 1
	}
	return q.Grouped
}

// conditions adds those of a part that hold together.
func (q *Query) conditions(part []Token, table string, a *Access) {
	if n := len(part); n > 1 && part[0].Is("(") && part[n-1].Is(")") && group(part, 0) == n {
		part = part[1 : len(part)-1]
	}
	all, ok := split(part)
	if !ok {
		return
	}
	if len(all) > 1 {
		for _, one := range all {
			q.conditions(one, table, a)
		}
		return
	}
	q.condition(part, table, a)
}

// split divides conditions at the ANDs outside of parentheses; there may be no OR.
func split(part []Token) (all [][]Token, ok bool) {
	from, between := 0, false
	for i := 0; i < len(part); i++ {
		switch t := part[i]; {
		case t.Is("("):
			i = group(part, i) - 1
		case t.Is("or"):
			return nil, false
		case t.Is("between"):
			between = true
		case t.Is("and") && between:
			between = false
		case t.Is("and"):
			all = append(all, part[from:i])
			from = i + 1
		}
	}
	return append(all, part[from:]), true
}

// condition adds one comparison.
func (q *Query) condition(c []Token, table string, a *Access) {
	row := at(c, 0).Is("(")
	i := 0
	if row {
		i = 1
	}
	column, next := q.column(c, i, table)
	if row { // (a, b) > (?, ?)
		next = group(c, 0)
	}
	op, second := at(c, next), at(c, next+1)
	add := func(to *[]string, name string) {
		if name != "" && !slices.Contains(*to, name) {
			*to = append(*to, name)
		}
	}
	switch {
	case op.Is("=") && !row:
		add(&a.Equal, column)
		if other, end := q.column(c, next+1, table); end == len(c) { // a join
			add(&a.Equal, other)
		}
	case op.Is("in") && !row:
		add(&a.Equal, column)
	case (op.Is("<") || op.Is(">")) && !second.Is(">"), op.Is("between"):
		add(&a.Range, column)
	}
}

// column returns the column of a table that stands at i, "" when it is that of another one or none, and what follows it.
func (q *Query) column(c []Token, i int, table string) (name string, next int) {
	name = at(c, i).Name()
	qualifier := ""
	for i++; at(c, i).Is(".") && name != ""; i += 2 {
		qualifier, name = name, at(c, i+1).Name()
	}
	switch {
	case qualifier != "" && q.Table(qualifier) != table:
		return "", i
	case qualifier == "" && len(q.aliases) > 1: // nobody can tell whose it is
		return "", i
	}
	return name, i
}

func (q *Query) orderOf(table string) (order []Order) {
	for i := 0; i < len(q.order); {
		name, next := q.column(q.order, i, table)
		if name == "" || at(q.order, next).Is("(") {
			return nil
		}
		o := Order{Column: name, Desc: at(q.order, next).Is("desc")}
		for ; next < len(q.order) && !q.order[next].Is(","); next++ {
			if !slices.ContainsFunc([]string{"asc", "desc", "nulls", "first", "last"}, q.order[next].Is) {
				return nil
			}
		}
		order = append(order, o)
		i = next + 1
	}
	return order
}
