package post

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

// a post lies where everything of its author ID does: its id alone says so.
func TestIDsLieInTheBucketOfTheirKey(t *testing.T) {
	t.Parallel()
	for i := range 3 {
		post, err := begin(sample(i), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if want := db.By(post.AuthorID); db.By(post.ID) != want || toRow(post).Bucket != db.BucketOf(post.ID) {
			t.Errorf("%s is not in the bucket of %v", post.ID, post.AuthorID)
		}
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pointer, code string
		spoil         func(v *blog.Post)
	}{
		{"/title", "required", func(v *blog.Post) { v.Title = "" }},
		{"/title", "max_length", func(v *blog.Post) { v.Title = strings.Repeat("x", 121) }},
		{"/body", "max_length", func(v *blog.Post) { v.Body = strings.Repeat("x", 65537) }},
		{"/author_id", "required", func(v *blog.Post) { v.AuthorID = id.ID{} }},
		{"/status", "enum", func(v *blog.Post) { v.Status = blog.PostStatus("no such word") }},
	} {
		post, err := begin(sample(0), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		c.spoil(&post)
		broken, _ := errors.AsType[*fault.Error](check(post))
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
		post, err := begin(sample(i), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if back := toRow(post).post(); !reflect.DeepEqual(back, post) {
			t.Errorf("the row turns\n%+v into\n%+v", post, back)
		}
	}
}
