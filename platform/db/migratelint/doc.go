// Package migratelint reads the migrations of a module and finds what is unsafe while the program of yesterday still runs: statements that
// make everybody wait, that fail on a table with rows, that take away what is still read, and folders of the two dialects that do not make
// the same tables. It needs no database.
//
// A finding is silenced by a comment above the statement, or above `-- +goose Up` for one that concerns the whole file:
//
//	-- banyan:allow RULE why it is right here
//
// What drops a column or a table says that nothing reads it any more:
//
//	-- banyan:contract nothing has read it since version 1.4
//
// Neither counts without its reason.
package migratelint
