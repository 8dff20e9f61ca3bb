// Package api turns Go functions into HTTP operations.
//
// A handler is func(ctx, *In) (*Out, error). From the two types come the route's parameters, the reading and checking of a request, the
// response, and the OpenAPI document: what is enforced is what is documented.
//
// In is a struct. A field tagged path:"id", query:"limit" or header:"If-Match" is a parameter, which may be left out unless it stands in the
// path or is tagged required:"true"; the field named Body is the JSON body. Out is a struct: a field tagged header:"Location" is a response
// header when it is not empty, the field named Body is the JSON body. Presence is in the type of a body's field:
//
//	T                  must be there, and not null
//	T with default     may be left out
//	*T                 may be left out or null
//	patch.Change[T]    may be left out; tells that from a value      (merge-patch)
//	patch.Change[*T]   may be left out or null; tells all three apart
//
// Constraints are JSON Schema's words as tags: minLength, maxLength, pattern, format, enum, minimum, maximum, exclusiveMinimum,
// exclusiveMaximum, multipleOf, minItems, maxItems, uniqueItems, minProperties, maxProperties, default; and doc and example. A tag that does
// not fit its field is an error of Mount, so that no program with one starts.
//
// Errors: a *fault.Error becomes a problem body (RFC 9457) with the status of its kind; every other error is logged and becomes a 500 that
// says nothing. Nothing in an error body is taken from the request but names of unknown fields that look like names.
package api
