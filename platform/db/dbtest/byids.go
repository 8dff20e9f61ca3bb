package dbtest

import (
	"context"
	"slices"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
)

// Rows are found by any number of ids, more than a statement of the engine can bind, each once.
func testByIDs(t *testing.T, e engine) {
	w := e.start(t)
	a, b := newAccount(), newAccount()
	w.tx(t, func(_ context.Context, q *gorm.DB) error { return q.Create([]account{a, b}).Error })
	ids := make([]id.ID, 70_000)
	for i := range ids {
		ids[i] = id.New()
	}
	ids[0], ids[1], ids[len(ids)-1] = a.ID, a.ID, b.ID
	found, err := db.ByIDs[account](w.h.Query(t.Context(), db.Global), ids)
	if slices.SortFunc(found, func(x, y account) int { return x.ID.Compare(y.ID) }); err != nil || !slices.Equal(found, inOrder(a, b)) {
		t.Errorf("%d rows, %v, want two", len(found), err)
	}
	if ids[1] != a.ID || ids[len(ids)-1] != b.ID {
		t.Error("the ids of the caller are in another order")
	}
	found, err = db.ByIDs[account](w.h.Query(t.Context(), db.Global).Where("email = ?", b.Email), ids)
	if err != nil || !slices.Equal(found, []account{b}) {
		t.Errorf("with a condition: %d rows, %v, want one", len(found), err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel() // who asks nothing hears nothing of it
	if found, err = db.ByIDs[account](w.h.Query(ended, db.Global), nil); err != nil || len(found) != 0 {
		t.Errorf("by no ids: %d rows, %v", len(found), err)
	}
}

func inOrder(accounts ...account) []account {
	slices.SortFunc(accounts, func(x, y account) int { return x.ID.Compare(y.ID) })
	return accounts
}

// The newest come first, of all databases together.
func testLatest(t *testing.T, e engine) {
	w := e.start(t)
	var accounts []account
	var notes []note
	for hour := range 5 {
		at := time.Date(2026, 1, 2, hour, 0, 0, 0, time.UTC)
		a := newAccount()
		a.ID = madeAt(at, a.ID)
		n := newNote("ab"[hour%2:hour%2+1], "text")
		n.ID = madeAt(at, n.ID)
		accounts, notes = append(accounts, a), append(notes, n)
	}
	w.tx(t, func(_ context.Context, q *gorm.DB) error { return q.Create(accounts).Error })
	w.addNotes(t, notes...)
	for _, n := range []int{0, 2, 9} {
		got, err := db.Latest[account](w.h.Query(t.Context(), db.Global), n)
		var want []id.ID
		for _, a := range slices.Backward(accounts) {
			want = append(want, a.ID)
		}
		if want = want[:min(n, len(want))]; err != nil || !slices.Equal(got, want) {
			t.Errorf("the latest %d: %v, %v, want %v", n, got, err, want)
		}
		got, err = db.LatestEach[note](t.Context(), w.h, n)
		want = want[:0]
		for _, m := range slices.Backward(notes) {
			want = append(want, m.ID)
		}
		if want = want[:min(n, len(want))]; err != nil || !slices.Equal(got, want) {
			t.Errorf("the latest %d of a divided table: %v, %v, want %v", n, got, err, want)
		}
	}
}

// madeAt returns an id as New would have made it then.
func madeAt(at time.Time, like id.ID) id.ID {
	ms := at.UnixMilli()
	for i := range 6 {
		like[i] = byte(ms >> (40 - 8*i))
	}
	return like
}
