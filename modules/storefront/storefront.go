// Package storefront is what visitors see of the catalogue: a page for everybody, with pictures of the products. It is written by hand, to show a module
// with a page, files and images; it asks the catalogue through its contract.
package storefront

import "github.com/banyan-go/banyan/platform/fault"

// What can be wrong with a request about pictures. Compare with errors.Is.
var (
	ErrNoProduct = fault.New(fault.NotFound, "no_such_product", "There is no such product.")
	ErrAlt       = fault.New(fault.Invalid, "alt_missing", "Say what there is to see, in the field alt, in at most 255 characters.")
)
