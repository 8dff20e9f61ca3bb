//go:build wireinject

package storefrontwire

import (
	"github.com/google/wire"

	"github.com/banyan-go/banyan/platform/module"
)

// New builds the module.
func New(p module.Platform, cfg Config, needs Needs) (*Module, error) {
	wire.Build(inside)
	return nil, nil
}
