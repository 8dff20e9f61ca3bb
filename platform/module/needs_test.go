package module_test

import (
	"fmt"
	"testing"

	"github.com/banyan-go/banyan/platform/module"
)

type (
	loanNeeds struct {
		Books   fmt.Stringer
		Members fmt.Stringer
		Limit   int
	}
	fineNeeds struct{ Rates func() int }
	needs     struct {
		Loan loanNeeds
		Fine fineNeeds
	}
)

type name string

func (n name) String() string { return string(n) }

// What a test forgets to give to a module is named before anything asks for it.
func TestNeedsThatAreMissingAreNamed(t *testing.T) {
	t.Parallel()
	rates := func() int { return 1 }
	for _, c := range []struct {
		needs any
		want  string
	}{
		{needs{loanNeeds{name("b"), name("m"), 0}, fineNeeds{rates}}, "<nil>"},
		{struct{}{}, "<nil>"},
		{needs{loanNeeds{nil, name("m"), 0}, fineNeeds{rates}}, "lending: Needs.Loan.Books is nil: a test gives it in boot, in lending_test.go"},
		{needs{}, "lending: Needs.Loan.Books, Needs.Loan.Members, Needs.Fine.Rates are nil: a test gives them in boot, in lending_test.go"},
	} {
		if got := fmt.Sprint(module.CheckNeeds("lending", c.needs)); got != c.want {
			t.Errorf("%+v: %s\nwant %s", c.needs, got, c.want)
		}
	}
}
