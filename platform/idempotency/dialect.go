package idempotency

import (
	"fmt"
	"time"
)

// dialect is how an engine says the time. It is the database's clock: those of the processes may differ.
type dialect struct {
	now   string
	later string                        // with one parameter, made by span
	span  func(after time.Duration) any // behind now
	skip  string                        // of rows that somebody else deletes
}

func dialectOf(name string) dialect {
	if name == "sqlite" {
		return dialect{
			now:   "strftime('%Y-%m-%d %H:%M:%f', 'now')", // as the columns have it
			later: "strftime('%Y-%m-%d %H:%M:%f', 'now', ?)",
			span:  func(after time.Duration) any { return fmt.Sprintf("+%.3f seconds", after.Seconds()) },
		}
	}
	return dialect{
		now:   "clock_timestamp()", // now() is the time at which the transaction began, before it waited for a lock
		later: "clock_timestamp() + CAST(? AS bigint) * interval '1 millisecond'",
		span:  func(after time.Duration) any { return after.Milliseconds() },
		skip:  " FOR UPDATE SKIP LOCKED",
	}
}
