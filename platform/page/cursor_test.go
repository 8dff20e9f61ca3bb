package page_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/decimal"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
)

// reopen parses query with the cursor b in it.
func reopen(l *page.List, query string, b []byte) (page.Query, error) {
	return l.Parse(append(params(query), page.Param{Name: "after", Value: "token"}), func(string) ([]byte, error) { return b, nil })
}

func mustDecimal(tb testing.TB, s string) decimal.Decimal {
	tb.Helper()
	d, err := decimal.Parse(s)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func TestCursorCarriesEveryType(t *testing.T) {
	t.Parallel()
	l := mustList(t, wide())
	for sort, values := range map[string][]any{
		"name":      {"", "a", "ü'\"\\%_\x01", strings.Repeat("語", page.MaxValue)},
		"name_null": {nil, "", "a"},
		"count":     {int64(0), int64(-1 << 63), int64(1<<63 - 1)},
		"small":     {int64(0), int64(-1 << 31), int64(1<<31 - 1)},
		"ratio":     {0.0, -1.5, 1e300, 5e-324, 0.1},
		"active":    {true, false},
		"at":        {time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 2, 3, 4, 5, 6, 7_000_000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_000_000, time.UTC)},
		"day":       {clock.Date{Year: 2024, Month: 2, Day: 29}},
		"day_null":  {nil, clock.Date{Year: 1, Month: 1, Day: 1}},
		"owner":     {id.New()},
		"weight":    {mustDecimal(t, "-9999.99"), mustDecimal(t, "0"), mustDecimal(t, "1.5")},
		"state":     {"draft"},
	} {
		for _, value := range values {
			for _, query := range []string{"sort=" + sort, "sort=-" + sort} {
				q := parse(t, l, query)
				want := page.Key{Value: value, ID: id.New()}
				back, err := reopen(l, query, q.Encode(&want))
				if err != nil {
					t.Errorf("%s at %v: %v", query, value, err)
				} else if !reflect.DeepEqual(*back.From, want) || back.Backward {
					t.Errorf("%s: %+v came back as %+v", query, want, *back.From)
				}
			}
		}
	}
}

func TestCursorOfTheID(t *testing.T) {
	t.Parallel()
	l := mustList(t, wide())
	itemID := id.New()
	q, err := reopen(l, "", parse(t, l, "").Encode(&page.Key{Value: itemID, ID: itemID}))
	if err != nil || *q.From != (page.Key{Value: itemID, ID: itemID}) {
		t.Errorf("%+v, %v", q.From, err)
	}
}

func TestBeforeGoesBackward(t *testing.T) {
	t.Parallel()
	l := mustList(t, wide())
	b := parse(t, l, "").Encode(&page.Key{ID: id.New()})
	q, err := l.Parse([]page.Param{{Name: "before", Value: "the token"}}, func(token string) ([]byte, error) {
		if token != "the token" {
			t.Errorf("open got %q", token)
		}
		return b, nil
	})
	if err != nil || !q.Backward || q.From == nil {
		t.Errorf("%+v, %v", q, err)
	}
}

// A cursor is good for the listing that it is of: the same filters, search and order. The size of the page and the total may change, and
// so may the order in which the filters are written.
func TestCursorIsBoundToItsListing(t *testing.T) {
	t.Parallel()
	l := mustList(t, wide())
	const query = "sort=name&q=x&filter[count][gt]=5&filter[active]=true"
	b := parse(t, l, query).Encode(&page.Key{Value: "a", ID: id.New()})
	for _, same := range []string{query, query + "&limit=3&count=exact", "filter[active][eq]=true&q= x &filter[count][gt]=05&sort=name"} {
		if _, err := reopen(l, same, b); err != nil {
			t.Errorf("%s: %v", same, err)
		}
	}
	for _, other := range []string{
		"",
		"sort=-name&q=x&filter[count][gt]=5&filter[active]=true",
		"sort=name_null&q=x&filter[count][gt]=5&filter[active]=true",
		"sort=name&q=y&filter[count][gt]=5&filter[active]=true",
		"sort=name&filter[count][gt]=5&filter[active]=true",
		"sort=name&q=x&filter[count][gt]=6&filter[active]=true",
		"sort=name&q=x&filter[count][gte]=5&filter[active]=true",
		"sort=name&q=x&filter[price.amount][gt]=5&filter[active]=true",
		"sort=name&q=x&filter[count][gt]=5",
		"sort=name&q=x&filter[count][gt]=5&filter[active]=true&filter[day]=2026-01-01",
	} {
		if q, err := reopen(l, other, b); !errors.Is(err, page.ErrCursor) || fault.KindOf(err) != fault.Malformed {
			t.Errorf("%s: %+v, %v", other, q.From, err)
		}
	}
	in := parse(t, l, "filter[name][in]=a,b").Encode(&page.Key{ID: id.New()})
	if _, err := reopen(l, "filter[name][in]=a%2Cb", in); !errors.Is(err, page.ErrCursor) {
		t.Errorf("two values and one with a comma in it are the same: %v", err)
	}
}

func TestCursorThatIsDamaged(t *testing.T) {
	t.Parallel()
	l := mustList(t, wide())
	byID, byName, byNull := parse(t, l, ""), parse(t, l, "sort=count"), parse(t, l, "sort=day_null")
	key := page.Key{Value: int64(5), ID: id.New()}
	edit := func(b []byte, at int, value byte) []byte {
		b[at] = value
		return b
	}
	for _, c := range []struct {
		name, query string
		b           []byte
	}{
		{"empty", "", nil},
		{"one byte", "", []byte{1}},
		{"cut in its head", "", byID.Encode(&key)[:25]},
		{"of another version", "", edit(byID.Encode(&key), 0, 2)},
		{"with another binding", "", edit(byID.Encode(&key), 5, byID.Encode(&key)[5]+1)},
		{"with a mark that is none", "sort=day_null", edit(byNull.Encode(&page.Key{ID: id.New()}), 9, 2)},
		{"with a value behind the id", "", append(byID.Encode(&key), 'x')},
		{"with null for an id", "", edit(byID.Encode(&key), 9, 1)},
		{"with the zero id", "", byID.Encode(&page.Key{})},
		{"with null in a field that has none", "sort=count", edit(byName.Encode(&key)[:26], 9, 1)},
		{"with a value behind null", "sort=day_null", append(byNull.Encode(&page.Key{ID: id.New()}), "2026-01-01"...)},
		{"without a value", "sort=count", byName.Encode(&key)[:26]},
		{"with a value of another type", "sort=count", append(byName.Encode(&key)[:26], "x"...)},
		{"with bytes that are no text", "sort=name", append(parse(t, l, "sort=name").Encode(&key)[:26], 0xff)},
	} {
		if q, err := reopen(l, c.query, c.b); !errors.Is(err, page.ErrCursor) {
			t.Errorf("a cursor %s: %+v, %v", c.name, q.From, err)
		}
	}
}

func TestCursorThatDoesNotOpen(t *testing.T) {
	t.Parallel()
	forged := fault.New(fault.Malformed, "forged", "It is forged.")
	_, err := mustList(t, wide()).Parse(params("after=x"), func(string) ([]byte, error) { return nil, forged })
	if !errors.Is(err, forged) {
		t.Errorf("%v, want what open returned", err)
	}
}

// The bytes are frozen: a client may keep a cursor over a new version of the program.
func TestCursorGolden(t *testing.T) {
	t.Parallel()
	l := mustList(t, wide())
	itemID, err := id.Parse("01977f2e-8c00-7abc-8def-0123456789ab")
	if err != nil {
		t.Fatal(err)
	}
	// Version; the head of the SHA-256 of `"count" "" "name" "eq" "a"`, computed by another program; not null; the id; the value.
	const want = "\x01" + "\xc0\x31\xb8\x29\xdd\xd8\x45\x8b" + "\x00" + "\x01\x97\x7f\x2e\x8c\x00\x7a\xbc\x8d\xef\x01\x23\x45\x67\x89\xab" + "-7"
	if got := parse(t, l, "sort=count&filter[name]=a").Encode(&page.Key{Value: int64(-7), ID: itemID}); string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
}
