package order

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"example.com/shop/modules/sale"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/money"
)

// seedBatch is how many rows one transaction of Seed adds.
const seedBatch = 500

// Seed adds n invented orders that pass every rule.
func (s *Service) Seed(ctx context.Context, n int) error {
	first := rand.IntN(1 << 29) // what is unique is made of it, so that Seed can be called again
	for done := 0; done < n; {
		rows := make([]row, min(seedBatch, n-done))
		for i := range rows {
			order, err := begin(sample(first+done+i), s.clock.Now())
			if err != nil {
				return fmt.Errorf("seed orders: %w", err)
			}
			rows[i] = toRow(order)
		}
		err := s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
			return insert(s.db.Query(ctx, db.Global), rows...)
		})
		if err != nil {
			return fmt.Errorf("seed orders: %w", err)
		}
		done += len(rows)
	}
	return nil
}

// sample returns the draft of the n-th order.
func sample(n int) Draft {
	return Draft{
		Number: fmt.Sprintf("Number %d", n),
		Status: []sale.OrderStatus{sale.OrderStatusDraft, sale.OrderStatusPlaced}[n%2],
		Placed: orNull(n, time.Unix(int64(1_767_225_600+n*617%1000), 0).UTC()),
		Total:  money.Amount{Minor: int64(n % 1000), Currency: "EUR"},
	}
}

// orNull leaves every third value out.
func orNull[T any](n int, v T) *T {
	if n%3 == 2 {
		return nil
	}
	return &v
}
