package api

// Nothing is the Out of an operation that answers without headers and body.
type Nothing struct{}
