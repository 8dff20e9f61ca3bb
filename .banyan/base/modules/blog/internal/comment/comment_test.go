package comment

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/modules/blog"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
)

func TestSamplesObeyTheRules(t *testing.T) {
	t.Parallel()
	for i := range 100 {
		if _, err := begin(sample(i), time.Now()); err != nil {
			t.Fatalf("sample %d: %v", i, err)
		}
	}
}

// a comment lies where everything of its post ID does: its id alone says so.
func TestIDsLieInTheBucketOfTheirKey(t *testing.T) {
	t.Parallel()
	for i := range 3 {
		comment, err := begin(sample(i), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if want := db.By(comment.PostID); db.By(comment.ID) != want || toRow(comment).Bucket != db.BucketOf(comment.ID) {
			t.Errorf("%s is not in the bucket of %v", comment.ID, comment.PostID)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pointer, code string
		spoil         func(v *blog.Comment)
	}{
		{"/post_id", "required", func(v *blog.Comment) { v.PostID = id.ID{} }},
		{"/author_id", "required", func(v *blog.Comment) { v.AuthorID = &id.ID{} }},
		{"/body", "required", func(v *blog.Comment) { v.Body = "" }},
		{"/body", "max_length", func(v *blog.Comment) { v.Body = strings.Repeat("x", 2001) }},
	} {
		comment, err := begin(sample(0), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		c.spoil(&comment)
		broken, _ := errors.AsType[*fault.Error](check(comment))
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
		comment, err := begin(sample(i), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if back := toRow(comment).comment(); !reflect.DeepEqual(back, comment) {
			t.Errorf("the row turns\n%+v into\n%+v", comment, back)
		}
	}
}
