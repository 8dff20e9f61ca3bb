package main

import (
	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/cache"
	cacheredis "github.com/banyan-go/banyan/platform/cache/redisstore"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/files/disk"
	"github.com/banyan-go/banyan/platform/images"
	"github.com/banyan-go/banyan/platform/images/webp"
	"github.com/banyan-go/banyan/platform/mail"
	"github.com/banyan-go/banyan/platform/mail/smtp"
	"github.com/banyan-go/banyan/platform/session"
	"github.com/banyan-go/banyan/platform/session/memory"
	"github.com/banyan-go/banyan/platform/session/redisstore"
	"github.com/banyan-go/banyan/platform/session/sqlstore"
)

// drivers are what this binary is compiled with. A profile chooses among them.
func drivers() app.Drivers {
	return app.Drivers{
		DB:       db.Drivers{"postgres": postgres.Driver{}, "sqlite": sqlite.Driver{}},
		Sessions: session.Drivers{"db": sqlstore.Driver{}, "memory": memory.Driver{}, "redis": redisstore.Driver{}},
		Cache:    cache.Drivers{"redis": cacheredis.Driver{}},
		Mail:     mail.Drivers{"smtp": smtp.Driver{}},
		Files:    files.Drivers{"disk": disk.Driver{}},
		Images:   images.Drivers{"webp": webp.Driver{}},
	}
}
