package dbtest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"testing"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
)

// note is a row of a table that is divided by tenant.
type note struct {
	Bucket db.Bucket `gorm:"primaryKey"`
	ID     id.ID     `gorm:"primaryKey"`
	Tenant string
	Body   string
}

// TableName tells gorm where the rows are.
func (note) TableName() string { return "dbtest_notes" }

// newNote returns a note in the bucket of its tenant.
func newNote(tenant, body string) note {
	noteID := id.NewIn(id.BucketOf(tenant))
	return note{Bucket: db.BucketOf(noteID), ID: noteID, Tenant: tenant, Body: body}
}

func (w *world) addNotes(t *testing.T, notes ...note) {
	t.Helper()
	for _, n := range notes {
		if err := w.h.Tx(t.Context(), db.By(n.ID), func(ctx context.Context) error { return w.h.Query(ctx, db.By(n.ID)).Create(&n).Error }); err != nil {
			t.Fatal(err)
		}
	}
}

// notes returns the bodies of all of them, whichever bucket they are in.
func (w *world) notes(t *testing.T) (bodies []string) {
	t.Helper()
	err := w.h.Each(t.Context(), func(_ context.Context, q *gorm.DB) error {
		return q.Model(&note{}).Order("body").Limit(100).Pluck("body", &bodies).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	return bodies
}

// A row is found, changed and deleted by its bucket and its id, in bucket 0 too, which is a number like the others.
func testDividedTable(t *testing.T, e engine) {
	for _, bucket := range []id.Bucket{0, 1, id.Buckets - 1} {
		w := e.start(t)
		mineID := id.NewIn(bucket)
		mine := note{Bucket: db.BucketOf(mineID), ID: mineID, Tenant: "a", Body: "mine"}
		other := mine
		other.Bucket, other.Body = db.BucketOf(id.NewIn(bucket^1)), "other" // the same id, where it does not belong
		w.addNotes(t, mine, other)
		h, key := w.h, db.By(mineID)

		var read note
		if err := h.Query(t.Context(), key).Where("bucket = ? AND id = ?", mine.Bucket, mineID).Take(&read).Error; err != nil || read != mine {
			t.Errorf("bucket %d: read %+v, %v, want %+v", bucket, read, err, mine)
		}
		read.Body = "changed"
		err := h.Tx(t.Context(), key, func(ctx context.Context) error { return h.Query(ctx, key).Select("*").Updates(&read).Error })
		if got := w.notes(t); err != nil || !slices.Equal(got, []string{"changed", "other"}) {
			t.Errorf("bucket %d: an update has left %q, %v", bucket, got, err)
		}
		err = h.Tx(t.Context(), key, func(ctx context.Context) error { return h.Query(ctx, key).Delete(&read).Error })
		if got := w.notes(t); err != nil || !slices.Equal(got, []string{"other"}) {
			t.Errorf("bucket %d: a deletion has left %q, %v", bucket, got, err)
		}
		unset := note{ID: id.New(), Tenant: "a"}
		if err := h.Tx(t.Context(), key, func(ctx context.Context) error { return h.Query(ctx, key).Create(&unset).Error }); err == nil {
			t.Errorf("bucket %d: a row without its bucket is stored", bucket)
		}
	}
}

// A list of one key's rows reads that key's bucket alone; one without a key reads them all, a page at a time, and searches nothing.
func testListBy(t *testing.T, e engine) {
	w := e.start(t)
	astray := newNote("a", "astray")
	astray.Bucket = db.BucketOf(id.NewIn(astray.ID.Bucket() ^ 1))
	w.addNotes(t, newNote("a", "a1"), newNote("a", "a2"), newNote("b", "b1"), astray)
	l, err := page.New(page.Spec{
		Fields: []page.Field{{Name: "tenant", Type: page.String(), Filter: true}, {Name: "body", Type: page.String(), Sort: true}},
		Search: []string{"body"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		words []string
		want  []string
	}{
		{[]string{"filter[tenant]=a"}, []string{"a1", "a2"}},
		{[]string{"filter[tenant][in]=a"}, []string{"a1", "a2"}},
		{[]string{"filter[tenant]=a", "q=2"}, []string{"a2"}},
		{[]string{"filter[tenant]=nobody"}, nil},
		{[]string{"filter[tenant][in]=a,b"}, []string{"a1", "a2", "astray", "b1"}},
		{[]string{"filter[tenant][ne]=b"}, []string{"a1", "a2", "astray"}},
		{nil, []string{"a1", "a2", "astray", "b1"}},
		{[]string{"limit=2"}, []string{"a1", "a2"}},
	} {
		p, err := db.ListBy[note](t.Context(), w.h, "tenant", query(t, l, append(c.words, "sort=body")...))
		var got []string
		for _, n := range p.Items {
			got = append(got, n.Body)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, %v, want %q", c.words, got, err, c.want)
		}
	}
	a, b := newNote("a", "a3"), newNote("b", "b2")
	w.addNotes(t, a, b)
	found, err := db.ByIDsEach[note](t.Context(), w.h, []id.ID{a.ID, b.ID, id.New(), astray.ID})
	slices.SortFunc(found, func(x, y note) int { return cmp.Compare(x.Body, y.Body) })
	if err != nil || !slices.Equal(found, []note{a, b}) {
		t.Errorf("by id: %+v, %v, want those two that are in their bucket", found, err)
	}
	_, err = db.ListBy[note](t.Context(), w.h, "tenant", query(t, l, "q=a"))
	if f, ok := errors.AsType[*fault.Error](err); !ok || fault.KindOf(err) != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Pointer != "/q" {
		t.Errorf("a search over all keys: %v", err)
	}
}
