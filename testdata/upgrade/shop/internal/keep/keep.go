//go:build keep

// Package keep names what the generator may import one day, so that `go mod vendor` keeps it. It is never built.
package keep

import (
	_ "github.com/banyan-go/banyan/platform/api"
	_ "github.com/banyan-go/banyan/platform/app"
	_ "github.com/banyan-go/banyan/platform/apptest"
	_ "github.com/banyan-go/banyan/platform/archtest"
	_ "github.com/banyan-go/banyan/platform/clock"
	_ "github.com/banyan-go/banyan/platform/config"
	_ "github.com/banyan-go/banyan/platform/db"
	_ "github.com/banyan-go/banyan/platform/db/sqlite"
	_ "github.com/banyan-go/banyan/platform/decimal"
	_ "github.com/banyan-go/banyan/platform/fault"
	_ "github.com/banyan-go/banyan/platform/id"
	_ "github.com/banyan-go/banyan/platform/keyring"
	_ "github.com/banyan-go/banyan/platform/lifecycle"
	_ "github.com/banyan-go/banyan/platform/module"
	_ "github.com/banyan-go/banyan/platform/money"
	_ "github.com/banyan-go/banyan/platform/page"
	_ "github.com/banyan-go/banyan/platform/patch"
	_ "github.com/banyan-go/banyan/platform/telemetry"
	_ "github.com/banyan-go/banyan/platform/unit"
	_ "gorm.io/gorm"
)
