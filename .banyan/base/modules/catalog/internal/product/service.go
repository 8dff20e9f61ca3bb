package product

import (
	"context"
	"fmt"

	"github.com/banyan-go/banyan/modules/catalog"
	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/patch"
)

// Service is the use cases of products. An exported method is one transaction. It is safe for concurrent use.
type Service struct {
	db     *db.Handle
	clock  clock.Clock
	cached cached
}

var _ catalog.Products = (*Service)(nil)

// New returns the use cases over the tables of the module. What was read is kept in k.
func New(h *db.Handle, c clock.Clock, k *cache.Cache) *Service {
	s := &Service{db: h, clock: c}
	s.cached = s.cachedIn(k)
	return s
}

// Create adds a product.
func (s *Service) Create(ctx context.Context, d Draft) (catalog.Product, error) {
	product, err := begin(d, s.clock.Now())
	if err != nil {
		return catalog.Product{}, err
	}
	err = s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		r := toRow(product)
		if err := insert(s.db.Query(ctx, db.Global), r); err != nil {
			return err
		}
		return s.forget(ctx, r)
	})
	if err != nil {
		return catalog.Product{}, fmt.Errorf("create product: %w", err)
	}
	return product, nil
}

// Get returns a product.
func (s *Service) Get(ctx context.Context, productID id.ID) (catalog.Product, error) {
	v, err := s.cached.byID.Get(ctx, productID)
	if err != nil {
		return catalog.Product{}, fmt.Errorf("get product %s: %w", productID, err)
	}
	return v, nil
}

// List returns the page of products that q asks for.
func (s *Service) List(ctx context.Context, q page.Query) (page.Page[catalog.Product], error) {
	p, err := s.cached.pages.Get(ctx, q.Text())
	if err != nil {
		return page.Page[catalog.Product]{}, fmt.Errorf("list products: %w", err)
	}
	return p, nil
}

// ByIDs is part of catalog.Products.
func (s *Service) ByIDs(ctx context.Context, ids []id.ID) (map[id.ID]catalog.Product, error) {
	found, err := s.cached.byID.GetMany(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("get products by id: %w", err)
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
		if err := update(s.db.Query(ctx, db.Global), toRow(product)); err != nil {
			return err
		}
		return s.forget(ctx, r)
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
		if err := db.Referenced(s.db.Query(ctx, db.Global).Delete(&r).Error); err != nil {
			return err
		}
		return s.forget(ctx, r)
	})
	if err != nil {
		return fmt.Errorf("delete product %s: %w", productID, err)
	}
	return nil
}
