package check_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/banyan-go/banyan/generator/check"
)

func findings() []check.Finding {
	return []check.Finding{
		{
			Severity: check.Error, Area: check.Imports, Rule: "import", File: "modules/shop/internal/order/order.go", Line: 7,
			What: "modules/shop/internal/order imports modules/catalog/internal/product", Reason: "modules meet at their contracts",
			Fix: "import modules/catalog and take its interface as a parameter",
		},
		{
			Severity: check.Error, Area: check.Migrations, Rule: "index-lock", File: "modules/shop/migrations/postgres/20261201000000_x.sql", Line: 2,
			What: "CREATE INDEX on shop_orders without CONCURRENTLY", Reason: "every write to the table waits until it is done",
			Fix: "a file of its own for each index, with -- +goose NO TRANSACTION and CREATE INDEX CONCURRENTLY IF NOT EXISTS",
		},
		{
			Severity: check.Note, Area: check.Migrations, Rule: "raw", File: "a.go", Line: 1, What: "GET /<x>", Reason: "why", Fix: "how",
		},
	}
}

// golden compares with a file of testdata; BANYAN_UPDATE=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if os.Getenv("BANYAN_UPDATE") == "1" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// People read it in a terminal of 80 columns, programs as JSON whose names do not change.
func TestPrint(t *testing.T) {
	t.Parallel()
	var text, data bytes.Buffer
	check.Text(&text, findings())
	golden(t, "check.txt", text.String())
	for line := range strings.Lines(text.String()) {
		if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > 80 {
			t.Errorf("wider than a terminal: %s", line)
		}
	}
	if err := check.JSON(&data, findings()); err != nil {
		t.Fatal(err)
	}
	golden(t, "check.json", data.String())

	text.Reset()
	data.Reset()
	check.Text(&text, nil)
	if err := check.JSON(&data, nil); err != nil || text.String() != "no problems\n" || data.String() != "[]\n" {
		t.Errorf("of nothing: %v, %q, %q", err, text.String(), data.String())
	}
}

// Notes are no problems.
func TestProblems(t *testing.T) {
	t.Parallel()
	if n := check.Problems(findings()); n != 2 {
		t.Errorf("%d", n)
	}
}

// An id is a rule's own, and a rule explains itself.
func TestRules(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range check.Rules() {
		if seen[r.ID] || r.Finds == "" || r.Reason == "" || r.Fix == "" || r.Area == "" || r.Severity == "" {
			t.Errorf("%+v", r)
		}
		seen[r.ID] = true
	}
}
