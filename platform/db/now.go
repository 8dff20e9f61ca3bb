package db

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/clock"
)

// Now returns the time by the clock of the database, cut to whole seconds, with one statement. What ends at some time ends by this clock, and is
// compared with CURRENT_TIMESTAMP in SQL, as in expires_at > CURRENT_TIMESTAMP: the clocks of the processes may be wrong, and differ.
func Now(q *gorm.DB) (time.Time, error) {
	var now any
	if err := q.Raw("SELECT CURRENT_TIMESTAMP").Row().Scan(&now); err != nil {
		return time.Time{}, fmt.Errorf("ask the database for the time: %w", err)
	}
	switch now := now.(type) {
	case time.Time:
		return clock.Cut(now).Truncate(time.Second), nil
	case string:
		t, err := time.Parse(time.DateTime, now)
		if err != nil {
			return time.Time{}, fmt.Errorf("ask the database for the time: %w", err)
		}
		return t, nil
	default:
		return time.Time{}, fmt.Errorf("ask the database for the time: it answers with a %T", now)
	}
}
