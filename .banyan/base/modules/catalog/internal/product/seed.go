package product

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/money"
)

// seedBatch is how many rows one transaction of Seed adds.
const seedBatch = 100

// Seed adds n invented products that pass every rule.
func (s *Service) Seed(ctx context.Context, n int) error {
	first := rand.IntN(1 << 29) // what is unique is made of it, so that Seed can be called again
	for done := 0; done < n; {
		rows := make([]row, min(seedBatch, n-done))
		for i := range rows {
			product, err := begin(sample(first+done+i), s.clock.Now())
			if err != nil {
				return fmt.Errorf("seed products: %w", err)
			}
			rows[i] = toRow(product)
		}
		err := s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
			if err := insert(s.db.Query(ctx, db.Global), rows...); err != nil {
				return err
			}
			return s.forget(ctx, rows...)
		})
		if err != nil {
			return fmt.Errorf("seed products: %w", err)
		}
		done += len(rows)
	}
	return nil
}

// sample returns the draft of the n-th product.
func sample(n int) Draft {
	return Draft{
		Sku:      fmt.Sprintf("Sku %d", n),
		Name:     fmt.Sprintf("Name %d", n%1000),
		Price:    money.Amount{Minor: int64(n % 1000), Currency: "EUR"},
		Active:   n%2 == 0,
		Released: orNull(n, clock.Date{Year: 2026, Month: 1, Day: 1}.AddDays(n%1000)),
	}
}

// orNull leaves every third value out.
func orNull[T any](n int, v T) *T {
	if n%3 == 2 {
		return nil
	}
	return &v
}
