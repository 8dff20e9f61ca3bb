package sqlite_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain runs the child processes of the tests, and fails when a test leaves a goroutine behind.
func TestMain(m *testing.M) {
	if dsn := os.Getenv(writerDSN); dsn != "" {
		writeUntilKilled(dsn)
	}
	// Gorm starts one for its prepared statements, which the suite asks for to see them refused.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"))
}
