package db_test

import (
	"errors"
	"testing"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/db"
)

func TestConfigSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for set, key := range map[string]string{
		"db.slow=0s":                         "",
		"db.pool.max_open=auto":              "",
		"db.pool.max_open=1000":              "",
		"db.pool.max_open=0":                 "db.pool.max_open",
		"db.pool.max_open=1001":              "db.pool.max_open",
		"db.pool.wait=0s":                    "db.pool.wait",
		"db.pool.wait=2s":                    "",
		"db.pool.wait=2001ms":                "db.pool.wait",
		"db.pool.max_life=0s":                "",
		"db.pool.max_life=-1s":               "db.pool.max_life",
		"db.sqlite.busy_timeout=-1s":         "db.sqlite.busy_timeout",
		"db.postgres.lock_timeout=0s":        "db.postgres.lock_timeout",
		"db.postgres.idle_in_transaction=0s": "db.postgres.idle_in_transaction",
		"db.statement_timeout=0s":            "db.statement_timeout",
		"db.statement_timeout=-1s":           "db.statement_timeout",
		"db.slow=-1ms":                       "db.slow",
	} {
		tree := struct {
			DB db.Config `config:"db"`
		}{db.Default()}
		_, err := config.Load(&tree, config.Options{Set: []string{set}})
		problems, _ := errors.AsType[config.Problems](err)
		switch {
		case key == "" && err != nil:
			t.Errorf("%s: %v", set, err)
		case key != "" && (len(problems) != 1 || problems[0].Key != key || problems[0].Want == ""):
			t.Errorf("%s: %v, want one problem with %s", set, err, key)
		}
	}
}
