package page_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
)

// A page is kept by the text of its query, and loaded again by that alone.
func TestTextOfAQueryIsAllOfIt(t *testing.T) {
	t.Parallel()
	l := mustList(t, wide())
	owner := id.New()
	seen := map[string]string{}
	for _, words := range []string{
		"", "limit=7", "count=exact", "q=50%25 'off'", "sort=name_null", "sort=-name_null",
		"filter[name]=a", "filter[name]=b", "filter[name][ne]=a", "filter[name][in]=a,b", "filter[name]=", "filter[name_null][null]=true", "filter[name_null][null]=false",
		"filter[count][gte]=-5", "filter[count][lt]=-5", "filter[small][in]=-5,7", "filter[ratio]=1.5e300", "filter[active]=true", "filter[at][gt]=2026-02-03T04:05:06.007Z", "filter[day]=2024-02-29",
		"filter[owner]=" + owner.String(), "filter[weight]=-9999.99", "filter[state]=draft", "filter[price.amount]=1", "filter[name]=a&filter[count]=1&sort=ratio&limit=3",
	} {
		q := parse(t, l, words)
		text := q.Text()
		if other, taken := seen[text]; taken {
			t.Errorf("%q and %q have one text: %s", words, other, text)
		}
		seen[text] = words
		back, err := l.Query(text)
		if err != nil || !reflect.DeepEqual(back, q) {
			t.Errorf("%q came back as %+v, %v, want %+v", words, back, err, q)
		}
	}
	a, b := parse(t, l, "filter[name]=a&filter[count]=1").Text(), parse(t, l, "filter[count]=1&filter[name]=a").Text()
	if a != b {
		t.Errorf("the order of filters makes two texts: %s, %s", a, b)
	}
}

func TestTextOfAQueryHasItsPlace(t *testing.T) {
	t.Parallel()
	l := mustList(t, wide())
	first := parse(t, l, "sort=day_null")
	for _, value := range []any{nil, clock.Date{Year: 2024, Month: 2, Day: 29}} {
		q := first
		q.From, q.Backward = &page.Key{Value: value, ID: id.New()}, true
		q = q.Within("owner", id.New())
		if back, err := l.Query(q.Text()); err != nil || !reflect.DeepEqual(back, q) {
			t.Errorf("%+v came back as %+v, %v", q, back, err)
		}
		if other := first.Within("owner", q.Place[0].Values[0]); other.Text() == first.Text() || other.Text() == q.Text() {
			t.Error("two queries have one text")
		}
	}
}

// What another version has written, or somebody else, is no query.
func TestTextOfNoQuery(t *testing.T) {
	t.Parallel()
	l := mustList(t, wide())
	for _, text := range []string{
		``, `{}`, `{"sort":"-id"}`, `{"sort":"-id","limit":201}`, `{"sort":"hidden","limit":1}`, `{"sort":"-id","limit":1,"more":1}`,
		`{"sort":"-id","limit":1,"filter":[["name"]]}`, `{"sort":"-id","limit":1,"filter":[["none","eq","a"]]}`, `{"sort":"-id","limit":1,"place":[["count","eq","a"]]}`,
		`{"sort":"-id","limit":1,"from":"AAAA"}`,
	} {
		if q, err := l.Query(text); err == nil {
			t.Errorf("%s is read as %+v", text, q)
		}
	}
}

func TestKeyKeepsItsTypeInJSON(t *testing.T) {
	t.Parallel()
	for _, value := range []any{
		nil, "", "a\x01ü", int64(-1 << 63), 0.1, true, false, time.Date(2026, 2, 3, 4, 5, 6, 7_000_000, time.UTC), clock.Date{Year: 2024, Month: 2, Day: 29}, id.New(), mustDecimal(t, "-9999.99"),
	} {
		want := page.Page[int]{Items: []int{1}, Next: &page.Key{Value: value, ID: id.New()}}
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var back page.Page[int]
		if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, want) {
			t.Errorf("%#v came back as %#v, %v", want.Next, back.Next, err)
		}
	}
	for _, text := range []string{`{"id":"x"}`, `{"type":"duration","value":"1"}`, `{"type":"int","value":"a"}`} {
		if err := json.Unmarshal([]byte(text), new(page.Key)); err == nil {
			t.Errorf("%s is read", text)
		}
	}
	if b, err := json.Marshal(page.Key{Value: int32(1)}); err == nil {
		t.Errorf("a value of another type is written as %s", b)
	}
}
