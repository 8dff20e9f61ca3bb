// Package querystat counts the SQL statements of each request, finds those that are repeated, and keeps statistics of all of them for the
// life of the process.
//
// Whoever begins a piece of work, a server a request for instance, puts a Recorder into its context; package db counts each statement there.
// Statements are told apart by their shapes: without values, and with lists as if they had one element. Nothing here ever holds a value, but
// for what stands in the name of a column or a table.
package querystat
