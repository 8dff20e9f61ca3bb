package dbtest

import (
	"context"
	"slices"
	"testing"

	"github.com/banyan-go/banyan/platform/db"
)

// The plan of a statement says whether an index leads to its rows and has their order, in an empty table as in a large one. The statement does
// not run.
func testExplain(t *testing.T, e engine) {
	w := e.start(t)
	if err := w.h.Tx(t.Context(), db.Global, func(ctx context.Context) error {
		return w.h.Query(ctx, db.Global).Exec("INSERT INTO dbtest_accounts (id, email, shop, slug, total) VALUES ('00000000-0000-7000-8000-000000000000', 'a', 'b', 'c', 1)").Error
	}); err != nil {
		t.Fatal(err)
	}
	const accounts = "SELECT * FROM dbtest_accounts"
	for statement, want := range map[string]struct{ scans, sorts bool }{
		accounts + " WHERE id = ?":                                                             {false, false},
		accounts + " WHERE id IN (?)":                                                          {false, false},
		accounts + ` WHERE email = ?`:                                                          {false, false},
		accounts + ` WHERE "shop" = ?`:                                                         {false, false},
		accounts + " WHERE shop = ? ORDER BY slug LIMIT ?":                                     {false, false},
		accounts + " WHERE (shop, slug) > (?, ?) ORDER BY shop, slug LIMIT ?":                  {false, false},
		accounts + " WHERE slug = ?":                                                           {true, false},
		accounts + " WHERE total > ? ORDER BY id LIMIT ?":                                      {true, false},
		accounts + " WHERE shop = ? ORDER BY total":                                            {false, true},
		accounts + " ORDER BY total LIMIT ?":                                                   {true, true},
		"SELECT count(*) FROM dbtest_accounts WHERE total = ?":                                 {true, false},
		"UPDATE dbtest_accounts SET total = ? WHERE slug = ?":                                  {true, false},
		"DELETE FROM dbtest_entries WHERE id = ?":                                              {false, false},
		"DELETE FROM dbtest_entries WHERE account_id = ?":                                      {true, false},
		"SELECT a.id FROM dbtest_accounts AS a WHERE a.slug = ? AND a.email <> 'what? isn''t'": {true, false},
	} {
		plan, err := w.db.Explain(t.Context(), statement)
		if err != nil {
			t.Errorf("%s: %v", statement, err)
			continue
		}
		scanned := len(plan.Scans) > 0
		if scanned != want.scans || plan.Sorts != want.sorts || len(plan.Lines) == 0 {
			t.Errorf("%s: scans %v, sorts %v, want %+v: %q", statement, plan.Scans, plan.Sorts, want, plan.Lines)
		}
	}
	if plan, err := w.db.Explain(t.Context(), "SELECT * FROM dbtest_accounts WHERE"); err == nil {
		t.Errorf("a statement that is none has the plan %+v", plan)
	}
	var ids []string
	if err := w.read(t.Context()).Table("dbtest_accounts").Pluck("id", &ids).Error; err != nil || !slices.Equal(ids, []string{"00000000-0000-7000-8000-000000000000"}) {
		t.Errorf("the rows are %q, error %v: a statement has run", ids, err)
	}
}
