package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/check"
	"github.com/banyan-go/banyan/generator/projecttest"
)

// findings reads what check --json has printed.
func findings(t *testing.T, r result) []check.Finding {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(r.out))
	d.DisallowUnknownFields()
	var found []check.Finding
	if err := d.Decode(&found); err != nil || found == nil {
		t.Fatalf("%v: exit code %d\n%s%s", err, r.code, r.out, r.errs)
	}
	return found
}

// This repository is free of problems.
func TestCheckOfThisRepository(t *testing.T) {
	t.Parallel()
	r := banyan(t, projecttest.Checkout(t), "check", "-q", "--json")
	found := findings(t, r)
	if r.code != 0 || r.errs != "" || check.Problems(found) > 0 {
		t.Errorf("exit code %d, %+v\n%s", r.code, found, r.errs)
	}
}

// So is a new application, notes aside; what is wrong afterwards ends in exit code 3, as text and as JSON, on standard output.
func TestCheck(t *testing.T) {
	t.Parallel()
	root := projecttest.New(t, filepath.Join(t.TempDir(), "shop")).Root
	r := banyan(t, root, "check")
	if last := r.out[strings.LastIndex(strings.TrimSpace(r.out), "\n")+1:]; r.code != 0 || !strings.HasPrefix(last, "no problems") || !strings.Contains(r.errs, "  build ") {
		t.Errorf("exit code %d\n%s%s", r.code, r.out, r.errs)
	}
	if err := os.WriteFile(filepath.Join(root, "cmd/shop/mistake.go"), []byte("package main\n\nvar mistake int = \"text\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r = banyan(t, root, "check", "-q")
	if r.code != 3 || r.errs != "" || !strings.Contains(r.out, "  error  cmd/shop/mistake.go:3  compile\n") || !strings.HasSuffix(r.out, "\n1 problem, 1 note\n") {
		t.Errorf("exit code %d\n%s%s", r.code, r.out, r.errs)
	}
	r = banyan(t, root, "check", "-q", "--json")
	if found := findings(t, r); r.code != 3 || r.errs != "" || len(found) != 2 || found[0].File != "cmd/shop/mistake.go" {
		t.Errorf("exit code %d\n%s%s", r.code, r.out, r.errs)
	}
}

// The page of the reference that lists the rules is what the code says; BANYAN_UPDATE=1 writes it.
func TestReferenceCheck(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	b.WriteString("# Findings of `banyan check`\n\n" +
		"This page is written by `BANYAN_UPDATE=1 go test -run TestReference ./cmd/banyan`.\n\n" +
		"`banyan check` looks at everything that can be seen without a running system. Problems end it with exit code 3; notes do not. With `--json` it\n" +
		"prints an array of objects with `severity`, `area`, `rule`, `file`, `line`, `what`, `reason` and `fix`, by area, errors first.\n\n" +
		"A finding about a migration is silenced by a comment above the statement, or above `-- +goose Up` when it concerns the whole file. What drops a column or\n" +
		"a table says that nothing reads it any more. Neither comment counts without its reason:\n\n" +
		"```sql\n-- banyan:allow RULE why it is right here\n-- banyan:contract nothing has read it since version 1.4\n```\n")
	area := check.Area("")
	for _, r := range check.Rules() {
		if r.Area != area {
			area = r.Area
			b.WriteString("\n## " + string(area) + "\n\n| rule | severity | finds | because | fix |\n|---|---|---|---|---|\n")
		}
		finds := r.Finds
		if r.Dialect != "" {
			finds = string(r.Dialect) + ": " + finds
		}
		cell := strings.NewReplacer("<", "&lt;", "|", `\|`)
		b.WriteString("| `" + strings.Join([]string{r.ID + "`", string(r.Severity), cell.Replace(finds), cell.Replace(r.Reason), cell.Replace(r.Fix)}, " | ") + " |\n")
	}
	const page = "../../docs/reference/check.md"
	if os.Getenv("BANYAN_UPDATE") == "1" {
		if err := os.WriteFile(page, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, b.Bytes()) {
		t.Errorf("%s is not what the code says; write it with BANYAN_UPDATE=1 go test -run TestReference ./cmd/banyan", page)
	}
}
