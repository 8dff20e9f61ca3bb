// Package web is the HTTP face of the module storefront: requests, responses, and the tables of operations.
package web
