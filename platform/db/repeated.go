package db

import (
	"context"

	"github.com/banyan-go/banyan/platform/db/querystat"
)

// Repeated returns a context under which a request may run the same statement any number of times: for a loop that is meant, over batches of
// rows for instance. Elsewhere that is taken for a query for each element of a list, which mode dev warns of and tests fail for. The statements
// count as one in db.query_budget. Why is for the reader of the code, "one batch of 500 rows at a time".
func Repeated(ctx context.Context, why string) context.Context {
	if why == "" {
		panic("db: Repeated without a reason")
	}
	return querystat.Repeated(ctx)
}
