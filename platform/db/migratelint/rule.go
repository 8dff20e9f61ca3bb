package migratelint

// Dialect is a folder of migrations.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Rule is one thing that is looked for. Its ID is stable: comments name it.
type Rule struct {
	ID string
	// Dialect is empty for a rule of both.
	Dialect Dialect
	Finds   string
	Reason  string
	Fix     string
}

// Rules returns every rule: those of both dialects first, then those of one.
func Rules() []Rule {
	const nextTo = "yesterday's program still runs beside the new one, and comes back when the new one fails"
	const waits = "every request that touches the table waits until it is done"
	return []Rule{
		{"file-name", "", "a file that is not called <UTC time>_<name>.sql", "the time is the version, and nothing else is applied", "call it 20261123101500_products.sql"},
		{"version-twice", "", "two migrations of one module with the same time", "one of them would never be applied", "give one of them the second after it, in both dialects"},
		{"syntax", "", "what goose or the database cannot read", "the migration fails, in production at the latest", "mend the line"},
		{"statement-begin", "", "a statement with a line inside that ends in ;", "goose takes that line for its end", "put -- +goose StatementBegin above and -- +goose StatementEnd below the statement"},
		{"missing-down", "", "a file without statements behind -- +goose Down", "goose would forget that it was applied, and leave everything", "write what undoes it"},
		{"dialect-parity", "", "files, tables, columns, indexes or unique constraints of one dialect alone", "the same code runs on both", "write the same change for the other dialect, with the same file name"},
		{"foreign-table", "", "a statement about a table that does not begin with the module's name", "a module changes its own tables: nobody else knows of it", "move the statement into that module's migrations"},
		{"foreign-key", "", "a foreign key to another module's table", "migrations of modules have no order, and modules move to databases of their own", "keep the id alone, and ask the other module's contract"},
		{"primary-key", "", "a table without a primary key", "rows can be neither paged, nor replicated, nor moved", "add id, or the columns that name a row, as its PRIMARY KEY"},
		{"identifier-length", "", "a name of more than 63 bytes", "PostgreSQL cuts it, and two names become one", "choose a shorter one"},
		{"not-null-column", "", "a new column that is NOT NULL without a default, on a table that was there before", "it fails when the table has rows, and yesterday's program does not fill it", "give it a constant DEFAULT, or allow NULL, fill it and add the constraint later"},
		{"rename", "", "another name for a table, a column or a value of an enum", nextTo, "add the new one, write both, fill it, read the new one, drop the old one in a later release"},
		{"drop", "", "a column or a table that goes without a comment that says nothing reads it", nextTo, "release a program that does not read it first; then write -- banyan:contract and why above the statement"},
		{"cascade", "", "TRUNCATE or DROP with CASCADE", "it takes what nobody has named", "name everything that goes"},
		{"no-transaction", "", "in a file with NO TRANSACTION, more than one statement in a section, or one that cannot be repeated", "after a failure in the middle it starts from the top", "one statement to a file, with IF NOT EXISTS or IF EXISTS"},
		{"allow", "", "a comment banyan:allow without a reason, or for a rule that there is not", "whoever reads it next has to know why", "write -- banyan:allow RULE reason"},

		{"index-lock", Postgres, "an index that is made, rebuilt or dropped without CONCURRENTLY on a table that was there before", "every write to the table waits until it is done", "a file of its own for each index, with -- +goose NO TRANSACTION and CREATE INDEX CONCURRENTLY IF NOT EXISTS"},
		{"concurrently", Postgres, "CONCURRENTLY inside of a transaction", "PostgreSQL refuses it", "a file of its own, with -- +goose NO TRANSACTION above -- +goose Up"},
		{"set-not-null", Postgres, "SET NOT NULL without a check that has been validated", "it reads the whole table, and " + waits, "ADD CONSTRAINT ... CHECK (x IS NOT NULL) NOT VALID, VALIDATE it in a second file, then SET NOT NULL"},
		{"column-rewrite", Postgres, "a new column whose values are computed for each row: a volatile default, a stored or a serial column", "the table is written again, and " + waits, "add it without a default, set the default, and fill it in portions"},
		{"column-type", Postgres, "another type for a column, unless it is a longer varchar or text", "the table is written again, " + waits + ", and " + nextTo, "add a column of the new type, write both, fill it, and drop the old one in a later release"},
		{"not-valid", Postgres, "a CHECK or a FOREIGN KEY without NOT VALID on a table that was there before", "it reads the whole table, and " + waits, "ADD CONSTRAINT ... NOT VALID, and VALIDATE CONSTRAINT in a second file"},
		{"validate-together", Postgres, "VALIDATE CONSTRAINT in one transaction with another change of the table", "the lock of the change is held while all rows are read", "a file of its own for VALIDATE CONSTRAINT"},
		{"unique-index", Postgres, "UNIQUE or PRIMARY KEY on a table that was there before, without USING INDEX", "an index is built, and " + waits, "CREATE UNIQUE INDEX CONCURRENTLY in one file, ADD CONSTRAINT ... UNIQUE USING INDEX in the next"},
		{"locks-together", Postgres, "changes of several tables in one transaction, when they were there before", "it holds one lock and waits for the other: requests that go the other way deadlock", "one file for each table"},
		{"backfill", Postgres, "rows that are changed in one transaction with a change of a table that was there before", "the lock of the change is held until all rows are written", "change the rows in a later file"},
		{"security-definer", Postgres, "a function that is SECURITY DEFINER", "it runs with the rights of who has made it, and so past the walls between modules", "leave it out: a function runs with the rights of its caller"},
		{"json-type", Postgres, "a column of type json", "it has no equality and no index: DISTINCT and GROUP BY fail", "use jsonb"},
		{"timestamp-type", Postgres, "a timestamp without a time zone", "it means another moment to each connection", "use timestamptz"},
		{"int-key", Postgres, "a primary key of 32 bits or less", "it runs out, and then nothing can be added", "use uuid or bigint"},

		{"sqlite-unsupported", SQLite, "what SQLite's ALTER TABLE cannot do", "the migration fails", "add a column or a unique index instead, or a new table beside the old one"},
		{"sqlite-rebuild", SQLite, "a table that is copied, dropped and replaced", "the one writer waits for the copy; indexes and triggers are gone, and foreign keys to it delete their rows", "add a column instead; where that cannot be, say that nothing refers to it and that its indexes are made again"},
		{"sqlite-pragma", SQLite, "PRAGMA", "in a transaction foreign_keys does nothing, and the rest changes one connection of many", "set it where connections are opened"},
		{"sqlite-strict", SQLite, "a STRICT table", "its TEXT columns cannot be read as times, and it has no DATETIME", "leave STRICT out"},
		{"sqlite-key-null", SQLite, "a primary key that is not NOT NULL", "SQLite allows NULL in it, as often as one likes", "write NOT NULL PRIMARY KEY"},
	}
}

// rule returns the rule with this ID.
func rule(id string) (Rule, bool) {
	for _, r := range Rules() {
		if r.ID == id {
			return r, true
		}
	}
	return Rule{}, false
}
