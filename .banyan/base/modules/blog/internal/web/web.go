// Package web is the HTTP face of the module blog: requests, responses, and the tables of operations.
package web
