package product

import (
	"context"
	"fmt"

	"github.com/banyan-go/banyan/modules/catalog"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/patch"
)

// Service is the use cases of products. An exported method is one transaction. It is safe for concurrent use.
type Service struct {
	db    *db.Handle
	clock clock.Clock
}

var _ catalog.Products = (*Service)(nil)

// New returns the use cases over the tables of the module.
func New(h *db.Handle, c clock.Clock) *Service { return &Service{db: h, clock: c} }

// Create adds a product.
func (s *Service) Create(ctx context.Context, d Draft) (catalog.Product, error) {
	product, err := begin(d, s.clock.Now())
	if err != nil {
		return catalog.Product{}, err
	}
	err = s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		return insert(s.db.Query(ctx, db.Global), toRow(product))
	})
	if err != nil {
		return catalog.Product{}, fmt.Errorf("create product: %w", err)
	}
	return product, nil
}

// Get returns a product.
func (s *Service) Get(ctx context.Context, productID id.ID) (catalog.Product, error) {
	r, err := find(s.db.Query(ctx, db.Global), productID)
	if err != nil {
		return catalog.Product{}, fmt.Errorf("get product %s: %w", productID, err)
	}
	return r.product(), nil
}

// List returns the page of products that q asks for.
func (s *Service) List(ctx context.Context, q page.Query) (page.Page[catalog.Product], error) {
	rows, err := db.List[row](s.db.Query(ctx, db.Global), q)
	if err != nil {
		return page.Page[catalog.Product]{}, fmt.Errorf("list products: %w", err)
	}
	return page.Map(rows, row.product), nil
}

// ByIDs is part of catalog.Products.
func (s *Service) ByIDs(ctx context.Context, ids []id.ID) (map[id.ID]catalog.Product, error) {
	rows, err := db.ByIDs[row](s.db.Query(ctx, db.Global), ids)
	if err != nil {
		return nil, fmt.Errorf("get products by id: %w", err)
	}
	found := make(map[id.ID]catalog.Product, len(rows))
	for _, r := range rows {
		found[r.ID] = r.product()
	}
	return found, nil
}

// Latest is part of catalog.Products.
func (s *Service) Latest(ctx context.Context, n int) ([]id.ID, error) {
	ids, err := db.Latest[row](s.db.Query(ctx, db.Global), n)
	if err != nil {
		return nil, fmt.Errorf("get the latest products: %w", err)
	}
	return ids, nil
}

// Update changes a product, if its version is among those expected.
func (s *Service) Update(ctx context.Context, productID id.ID, expected patch.Versions, c Change) (catalog.Product, error) {
	var product catalog.Product
	err := s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		r, err := hold(s.db.Query(ctx, db.Global), productID)
		if err != nil {
			return err
		}
		if err := expected.Allow(r.Version); err != nil {
			return err
		}
		if product, err = apply(r.product(), c, s.clock.Now()); err != nil {
			return err
		}
		return update(s.db.Query(ctx, db.Global), toRow(product))
	})
	if err != nil {
		return catalog.Product{}, fmt.Errorf("update product %s: %w", productID, err)
	}
	return product, nil
}

// Delete removes a product, if its version is among those expected.
func (s *Service) Delete(ctx context.Context, productID id.ID, expected patch.Versions) error {
	err := s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		r, err := hold(s.db.Query(ctx, db.Global), productID)
		if err != nil {
			return err
		}
		if err := expected.Allow(r.Version); err != nil {
			return err
		}
		return db.Referenced(s.db.Query(ctx, db.Global).Delete(&r).Error)
	})
	if err != nil {
		return fmt.Errorf("delete product %s: %w", productID, err)
	}
	return nil
}
