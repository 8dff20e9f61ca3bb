package dbtest

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/decimal"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
)

// item is a row with a column of every type, each with and without null.
type item struct {
	ID         id.ID
	Name       string
	NameNull   *string
	Count      int64
	CountNull  *int64
	Ratio      float64
	RatioNull  *float64
	Active     bool
	ActiveNull *bool
	At         time.Time
	AtNull     *time.Time
	Day        clock.Date
	DayNull    *clock.Date
	Owner      id.ID
	OwnerNull  *id.ID
	Weight     db.Decimal
	WeightNull *db.Decimal
	State      string
	StateNull  *string
}

// TableName tells gorm where the rows are.
func (item) TableName() string { return "dbtest_items" }

// account is a row with unique columns.
type account struct {
	ID    id.ID
	Email string
	Shop  string
	Slug  string
	Total int64
}

// TableName tells gorm where the rows are.
func (account) TableName() string { return "dbtest_accounts" }

// newAccount returns an account that collides with no other one.
func newAccount() account {
	a := account{ID: id.New()}
	a.Email, a.Shop, a.Slug = a.ID.String(), "shop", a.ID.String()
	return a
}

// entry is a row that refers to an account.
type entry struct {
	ID        id.ID
	AccountID id.ID
}

// TableName tells gorm where the rows are.
func (entry) TableName() string { return "dbtest_entries" }

// accounts returns how many accounts are committed.
func (w *world) accounts(t *testing.T) int64 {
	t.Helper()
	var n int64
	if err := w.read(context.WithoutCancel(t.Context())).Model(&account{}).Count(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

// create adds an account in the transaction of ctx.
func (w *world) create(ctx context.Context, a account) error {
	return w.h.Query(ctx, db.Global).Create(&a).Error
}

// Digits of the column weight.
const (
	weightPrecision = 18
	weightScale     = 4
)

// listing is the query surface of items: every column, for everything.
func listing(t *testing.T) *page.List {
	t.Helper()
	spec := page.Spec{Search: []string{"name", "name_null"}}
	for _, f := range []page.Field{
		{Name: "name", Type: page.String()},
		{Name: "count", Type: page.Int()},
		{Name: "ratio", Type: page.Float()},
		{Name: "active", Type: page.Bool()},
		{Name: "at", Type: page.Time()},
		{Name: "day", Type: page.Date()},
		{Name: "owner", Type: page.ID()},
		{Name: "weight", Type: page.Decimal(weightPrecision, weightScale)},
		{Name: "state", Type: page.Enum("draft", "published", "gone")},
	} {
		f.Filter, f.Sort = true, true
		spec.Fields = append(spec.Fields, f)
		f.Name, f.Null = f.Name+"_null", true
		spec.Fields = append(spec.Fields, f)
	}
	l, err := page.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// The few values that columns have, so that many rows are alike.
func names() []string {
	return []string{"", "a", "A", "B", "a b", "ä", "Z", "100%", "a_b", `c:\d`, "語"}
}

func decimals() []string {
	return []string{"0", "-0.0001", "1.5", "1.4999", "-99999999999999.9999", "99999999999999.9999"}
}

func times() []time.Time {
	return []time.Time{
		time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC),
		time.Date(2026, 2, 3, 4, 5, 6, 1_000_000, time.UTC),
		time.Date(2026, 2, 3, 4, 5, 6, 10_000_000, time.UTC),
		time.Date(2026, 2, 3, 4, 5, 6, 100_000_000, time.UTC),
		time.Date(2026, 2, 3, 4, 5, 7, 0, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 999_000_000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC),
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

func days() []clock.Date {
	return []clock.Date{{Year: 2026, Month: 1, Day: 31}, {Year: 2026, Month: 2, Day: 1}, {Year: 1999, Month: 12, Day: 31}, {Year: 1, Month: 1, Day: 1}, {Year: 9999, Month: 12, Day: 31}}
}

func owners() []id.ID { return []id.ID{{0: 1, 15: 1}, {0: 1, 15: 2}, {0: 0xff}, {0: 0x7f}} }

// random returns an item with values out of the few.
func random(t *testing.T, r *rand.Rand) item {
	t.Helper()
	i := item{
		ID:    id.New(),
		Name:  pick(r, names()),
		Count: pick(r, []int64{-1 << 63, -1, 0, 1, 2, 1<<63 - 1}), Ratio: pick(r, []float64{-1e300, -1.5, 0, 0.1, 0.3, 1, 1e300}),
		Active: r.IntN(2) == 0,
		At:     pick(r, times()), Day: pick(r, days()), Owner: pick(r, owners()),
		Weight: weight(t, pick(r, decimals())), State: pick(r, []string{"draft", "published", "gone"}),
	}
	// Some nulls in every column, and now and then nothing else.
	null := r.IntN(4)
	set := func() bool { return r.IntN(4) > null }
	i.NameNull = pointer(set(), pick(r, names()))
	i.CountNull = pointer(set(), pick(r, []int64{-5, 0, 5}))
	i.RatioNull = pointer(set(), pick(r, []float64{-0.5, 0, 2}))
	i.ActiveNull = pointer(set(), r.IntN(2) == 0)
	i.AtNull = pointer(set(), pick(r, times()))
	i.DayNull = pointer(set(), pick(r, days()))
	i.OwnerNull = pointer(set(), pick(r, owners()))
	i.WeightNull = pointer(set(), weight(t, pick(r, decimals())))
	i.StateNull = pointer(set(), pick(r, []string{"draft", "gone"}))
	return i
}

func pick[T any](r *rand.Rand, values []T) T { return values[r.IntN(len(values))] }

func pointer[T any](set bool, v T) *T {
	if !set {
		return nil
	}
	return &v
}

func exact(t *testing.T, s string) decimal.Decimal {
	t.Helper()
	d, err := decimal.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func weight(t *testing.T, s string) db.Decimal {
	t.Helper()
	return db.NewDecimal(exact(t, s), weightScale)
}

// value returns what a column of i holds as package page has it, nil for null.
func (i item) value(t *testing.T, column string) any {
	t.Helper()
	number := func(d *db.Decimal) any {
		if d == nil {
			return nil
		}
		return d.Exact(weightScale)
	}
	switch column {
	case "id":
		return i.ID
	case "name":
		return i.Name
	case "name_null":
		return deref(i.NameNull)
	case "count":
		return i.Count
	case "count_null":
		return deref(i.CountNull)
	case "ratio":
		return i.Ratio
	case "ratio_null":
		return deref(i.RatioNull)
	case "active":
		return i.Active
	case "active_null":
		return deref(i.ActiveNull)
	case "at":
		return i.At
	case "at_null":
		return deref(i.AtNull)
	case "day":
		return i.Day
	case "day_null":
		return deref(i.DayNull)
	case "owner":
		return i.Owner
	case "owner_null":
		return deref(i.OwnerNull)
	case "weight":
		return number(&i.Weight)
	case "weight_null":
		return number(i.WeightNull)
	case "state":
		return i.State
	case "state_null":
		return deref(i.StateNull)
	default:
		t.Fatalf("item has no column %s", column)
		panic("unreachable")
	}
}

func deref[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// compare orders two values of one column, neither of them null, without the help of a database.
func compare(a, b any) int {
	switch a := a.(type) {
	case string:
		return cmp.Compare(a, b.(string))
	case int64:
		return cmp.Compare(a, b.(int64))
	case float64:
		return cmp.Compare(a, b.(float64))
	case bool:
		return cmp.Compare(bit(a), bit(b.(bool)))
	case time.Time:
		return a.Compare(b.(time.Time))
	case clock.Date:
		return a.Compare(b.(clock.Date))
	case id.ID:
		return a.Compare(b.(id.ID))
	case decimal.Decimal:
		return a.Compare(b.(decimal.Decimal))
	default:
		panic(fmt.Sprintf("no order for a %T", a))
	}
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// insert adds items.
func (w *world) insert(t *testing.T, items []item) {
	t.Helper()
	if len(items) > 0 {
		w.tx(t, func(_ context.Context, q *gorm.DB) error { return q.CreateInBatches(items, 50).Error })
	}
}

func mustSub(t *testing.T, files fs.FS, dir string) fs.FS {
	t.Helper()
	sub, err := fs.Sub(files, dir)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}
