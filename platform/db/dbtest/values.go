package dbtest

import (
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
)

// columns are those of item.
func columns() []string {
	return []string{
		"id", "name", "name_null", "count", "count_null", "ratio", "ratio_null", "active", "active_null", "at", "at_null",
		"day", "day_null", "owner", "owner_null", "weight", "weight_null", "state", "state_null",
	}
}

// What is stored comes back as it was, by struct and column by column.
func testValues(t *testing.T, e engine) {
	w := e.start(t)
	r := rand.New(rand.NewPCG(1, 2))
	items := make([]item, 100)
	for i := range items {
		items[i] = random(t, r)
	}
	extreme := random(t, r)
	extreme.Name = strings.Repeat("語", 65_536)
	extreme.Ratio = math.SmallestNonzeroFloat64
	extreme.Weight = weight(t, "-99999999999999.9999")
	items = append(items, extreme)
	w.insert(t, items)
	for _, want := range items {
		var got item
		if err := w.read(t.Context()).Take(&got, "id = ?", want.ID).Error; err != nil {
			t.Fatal(err)
		}
		for _, column := range columns() {
			if g, v := got.value(t, column), want.value(t, column); !reflect.DeepEqual(g, v) {
				t.Errorf("%s: %v came back as %v", column, v, g)
			}
		}
		if got.At.Location() != time.UTC {
			t.Errorf("a time comes back in %v", got.At.Location())
		}
	}
	// A row that was read can be written back whole.
	w.tx(t, func(_ context.Context, q *gorm.DB) error {
		var got item
		if err := q.Take(&got, "id = ?", extreme.ID).Error; err != nil {
			return err
		}
		return q.Select("*").Updates(&got).Error
	})
	var again item
	if err := w.read(t.Context()).Take(&again, "id = ?", extreme.ID).Error; err != nil {
		t.Fatal(err)
	}
	for _, column := range columns() {
		if g, v := again.value(t, column), extreme.value(t, column); !reflect.DeepEqual(g, v) {
			t.Errorf("%s: %v was written back as %v", column, v, g)
		}
	}
	var found []item
	for _, column := range columns() {
		v := items[0].value(t, column)
		switch {
		case strings.HasPrefix(column, "weight"):
			if v == nil {
				continue
			}
			v = db.NewDecimal(exact(t, v.(interface{ String() string }).String()), weightScale)
		case v == nil:
			continue
		}
		found = nil
		if err := w.read(t.Context()).Where(column+" = ?", v).Find(&found).Error; err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(found, func(i item) bool { return i.ID == items[0].ID }) {
			t.Errorf("%s = %v does not find the row", column, v)
		}
	}

	for name, change := range map[string]map[string]any{
		"too many decimals": {"weight": db.NewDecimal(exact(t, "1.00001"), weightScale)},
		"too many digits":   {"weight": db.NewDecimal(exact(t, "100000000000000"), weightScale)},
		"no date":           {"day": clock.Date{Year: 2026, Month: 2, Day: 30}},
		"the zero date":     {"day": clock.Date{}},
		"the zero id":       {"owner": id.ID{}},
	} {
		err := w.inTx(t, func(q *gorm.DB) error {
			return q.Model(&item{}).Where("id = ?", items[0].ID).Updates(change).Error
		})
		if err == nil {
			t.Errorf("%s is stored", name)
		}
	}
}

// Ids work in every place where gorm takes a value.
func testIDs(t *testing.T, e engine) {
	w := e.start(t)
	accounts := []account{newAccount(), newAccount(), newAccount()}
	slices.SortFunc(accounts, func(x, y account) int { return x.ID.Compare(y.ID) })
	w.tx(t, func(_ context.Context, q *gorm.DB) error { return q.Create(&accounts).Error })
	a, b, c := accounts[0], accounts[1], accounts[2]
	for name, c := range map[string]struct {
		run  func(q *gorm.DB, dest *[]account) error
		want []account
	}{
		"in": {func(q *gorm.DB, dest *[]account) error {
			return q.Where("id IN ?", []id.ID{a.ID, c.ID, id.New()}).Order("id").Find(dest).Error
		}, []account{a, c}},
		"in nothing": {func(q *gorm.DB, dest *[]account) error { return q.Where("id IN ?", []id.ID{}).Find(dest).Error }, nil},
		"not in": {func(q *gorm.DB, dest *[]account) error {
			return q.Where("id NOT IN ?", []id.ID{a.ID, c.ID}).Find(dest).Error
		},
			[]account{b}},
		"map": {func(q *gorm.DB, dest *[]account) error { return q.Where(map[string]any{"id": b.ID}).Find(dest).Error }, []account{b}},
		"map of many": {func(q *gorm.DB, dest *[]account) error {
			return q.Where(map[string]any{"id": []id.ID{a.ID, b.ID}}).Order("id").Find(dest).Error
		}, []account{a, b}},
		"struct": {func(q *gorm.DB, dest *[]account) error { return q.Where(&account{ID: c.ID}).Find(dest).Error }, []account{c}},
		"tuples": {func(q *gorm.DB, dest *[]account) error {
			return q.Where("(id, email) IN ?", [][]any{{a.ID, a.Email}, {b.ID, "other"}}).Find(dest).Error
		}, []account{a}},
		"greater": {func(q *gorm.DB, dest *[]account) error { return q.Where("id > ?", a.ID).Order("id").Find(dest).Error }, []account{b, c}},
	} {
		var got []account
		if err := c.run(w.read(t.Context()), &got); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
	var ids []id.ID
	if err := w.read(t.Context()).Model(&account{}).Order("id").Pluck("id", &ids).Error; err != nil || len(ids) != 3 || !slices.IsSortedFunc(ids, id.ID.Compare) {
		t.Errorf("pluck: %v, %v", ids, err)
	}
}
