package order

import (
	"context"
	"fmt"

	"example.com/shop/modules/sale"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/patch"
)

// Service is the use cases of orders. An exported method is one transaction. It is safe for concurrent use.
type Service struct {
	db    *db.Handle
	clock clock.Clock
}

var _ sale.Orders = (*Service)(nil)

// New returns the use cases over the tables of the module.
func New(h *db.Handle, c clock.Clock) *Service { return &Service{db: h, clock: c} }

// Create adds an order.
func (s *Service) Create(ctx context.Context, d Draft) (sale.Order, error) {
	order, err := begin(d, s.clock.Now())
	if err != nil {
		return sale.Order{}, err
	}
	err = s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		return insert(s.db.Query(ctx, db.Global), toRow(order))
	})
	if err != nil {
		return sale.Order{}, fmt.Errorf("create order: %w", err)
	}
	return order, nil
}

// Get returns an order.
func (s *Service) Get(ctx context.Context, orderID id.ID) (sale.Order, error) {
	r, err := find(s.db.Query(ctx, db.Global), orderID)
	if err != nil {
		return sale.Order{}, fmt.Errorf("get order %s: %w", orderID, err)
	}
	return r.order(), nil
}

// List returns the page of orders that q asks for.
func (s *Service) List(ctx context.Context, q page.Query) (page.Page[sale.Order], error) {
	rows, err := db.List[row](s.db.Query(ctx, db.Global), q)
	if err != nil {
		return page.Page[sale.Order]{}, fmt.Errorf("list orders: %w", err)
	}
	return page.Map(rows, row.order), nil
}

// ByIDs is part of sale.Orders.
func (s *Service) ByIDs(ctx context.Context, ids []id.ID) (map[id.ID]sale.Order, error) {
	var rows []row
	if err := s.db.Query(ctx, db.Global).Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("get orders by id: %w", err)
	}
	found := make(map[id.ID]sale.Order, len(rows))
	for _, r := range rows {
		found[r.ID] = r.order()
	}
	return found, nil
}

// Update changes an order, if its version is among those expected.
func (s *Service) Update(ctx context.Context, orderID id.ID, expected patch.Versions, c Change) (sale.Order, error) {
	var order sale.Order
	err := s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		r, err := hold(s.db.Query(ctx, db.Global), orderID)
		if err != nil {
			return err
		}
		if err := expected.Allow(r.Version); err != nil {
			return err
		}
		if order, err = apply(r.order(), c, s.clock.Now()); err != nil {
			return err
		}
		return update(s.db.Query(ctx, db.Global), toRow(order))
	})
	if err != nil {
		return sale.Order{}, fmt.Errorf("update order %s: %w", orderID, err)
	}
	return order, nil
}

// Delete removes an order, if its version is among those expected.
func (s *Service) Delete(ctx context.Context, orderID id.ID, expected patch.Versions) error {
	err := s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		r, err := hold(s.db.Query(ctx, db.Global), orderID)
		if err != nil {
			return err
		}
		if err := expected.Allow(r.Version); err != nil {
			return err
		}
		return s.db.Query(ctx, db.Global).Delete(&r).Error
	})
	if err != nil {
		return fmt.Errorf("delete order %s: %w", orderID, err)
	}
	return nil
}
