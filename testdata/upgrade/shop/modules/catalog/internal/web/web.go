// Package web is the HTTP face of the module catalog: requests, responses, and the tables of operations.
package web
