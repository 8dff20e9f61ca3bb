package web

import "github.com/banyan-go/banyan/platform/api"

// commentPolicy says who may do what with comments: whoever is signed in reads, and the role admin writes. Everybody else is refused.
// It knows the caller and not the row: a rule such as "only the one who wrote it" stands in the use case.
type commentPolicy struct{}

func (commentPolicy) list() api.Policy   { return api.SignedIn() }
func (commentPolicy) get() api.Policy    { return api.SignedIn() }
func (commentPolicy) create() api.Policy { return api.Roles("admin") }
func (commentPolicy) update() api.Policy { return api.Roles("admin") }
func (commentPolicy) remove() api.Policy { return api.Roles("admin") }
