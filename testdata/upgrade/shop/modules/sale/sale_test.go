package sale_test

import (
	"context"
	"testing"

	"example.com/shop/modules/catalog"
	"example.com/shop/modules/sale/salewire"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/module"
)

// application is one with this module alone.
type application struct {
	*apptest.App
	module *salewire.Module
}

func boot(t *testing.T) application {
	t.Helper()
	var m *salewire.Module
	a := apptest.Run(t, func(p module.Platform) (_ module.Module, err error) {
		m, err = salewire.New(p, salewire.Default(), salewire.Needs{Stock: salewire.StockNeeds{Products: shelf{}}})
		return m, err
	})
	return application{a, m}
}

func TestModuleStarts(t *testing.T) {
	t.Parallel()
	boot(t).Get("/readyz").Want(200)
}

// shelf knows one product.
type shelf struct{}

var known = id.New()

func (shelf) ByIDs(_ context.Context, ids []id.ID) (map[id.ID]catalog.Product, error) {
	found := map[id.ID]catalog.Product{}
	for _, i := range ids {
		if i == known {
			found[i] = catalog.Product{ID: i, Name: "Tea"}
		}
	}
	return found, nil
}

func TestOffers(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Get("/api/v1/sale/offers/"+known.String()).Want(200).WantAt("/name", `"Tea"`).WantAt("/limit", "10")
	a.Get("/api/v1/sale/offers/"+id.New().String()).WantProblem(404, "not_sold")
	a.Get("/api/v1/sale/clock").Want(200)
}
