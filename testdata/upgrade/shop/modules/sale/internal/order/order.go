// Package order holds the rules of orders and their use cases.
package order

import (
	"time"
	"unicode/utf8"

	"example.com/shop/modules/sale"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/money"
	"github.com/banyan-go/banyan/platform/patch"
)

// Draft is what a caller decides about an new order.
type Draft struct {
	Number string
	Status sale.OrderStatus
	Placed *time.Time
	Total  money.Amount
}

// Change is what a caller changes about an order: the slots that are set.
type Change struct {
	Number patch.Change[string]
	Status patch.Change[sale.OrderStatus]
	Placed patch.Change[*time.Time]
	Total  patch.Change[money.Amount]
}

// begin turns a draft into an order.
func begin(d Draft, now time.Time) (sale.Order, error) {
	order := sale.Order{
		ID:        id.New(),
		Number:    d.Number,
		Status:    d.Status,
		Placed:    d.Placed,
		Total:     d.Total,
		Version:   1,
		CreatedAt: now,
		UpdatedAt: now,
	}
	normalize(&order)
	return order, check(order)
}

// apply returns an order with the change made.
func apply(order sale.Order, c Change, now time.Time) (sale.Order, error) {
	c.Number.To(&order.Number)
	c.Status.To(&order.Status)
	c.Placed.To(&order.Placed)
	c.Total.To(&order.Total)
	order.Version++
	order.UpdatedAt = now
	normalize(&order)
	return order, check(order)
}

// normalize writes values that have several spellings in one of them.
func normalize(order *sale.Order) {
	if order.Placed != nil {
		order.Placed = new(clock.Cut(*order.Placed))
	}
}

// check holds the rules that every order obeys.
func check(order sale.Order) error {
	var c fault.Checks
	c.That(order.Number != "", "/number", "required", "must not be empty")
	c.That(utf8.RuneCountInString(order.Number) <= 255, "/number", "max_length", "must be at most 255 characters long")
	c.That(order.Status.Known(), "/status", "enum", "must be one of the words that are allowed")
	if order.Placed != nil {
		c.That(!order.Placed.IsZero(), "/placed", "required", "must be given")
	}
	c.That(order.Total.Currency != "", "/total/currency", "required", "must be given")
	return c.Err()
}
