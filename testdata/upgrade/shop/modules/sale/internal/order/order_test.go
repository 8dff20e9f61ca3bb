package order

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/shop/modules/sale"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/money"
)

func TestSamplesObeyTheRules(t *testing.T) {
	t.Parallel()
	for i := range 100 {
		if _, err := begin(sample(i), time.Now()); err != nil {
			t.Fatalf("sample %d: %v", i, err)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pointer, code string
		spoil         func(v *sale.Order)
	}{
		{"/number", "required", func(v *sale.Order) { v.Number = "" }},
		{"/number", "max_length", func(v *sale.Order) { v.Number = strings.Repeat("x", 256) }},
		{"/status", "enum", func(v *sale.Order) { v.Status = sale.OrderStatus("no such word") }},
		{"/placed", "required", func(v *sale.Order) { v.Placed = &time.Time{} }},
		{"/total/currency", "required", func(v *sale.Order) { v.Total = money.Amount{} }},
	} {
		order, err := begin(sample(0), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		c.spoil(&order)
		broken, _ := errors.AsType[*fault.Error](check(order))
		if broken == nil || !slices.ContainsFunc(broken.Fields, func(f fault.Field) bool { return f.Pointer == c.pointer && f.Code == c.code }) {
			t.Errorf("%s: %v, want the code %s", c.pointer, broken, c.code)
		}
	}
}

func TestNormalize(t *testing.T) {
	t.Parallel()
	raw := sale.Order{
		Placed: new(time.Date(2026, 1, 2, 4, 4, 5, 6_789_000, time.FixedZone("", 3600))),
	}
	want := sale.Order{
		Placed: new(time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)),
	}
	if normalize(&raw); !reflect.DeepEqual(raw, want) {
		t.Errorf("got  %+v\nwant %+v", raw, want)
	}
}

func TestApplyLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.January, 2, 3, 4, 5, 0, time.UTC)
	before, err := begin(sample(1), now)
	if err != nil {
		t.Fatal(err)
	}
	after, err := apply(before, Change{}, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	want := before
	want.Version, want.UpdatedAt = 2, now.Add(time.Hour)
	if !reflect.DeepEqual(after, want) {
		t.Errorf("an empty change made\n%+v out of\n%+v", after, before)
	}
}

func TestRowKeepsEverything(t *testing.T) {
	t.Parallel()
	for i := range 3 { // what may be null is null in one of three
		order, err := begin(sample(i), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if back := toRow(order).order(); !reflect.DeepEqual(back, order) {
			t.Errorf("the row turns\n%+v into\n%+v", order, back)
		}
	}
}
