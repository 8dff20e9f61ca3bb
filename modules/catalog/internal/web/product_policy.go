package web

import "github.com/banyan-go/banyan/platform/api"

// productPolicy says who may do what with products: whoever is signed in reads, and the role admin writes. Everybody else is refused.
// It knows the caller and not the row: a rule such as "only the one who wrote it" stands in the use case.
type productPolicy struct{}

func (productPolicy) list() api.Policy   { return api.SignedIn() }
func (productPolicy) get() api.Policy    { return api.SignedIn() }
func (productPolicy) create() api.Policy { return api.Roles("admin") }
func (productPolicy) update() api.Policy { return api.Roles("admin") }
func (productPolicy) remove() api.Policy { return api.Roles("admin") }
