package app

import (
	"cmp"
	"context"
	"io"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/cdn"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/db/querystat"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/httpserver"
	"github.com/banyan-go/banyan/platform/images"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/mail"
	"github.com/banyan-go/banyan/platform/session"
)

// Env is what a program is started with, beside its configuration.
type Env struct {
	Name    string
	Version string
	Info    api.Info
	Mode    config.Mode
	Profile string
	// Describe says that the application is built to be looked at, and neither started nor connected to anything: what a start needs
	// and is not there, a driver for instance, is no error.
	Describe bool
	// Keys sign what travels through clients, and encrypt what modules keep secret. Nil in commands that only describe the application.
	Keys *keyring.Ring
	// Out is where log lines go.
	Out io.Writer
	// Color says whether Out is a terminal that shows colours.
	Color bool
	// Sockets are what the command serve has inherited.
	Sockets httpserver.Sockets
	// Broken is a file that holds, while the newest source does not run, why; empty for none. In mode dev the page at / shows it.
	Broken string
	// Undeclared is told of each code that an operation answers with and that its Op.Errors do not name. Nil is a warning in mode dev and
	// nothing elsewhere. The goroutines of requests call it.
	Undeclared func(operation, code string)
	// Denied is told of each statement that a module may not run, db.ErrForeignTable for instance, also when the module ignores the error.
	// Nil is a warning in mode dev. The goroutines of requests call it.
	Denied func(context.Context, db.Refusal)

	// Queries is told of the statements of each request that ran any, at its end. Nil is a warning, in mode dev, of those that run too many or
	// repeat them, and nothing elsewhere. The goroutines of requests call it.
	Queries func(querystat.Report)
	// Tokens is asked whose a bearer token is before the module that knows: tests make callers by it. Nil for nobody.
	Tokens api.TokenVerifier

	called caller // by whoever has typed it; see hints
}

// hints is how hints name commands of the program.
func (e Env) hints() caller { return caller{cmp.Or(e.called.name, e.Name), e.called.flags} }

// Dev reports whether the program runs in mode dev.
func (e Env) Dev() bool { return e.Mode == config.Dev }

// Drivers are what is compiled in, by capability. The tags name the setting that picks one of them, and the method where its work begins.
type Drivers struct {
	DB       db.Drivers      `picked:"db.driver" begins:"Open"`
	Sessions session.Drivers `picked:"session.store" begins:"Open"`
	Cache    cache.Drivers   `picked:"cache.l2.driver" begins:"Open"`
	Mail     mail.Drivers    `picked:"mail.driver" begins:"Open"`
	Files    files.Drivers   `picked:"files.driver" begins:"Open"`
	Images   images.Drivers  `picked:"images.driver" begins:"Open"`
	// CDN are the vendors of caches in front beside Varnish and nginx, which every program knows.
	CDN cdn.Drivers `picked:"cdn.vendor" begins:"Purge"`
}
