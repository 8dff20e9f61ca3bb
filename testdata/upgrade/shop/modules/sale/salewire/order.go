package salewire

import (
	"context"

	"github.com/google/wire"

	"example.com/shop/modules/sale"
	"example.com/shop/modules/sale/internal/order"
	"example.com/shop/modules/sale/internal/web"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/module"
)

// Order is the module's part about orders.
type Order struct {
	// Orders is what other modules may ask.
	Orders sale.Orders

	service *order.Service
}

var (
	_ module.Router = (*Order)(nil)
	_ module.Seeder = (*Order)(nil)
)

func newOrder(s *order.Service) *Order { return &Order{Orders: s, service: s} }

var orderSet = wire.NewSet(newOrder, order.New)

// Routes returns the operations.
func (p *Order) Routes() []api.Route { return web.Orders(p.service) }

// Seed adds n invented orders.
func (p *Order) Seed(ctx context.Context, n int) error { return p.service.Seed(ctx, n) }
