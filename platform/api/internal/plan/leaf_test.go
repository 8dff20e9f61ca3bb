package plan_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/decimal"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/money"
)

// leaves are the platform's own types of values.
type leaves struct {
	ID     id.ID            `json:"id"`
	Date   clock.Date       `json:"date"`
	Price  money.Amount     `json:"price"`
	Weight *decimal.Decimal `json:"weight"`
	At     time.Time        `json:"at"`
}

func TestLeaves(t *testing.T) {
	t.Parallel()
	const doc = `{"id":"01890a5d-ac96-774b-bcce-b302099a8057","date":"2026-02-03","price":{"amount":1999,"currency":"EUR"},"weight":"1.5",` +
		`"at":"2026-02-03T04:05:06.000Z"}`
	v, err := decode[leaves](t, doc)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := encode(t, v); err != nil || got != doc {
		t.Errorf("got %s, %v", got, err)
	}
	_, err = decode[leaves](t, `{"id":"x","date":"2026-02-30","price":{"amount":1,"currency":"XXXX"},"weight":"1,5","at":"now"}`)
	if got, want := report(t, err), "invalid /id bad_id, /date bad_date, /price/currency bad_currency, /weight bad_decimal, /at format"; got != want {
		t.Errorf("got %s", got)
	}
	for _, use := range []plan.Use{plan.Input, plan.Output} {
		p, err := plan.New(plan.Options{}).Compile(reflect.TypeFor[leaves](), use)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := plan.NewComponents(nameOf).Schema(p); err != nil {
			t.Error(err)
		}
	}
}
