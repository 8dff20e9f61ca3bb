package suite_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/suite"
)

// theBudget is a test that writes a golden file as those of modules do: it raises what is there.
const theBudget = `package shop_test

import (
	"os"
	"testing"
)

const file = "testdata/queries.golden"

func TestBudget(t *testing.T) {
	if os.Getenv("BANYAN_BUDGET") != "update" {
		dir, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(os.Getenv("BANYAN_UNBUDGETED"), []byte(dir+"\tGET /a\n"+dir+"\tGET /b\n"+dir+"\tGET /a\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat("broken"); err == nil {
			t.Fatal("broken")
		}
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		text = []byte("anew")
	}
	if err := os.WriteFile(file, append(text, '+'), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("broken"); err == nil {
		t.Fatal("broken")
	}
}
`

func TestUpdateBudget(t *testing.T) {
	t.Parallel()
	p := newProject(t, "")
	if err := os.RemoveAll(p.Path("thing")); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(p.Path("shop", "testdata"), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p.Path("shop", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("shop_test.go", theBudget)
	golden := filepath.Join("testdata", "queries.golden")
	for _, c := range []struct {
		what   string
		before string
		budget string
		flags  []string
		broken bool
		after  string
		said   string
	}{
		{"not asked to", "old", "", nil, false, "old", "\nroutes whose queries no golden file has: 2\nnext:  banyan test --budget update ./shop\n"},
		{"anew", "old", suite.UpdateBudget, nil, false, "anew+", "  budget    shop/testdata/queries.golden\n"},
		{"the same", "anew+", suite.UpdateBudget, nil, false, "anew+", "  budget    nothing has changed\n"},
		{"some tests only raise", "old", suite.UpdateBudget, []string{"-run", "Budget"}, false, "old+", "  budget    shop/testdata/queries.golden\n"},
		{"tests that fail change nothing", "old", suite.UpdateBudget, nil, true, "old", "the golden files of queries are as before, because tests fail\n"},
		{"tests that fail write none", "", suite.UpdateBudget, nil, true, "", "the golden files of queries are as before, because tests fail\n"},
		{"tests that fail are mended first", "", "", nil, true, "", ""},
	} {
		if write(golden, c.before); c.before == "" {
			if err := os.Remove(p.Path("shop", golden)); err != nil {
				t.Fatal(err)
			}
		}
		if c.broken {
			write("broken", "")
		}
		var out, errs bytes.Buffer
		err := suite.Run(t.Context(), p, suite.Options{Mode: suite.Auto, Budget: c.budget, Flags: c.flags, Out: &out, Err: &errs})
		if (err != nil) != c.broken {
			t.Errorf("%s: %v\n%s", c.what, err, out.String())
		}
		text, err := os.ReadFile(p.Path("shop", golden))
		if there := err == nil; there != (c.after != "") || string(text) != c.after {
			t.Errorf("%s: the file holds %q, error %v, want %q", c.what, text, err, c.after)
		}
		if said := errs.String(); !strings.HasSuffix(said, c.said) || c.said == "" && said != "" {
			t.Errorf("%s: it said %q, want %q", c.what, said, c.said)
		}
	}
}
