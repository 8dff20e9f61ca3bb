// Package banyan holds the text of the modules that `banyan new --with` writes into an application: those of the reference application, which are
// built, tested and served here.
package banyan

import "embed"

// Modules are modules/accounts and what the generator keeps of its resources.
//
//go:embed all:modules/accounts .banyan/resources/accounts
var Modules embed.FS
