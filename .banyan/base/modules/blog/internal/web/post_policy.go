package web

import "github.com/banyan-go/banyan/platform/api"

// postPolicy says who may do what with posts: whoever is signed in reads, and the role admin writes. Everybody else is refused.
// It knows the caller and not the row: a rule such as "only the one who wrote it" stands in the use case.
type postPolicy struct{}

func (postPolicy) list() api.Policy   { return api.SignedIn() }
func (postPolicy) get() api.Policy    { return api.SignedIn() }
func (postPolicy) create() api.Policy { return api.Roles("admin") }
func (postPolicy) update() api.Policy { return api.Roles("admin") }
func (postPolicy) remove() api.Policy { return api.Roles("admin") }
