package archtest_test

import (
	"strings"
	"testing"
)

// In a module the text of a statement is a constant: what was put together at run time is found, and nothing else.
func TestConstantSQL(t *testing.T) {
	t.Parallel()
	const head = "package product\n\nimport (\n\t\"fmt\"\n\t\"strings\"\n)\n\nconst table = \"products\"\n\n"
	for _, c := range []struct {
		body  string
		found bool
	}{
		{`q.Raw("SELECT 1")`, false},
		{"q.Raw(`SELECT 1`)", false},
		{`q.Raw("SELECT 1" + " FROM " + table, name)`, false},
		{`const local = "x"; q.Exec(local)`, false},
		{`q.Exec(("DELETE FROM x"))`, false},
		{`q.Raw(name)`, true},
		{`q.Raw("SELECT " + name)`, true},
		{`q.Raw(fmt.Sprintf("SELECT %s", name))`, true},
		{`text := "SELECT 1"; q.Raw(text)`, true},
		{`q.Exec(f())`, true},
		{`s.db.Query(ctx, key).Exec("DELETE FROM " + name)`, true},
		{`q.Where("id = ?", name)`, false},
		{`q.Where(map[string]any{"name": name})`, false},
		{`q.Where(&row{Name: "a" + name})`, false},
		{`q.Where(cond)`, false},
		{`q.Where("name = '" + name + "'")`, true},
		{`q.Where(fmt.Sprintf("name = '%s'", name))`, true},
		{`q.Where(name)`, true},
		{`q.Order(name)`, true},
		{`q.Order("created_at DESC")`, false},
		{`q.Order(orders[name])`, false},
		{`q.Order(name + " DESC")`, true},
		{`q.Order(strings.Join(names, ","))`, true},
		{`order := "name " + name; q.Order(order)`, true},
		{`order := "name" + table; q.Order(order)`, false},
		{`order := "name"; order += name; q.Order(order)`, true},
		{`q.Select(name)`, true},
		{`q.Table(table)`, false},
		{`q.Joins("JOIN a ON a.id = " + name)`, true},
		{`func(sort string) { q.Order(sort) }("x")`, true},
		{`strings.Join(names, name); fmt.Select(name)`, false},
		{`q.Raw("SELECT " + name) // banyan:allow sql the name is one of a list`, false},
		{"// banyan:allow sql the name is one of a list\n\tq.Raw(\"SELECT \" + name)", false},
		{`q.Raw("SELECT " + name) // banyan:allow sql`, true},
		{"// banyan:allow sql too far away\n\n\n\tq.Raw(\"SELECT \" + name)", true},
	} {
		text := head + "func (s *store) do(q *gorm.DB, name string, names []string, cond condition) {\n\t" + c.body + "\n}\n"
		got := sqlFindings(t, tree{"modules/catalog/internal/product/store.go": text})
		if c.found != (len(got) == 1) {
			t.Errorf("%s: %q, want a finding: %v", c.body, got, c.found)
		}
	}
	bad := head + "func do(q *gorm.DB, name string) {\n\tq.Raw(name)\n}\n"
	for file, found := range map[string]bool{
		"modules/catalog/internal/product/store.go": true, "modules/catalog/catalog.go": true, "modules/catalog/internal/product/store_test.go": false,
		"modules/catalog/testdata/x.go": false, "internal/tool/tool.go": false,
	} {
		if got := sqlFindings(t, tree{file: bad}); found != (len(got) == 1) {
			t.Errorf("%s: %q, want a finding: %v", file, got, found)
		} else if found && !strings.HasPrefix(got[0], file+":11: the SQL of Raw is put together at run time: ") {
			t.Errorf("%s: %s", file, got[0])
		}
	}
	if got := sqlFindings(t, tree{"modules/catalog/internal/product/a.go": "package product\n\nconst other = \"SELECT 1\"\n", "modules/catalog/internal/product/b.go": "package product\n\nfunc do(q *gorm.DB) { q.Raw(other) }\n"}); len(got) > 0 {
		t.Errorf("a constant of another file: %q", got)
	}
}

// sqlFindings returns what is found about SQL.
func sqlFindings(t *testing.T, files tree) (found []string) {
	t.Helper()
	for _, f := range find(t, "example.com/shop", files) {
		if strings.Contains(f, "the SQL of ") {
			found = append(found, f)
		}
	}
	return found
}
