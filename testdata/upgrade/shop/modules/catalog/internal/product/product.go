// Package product holds the rules of products and their use cases.
package product

import (
	"strings"
	"time"
	"unicode/utf8"

	"example.com/shop/modules/catalog"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/money"
	"github.com/banyan-go/banyan/platform/patch"
)

// Draft is what a caller decides about a new product.
type Draft struct {
	Sku      string
	Name     string
	Price    money.Amount
	Active   bool
	Released *clock.Date
}

// Change is what a caller changes about a product: the slots that are set.
type Change struct {
	Sku      patch.Change[string]
	Name     patch.Change[string]
	Price    patch.Change[money.Amount]
	Active   patch.Change[bool]
	Released patch.Change[*clock.Date]
}

// begin turns a draft into a product.
func begin(d Draft, now time.Time) (catalog.Product, error) {
	product := catalog.Product{
		ID:        id.New(),
		Sku:       d.Sku,
		Name:      d.Name,
		Price:     d.Price,
		Active:    d.Active,
		Released:  d.Released,
		Version:   1,
		CreatedAt: now,
		UpdatedAt: now,
	}
	return product, check(product)
}

// apply returns a product with the change made.
func apply(product catalog.Product, c Change, now time.Time) (catalog.Product, error) {
	c.Sku.To(&product.Sku)
	c.Name.To(&product.Name)
	c.Price.To(&product.Price)
	c.Active.To(&product.Active)
	c.Released.To(&product.Released)
	product.Version++
	product.UpdatedAt = now
	return product, check(product)
}

// check holds the rules that every product obeys.
func check(product catalog.Product) error {
	var c fault.Checks
	c.That(product.Sku != "", "/sku", "required", "must not be empty")
	c.That(utf8.RuneCountInString(product.Sku) <= 64, "/sku", "max_length", "must be at most 64 characters long")
	// Ours: what the warehouse tries out is not sold.
	c.That(!strings.HasPrefix(product.Sku, "try-"), "/sku", "on_trial", "must not be one of a trial")
	c.That(product.Name != "", "/name", "required", "must not be empty")
	c.That(utf8.RuneCountInString(product.Name) <= 255, "/name", "max_length", "must be at most 255 characters long")
	c.That(product.Price.Currency != "", "/price/currency", "required", "must be given")
	if product.Released != nil {
		c.That(!product.Released.IsZero(), "/released", "required", "must be given")
	}
	return c.Err()
}
