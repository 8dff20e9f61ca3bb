package catalogwire

import (
	"context"

	"github.com/google/wire"

	"example.com/shop/modules/catalog"
	"example.com/shop/modules/catalog/internal/product"
	"example.com/shop/modules/catalog/internal/web"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/module"
)

// Product is the module's part about products.
type Product struct {
	// Products is what other modules may ask.
	Products catalog.Products

	service *product.Service
}

var (
	_ module.Router = (*Product)(nil)
	_ module.Seeder = (*Product)(nil)
)

func newProduct(s *product.Service) *Product { return &Product{Products: s, service: s} }

var productSet = wire.NewSet(newProduct, product.New)

// Routes returns the operations.
func (p *Product) Routes() []api.Route { return web.Products(p.service) }

// Seed adds n invented products.
func (p *Product) Seed(ctx context.Context, n int) error { return p.service.Seed(ctx, n) }
