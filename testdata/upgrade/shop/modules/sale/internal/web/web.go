// Package web is the HTTP face of the module sale: requests, responses, and the tables of operations.
package web
