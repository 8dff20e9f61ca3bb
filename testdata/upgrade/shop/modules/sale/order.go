package sale

import (
	"context"
	"time"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/money"
)

// Order is an order as other modules see it.
type Order struct {
	ID        id.ID
	Number    string
	Status    OrderStatus
	Placed    *time.Time
	Total     money.Amount
	Version   int64 // counts the changes
	CreatedAt time.Time
	UpdatedAt time.Time
}

// OrderStatus is the status of an order.
type OrderStatus string

// The values of OrderStatus.
const (
	OrderStatusDraft  OrderStatus = "draft"
	OrderStatusPlaced OrderStatus = "placed"
)

// Known reports whether v is one of its values.
func (v OrderStatus) Known() bool {
	switch v {
	case OrderStatusDraft, OrderStatusPlaced:
		return true
	default:
		return false
	}
}

// Orders is what other modules may ask about orders.
type Orders interface {
	// ByIDs returns those of the orders that exist, by their ids, with one query.
	ByIDs(ctx context.Context, ids []id.ID) (map[id.ID]Order, error)
}

// What can be wrong with a request about orders. Compare with errors.Is.
var (
	ErrOrderNotFound = fault.New(fault.NotFound, "order_not_found", "There is no such order.")
	ErrOrderTaken    = fault.New(fault.Conflict, "order_taken", "Another order has this value, which is unique.")
)
