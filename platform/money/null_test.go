package money_test

import (
	"testing"

	"github.com/banyan-go/banyan/platform/money"
)

func TestSplitAndJoin(t *testing.T) {
	t.Parallel()
	a := money.Amount{Minor: 1999, Currency: "EUR"}
	minor, currency := money.Split(&a)
	if back := money.Join(minor, currency); back == nil || *back != a {
		t.Errorf("Join(Split(%v)) = %v", a, back)
	}
	*minor = 5
	if a.Minor != 1999 {
		t.Error("the columns share memory with the amount")
	}
	if minor, currency := money.Split(nil); minor != nil || currency != nil {
		t.Errorf("Split(nil) = %v, %v", minor, currency)
	}
	if a := money.Join(minor, nil); a != nil {
		t.Errorf("an amount without a currency is %v, want nil", a)
	}
}
