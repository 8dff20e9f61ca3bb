//go:build wireinject

package main

import (
	"github.com/google/wire"

	"example.com/shop/modules"
	"github.com/banyan-go/banyan/platform/app"
)

func build(env app.Env, cfg Config) (*app.App, error) {
	wire.Build(wire.FieldsOf(new(Config), "Config", "Modules"), drivers, app.Set, modules.Set)
	return nil, nil
}
