package migratelint_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "github.com/ncruces/go-sqlite3/driver"
)

// What SQLite is said to refuse it refuses, and what is said to be the way out it takes.
func TestSQLiteAgrees(t *testing.T) {
	t.Parallel()
	for i, c := range pairs() {
		if c.dialect != lit {
			continue
		}
		t.Run(fmt.Sprintf("%02d %s", i, c.rule), func(t *testing.T) {
			t.Parallel()
			if err := apply(t, c.good); err != nil {
				t.Errorf("%v\n%s", err, c.good)
			}
			refused := c.rule == "sqlite-unsupported" || c.rule == "not-null-column"
			if err := apply(t, c.bad); refused && err == nil {
				t.Errorf("it does\n%s", c.bad)
			}
		})
	}
}

// apply executes the section Up of base and of this file on a database with a row.
func apply(t *testing.T, file string) error {
	t.Helper()
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	const row = "INSERT INTO catalog_products VALUES ('1', 'a', 1, NULL)"
	for _, statements := range []string{section(base), row} {
		if _, err := db.ExecContext(t.Context(), statements); err != nil {
			t.Fatal(err)
		}
	}
	_, err = db.ExecContext(t.Context(), section(file))
	return err
}

// section is what stands between the annotations Up and Down.
func section(file string) string {
	_, up, _ := strings.Cut(file, "-- +goose Up\n")
	up, _, _ = strings.Cut(up, "-- +goose Down\n")
	return up
}
