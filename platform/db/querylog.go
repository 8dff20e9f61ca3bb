package db

import (
	"context"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/banyan-go/banyan/platform/db/querystat"
)

// queryLog logs slow statements, with placeholders and never with values. Errors are left to those who get them.
type queryLog struct {
	log  *slog.Logger
	slow time.Duration
}

var (
	_ logger.Interface  = (*queryLog)(nil)
	_ gorm.ParamsFilter = (*queryLog)(nil)
)

// LogMode is gorm's switch of levels: slog has its own.
func (l *queryLog) LogMode(logger.LogLevel) logger.Interface { return l }

// Info, Warn and Error are gorm's notes about its own use. They go to debug: their arguments may hold values.
func (l *queryLog) Info(ctx context.Context, msg string, _ ...any) { l.log.DebugContext(ctx, msg) }

// Warn is like Info.
func (l *queryLog) Warn(ctx context.Context, msg string, _ ...any) { l.log.DebugContext(ctx, msg) }

// Error is like Info.
func (l *queryLog) Error(ctx context.Context, msg string, _ ...any) { l.log.DebugContext(ctx, msg) }

// Trace is called after each statement, when its rows have been read.
func (l *queryLog) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), _ error) {
	took := time.Since(begin)
	querystat.Finish(ctx, took, statement)
	if l.slow <= 0 || took < l.slow {
		return
	}
	text, rows := statement()
	l.log.WarnContext(ctx, "slow statement", "duration_ms", float64(took.Microseconds())/1000, "rows", rows, "sql", text)
}

// ParamsFilter drops the values of a statement from what is logged.
func (l *queryLog) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}
