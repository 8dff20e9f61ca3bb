// Package httpserver serves an application's operations over HTTP, on two listeners.
//
// The public one speaks HTTP/1.1 through fiber. What other stacks do in a chain of middleware happens here in one function around the
// router, in this order: health, identification (request id, trace), the checks of the request's form, the deadline, the router with
// recover, the entity tag and 304, compression, headers, metrics, the access log. One function reads the clock twice, allocates once, and
// cannot be put together in the wrong order.
//
// The ops listener speaks to machines and operators: health in detail, /metrics, pprof. It is net/http on a port of its own, so that it
// answers when the public one is saturated.
package httpserver
