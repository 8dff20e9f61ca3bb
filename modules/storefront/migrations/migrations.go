// Package migrations holds the changes of the module's tables, one folder for each dialect.
package migrations

import "embed"

// Files are the migrations.
//
//go:embed all:sqlite all:postgres
var Files embed.FS
