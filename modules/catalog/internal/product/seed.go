package product

import (
	"context"
	"fmt"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/money"
)

// seedBatch is how many rows one transaction of Seed adds.
const seedBatch = 500

// Seed adds n products with invented values that pass every rule.
func (s *Service) Seed(ctx context.Context, n int) error {
	for done := 0; done < n; {
		rows := make([]row, min(seedBatch, n-done))
		for i := range rows {
			p, err := begin(sample(done+i), s.clock.Now())
			if err != nil {
				return fmt.Errorf("seed products: %w", err)
			}
			rows[i] = toRow(p)
		}
		err := s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
			return insert(s.db.Query(ctx, db.Global), rows...)
		})
		if err != nil {
			return fmt.Errorf("seed products: %w", err)
		}
		done += len(rows)
	}
	return nil
}

// sample returns the draft of the i-th product. Unique values are drawn, so that Seed can be called again.
func sample(i int) Draft {
	unique := id.New().String()
	return Draft{
		Sku:    "sku-" + unique,
		Name:   fmt.Sprintf("Name %d", i),
		Price:  money.Amount{Minor: int64(i) + 100, Currency: "EUR"},
		Active: i%2 == 0,
	}
}
