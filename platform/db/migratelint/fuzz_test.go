package migratelint_test

import (
	"testing"

	"github.com/banyan-go/banyan/platform/db/migratelint"
)

// Whatever stands in a file, it is judged: there is no panic, and every finding has a place.
func FuzzCheck(f *testing.F) {
	for _, c := range pairs() {
		f.Add(c.bad, c.dialect == lit)
		f.Add(c.good, c.dialect == lit)
	}
	f.Fuzz(func(t *testing.T, text string, sqlite bool) {
		name := "postgres/20260202000000_next.sql"
		if sqlite {
			name = "sqlite/20260202000000_next.sql"
		}
		found, err := migratelint.Check("catalog", migrations(map[string]string{name: text}))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			if f.File == "" || f.Line < 1 || f.Reason == "" {
				t.Errorf("%+v", f)
			}
		}
	})
}
