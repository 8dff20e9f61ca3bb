// Package db is the door to SQL. A module holds a Handle and asks it for a gorm query or for a transaction under a key; which
// database answers, the one file of profile single or a shard of many, is the door's business and never the module's.
//
// The rules of the door are the same under every profile, so that code which is right on SQLite today is right on shards:
//
//   - Query reads. Outside a transaction it refuses to write: the engine itself does, at once.
//   - Tx writes. It travels in the context, also into other modules; a nested Tx joins it; an error, a panic or a failed
//     statement rolls all of it back.
//   - A transaction is on one key. A write under another key inside it fails.
//   - AfterCommit runs what must not happen unless the transaction does.
//   - A module touches its own tables alone, those that are divided by key under a key, and leaves the schema to migrations. In mode dev and
//     in tests the engine refuses everything else, however the SQL is written (Config.Guard).
//
// Statements of gorm's own that would escape these rules (Begin, Transaction, Connection, PrepareStmt) fail.
package db
