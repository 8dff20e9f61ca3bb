package app

import (
	"io"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/keyring"
)

// Env is what a program is started with, beside its configuration.
type Env struct {
	Name    string
	Version string
	Info    api.Info
	Mode    config.Mode
	Profile string
	// Keys sign what travels through clients. Nil in commands that only describe the application.
	Keys *keyring.Ring
	// Out is where log lines go.
	Out io.Writer
	// Color says whether Out is a terminal that shows colours.
	Color bool
}

// Dev reports whether the program runs in mode dev.
func (e Env) Dev() bool { return e.Mode == config.Dev }

// Drivers are what is compiled in, by capability.
type Drivers struct {
	DB db.Drivers
}
