// Command app is the reference application.
package main

import (
	"github.com/banyan-go/banyan/configs"
	"github.com/banyan-go/banyan/modules"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/app"
)

// Config is everything that can be set: the platform's sections and those of the modules.
type Config struct {
	app.Config `config:",squash"`
	Modules    modules.Config `config:"modules"`
}

func main() {
	app.Main(app.Program[Config]{
		Name:    "app",
		Info:    api.Info{Title: "app", License: "MIT"},
		Configs: configs.Files,
		Default: func() Config { return Config{Config: app.Default(), Modules: modules.Default()} },
		Build:   build,
	})
}
