package product

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/modules/catalog"
	"github.com/banyan-go/banyan/platform/clock"
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
		spoil         func(v *catalog.Product)
	}{
		{"/sku", "required", func(v *catalog.Product) { v.Sku = "" }},
		{"/sku", "max_length", func(v *catalog.Product) { v.Sku = strings.Repeat("x", 65) }},
		{"/name", "required", func(v *catalog.Product) { v.Name = "" }},
		{"/name", "max_length", func(v *catalog.Product) { v.Name = strings.Repeat("x", 256) }},
		{"/price/currency", "required", func(v *catalog.Product) { v.Price = money.Amount{} }},
		{"/released", "required", func(v *catalog.Product) { v.Released = &clock.Date{} }},
	} {
		product, err := begin(sample(0), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		c.spoil(&product)
		broken, _ := errors.AsType[*fault.Error](check(product))
		if broken == nil || !slices.ContainsFunc(broken.Fields, func(f fault.Field) bool { return f.Pointer == c.pointer && f.Code == c.code }) {
			t.Errorf("%s: %v, want the code %s", c.pointer, broken, c.code)
		}
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
		product, err := begin(sample(i), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if back := toRow(product).product(); !reflect.DeepEqual(back, product) {
			t.Errorf("the row turns\n%+v into\n%+v", product, back)
		}
	}
}

// What processes share is JSON.
func TestJSONKeepsEverything(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.January, 2, 3, 4, 5, 6_000_000, time.UTC)
	for i := range 3 { // what may be null is null in one of three
		product, err := begin(sample(i), now)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(product)
		if err != nil {
			t.Fatal(err)
		}
		var back catalog.Product
		if err := json.Unmarshal(raw, &back); err != nil || !reflect.DeepEqual(back, product) {
			t.Errorf("%s turns\n%+v into\n%+v, error %v", raw, product, back, err)
		}
	}
}
