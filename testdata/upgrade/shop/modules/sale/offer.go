package sale

import "github.com/banyan-go/banyan/platform/fault"

// ErrNotSold is answered for a product that is not there.
var ErrNotSold = fault.New(fault.NotFound, "not_sold", "There is no such product.")
