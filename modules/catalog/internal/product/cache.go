package product

import (
	"context"
	"time"

	"github.com/banyan-go/banyan/modules/catalog"
	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
)

// cached is what was read of products. Everybody gets the same values: whoever changes one changes a copy. What is going to be written is never taken from
// here, but held in its table.
type cached struct {
	cache *cache.Cache
	byID  *cache.Group[id.ID, catalog.Product]
	pages *cache.Group[string, page.Page[catalog.Product]] // by the text of their query
}

// cachedIn keeps what s reads for at most 1m; forget ends it before.
func (s *Service) cachedIn(k *cache.Cache) cached {
	return cached{
		cache: k,
		byID:  cache.Of(k, "catalog.products", cache.Rule{TTL: time.Minute}, s.load).LoadMany(s.loadMany),
		pages: cache.Of(k, "catalog.products.pages", cache.Rule{TTL: time.Minute, Tags: []string{"catalog.products"}}, s.loadPage),
	}
}

// forget says, in the transaction that writes rows, that what is kept about them is no more: they themselves, every page, and
// whatever else has the tag catalog.products: lists of other modules that they stand in.
func (s *Service) forget(ctx context.Context, rows ...row) error {
	n := []string{"#catalog.products"}
	for _, r := range rows {
		n = append(n, "catalog.products:"+r.ID.String())
	}
	return s.cached.cache.Invalidate(ctx, n...)
}

// load reads one, ErrProductNotFound when there is none, which is kept for a moment as well.
func (s *Service) load(ctx context.Context, productID id.ID) (catalog.Product, error) {
	r, err := find(s.db.Query(ctx, db.Global), productID)
	if err != nil {
		return catalog.Product{}, err
	}
	return r.product(), nil
}

// loadMany reads those that there are.
func (s *Service) loadMany(ctx context.Context, ids []id.ID) (map[id.ID]catalog.Product, error) {
	rows, err := db.ByIDs[row](s.db.Query(ctx, db.Global), ids)
	if err != nil {
		return nil, err
	}
	found := make(map[id.ID]catalog.Product, len(rows))
	for _, r := range rows {
		found[r.ID] = r.product()
	}
	return found, nil
}

// loadPage reads the page of a query.
func (s *Service) loadPage(ctx context.Context, t string) (page.Page[catalog.Product], error) {
	l, err := page.New(Listing())
	if err != nil {
		return page.Page[catalog.Product]{}, err
	}
	q, err := l.Query(t)
	if err != nil {
		return page.Page[catalog.Product]{}, err
	}
	rows, err := db.List[row](s.db.Query(ctx, db.Global), q)
	return page.Map(rows, row.product), err
}
