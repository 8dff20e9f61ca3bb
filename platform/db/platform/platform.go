// Package platform holds the tables that the platform keeps for itself, sessions for instance: migrations like those of a module, in a set of
// their own that is applied before all others.
package platform

import (
	"embed"
	"io/fs"

	"github.com/banyan-go/banyan/platform/db"
)

//go:embed migrations
var files embed.FS

// Migrations returns the set.
func Migrations() db.Migrations {
	sub, err := fs.Sub(files, "migrations")
	if err != nil {
		panic("platform: " + err.Error()) // only a malformed path fails
	}
	return db.Migrations{Module: db.PlatformSet, Files: sub}
}
