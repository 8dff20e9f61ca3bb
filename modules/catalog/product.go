package catalog

import (
	"context"
	"time"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/money"
)

// Product is a product as other modules see it.
type Product struct {
	ID        id.ID
	Sku       string
	Name      string
	Price     money.Amount
	Active    bool
	Released  *clock.Date
	Version   int64 // counts the changes
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Products is what other modules may ask about products.
type Products interface {
	// ByIDs returns those of the products that exist, by their ids, with one query for every 500 of them. Others get the
	// same values: who changes one changes a copy.
	ByIDs(ctx context.Context, ids []id.ID) (map[id.ID]Product, error)
	// Latest returns the ids of at most n products, the newest first.
	Latest(ctx context.Context, n int) ([]id.ID, error)
}

// What can be wrong with a request about products. Compare with errors.Is.
var (
	ErrProductNotFound = fault.New(fault.NotFound, "product_not_found", "There is no such product.")
	ErrProductTaken    = fault.New(fault.Conflict, "product_taken", "Another product has this value, which is unique.")
)
