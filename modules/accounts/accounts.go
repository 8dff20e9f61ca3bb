// Package accounts is what other modules may know of the module accounts: its types, its errors, and the interfaces that answer for
// them. Everything else is below internal, where the compiler keeps others out.
package accounts
