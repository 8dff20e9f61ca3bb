package user

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/banyan-go/banyan/platform/db"
)

// seedBatch is how many rows one transaction of Seed adds.
const seedBatch = 100

// Seed adds n invented users that pass every rule. Nobody signs in as one of them: they have no password.
func (s *Service) Seed(ctx context.Context, n int) error {
	first := rand.IntN(1 << 29) // what is unique is made of it, so that Seed can be called again
	for done := 0; done < n; {
		rows := make([]row, min(seedBatch, n-done))
		for i := range rows {
			name, email := sample(first + done + i)
			user, err := begin(name, email, s.Clock.Now())
			if err != nil {
				return fmt.Errorf("seed users: %w", err)
			}
			rows[i] = toRow(Account{User: user}, nil)
		}
		err := s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
			return insert(s.db.Query(ctx, db.Global), rows...)
		})
		if err != nil {
			return fmt.Errorf("seed users: %w", err)
		}
		done += len(rows)
	}
	return nil
}

// sample returns the name and the address of the n-th user.
func sample(n int) (name, email string) {
	return fmt.Sprintf("Name %d", n*617%1000), fmt.Sprintf("u%d@example.com", n)
}
