package sessiontest

import (
	"testing"
)

// runConcrete proves what package session promises over such a store.
func runConcrete(t *testing.T, open Open) {}
