// Package blog is what other modules may know of the module blog: its types, its errors, and the interfaces that answer for
// them. Everything else is below internal, where the compiler keeps others out.
package blog
