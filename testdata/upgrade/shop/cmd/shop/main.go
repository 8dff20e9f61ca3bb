// Command shop is the application: every command of it, in one binary.
package main

import (
	"example.com/shop/configs"
	"example.com/shop/modules"
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
		Name:    "shop",
		Info:    api.Info{Title: "shop", License: "MIT"},
		Configs: configs.Files,
		Default: func() Config { return Config{Config: app.Default(), Modules: modules.Default()} },
		Build:   build,
	})
}
