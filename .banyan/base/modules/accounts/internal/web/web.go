// Package web is the HTTP face of the module accounts: requests, responses, and the tables of operations.
package web
