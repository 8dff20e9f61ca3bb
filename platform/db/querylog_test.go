package db

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm/logger"
)

func TestQueryLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	l := &queryLog{log: slog.New(slog.NewTextHandler(&out, nil)), slow: time.Second}
	statement := func() (string, int64) {
		text, vars := l.ParamsFilter(t.Context(), "SELECT ?", "the secret")
		if len(vars) > 0 {
			t.Errorf("values are logged: %v", vars)
		}
		return text, 3
	}
	l.Trace(t.Context(), time.Now(), statement, nil)
	for _, note := range []func(){
		func() { l.Info(t.Context(), "the secret %v", "the secret") },
		func() { l.Warn(t.Context(), "a note", "the secret") },
		func() { l.Error(t.Context(), "a note", "the secret") },
	} {
		note()
	}
	if out.Len() > 0 {
		t.Errorf("a fast statement and notes for debugging are logged: %s", out.String())
	}
	l.Trace(t.Context(), time.Now().Add(-time.Hour), statement, nil)
	if got := out.String(); !strings.Contains(got, "level=WARN") || !strings.Contains(got, `sql="SELECT ?"`) || !strings.Contains(got, "rows=3") {
		t.Errorf("a slow statement is logged as %s", got)
	}
	out.Reset()
	(&queryLog{log: l.log}).Trace(t.Context(), time.Now().Add(-time.Hour), statement, nil)
	if out.Len() > 0 {
		t.Errorf("slow: 0 logs %s", out.String())
	}
	if l.LogMode(logger.Silent) != logger.Interface(l) {
		t.Error("gorm can change the level")
	}
}
