package page_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/decimal"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
)

// params reads "a=1&b=2" without decoding.
func params(query string) []page.Param {
	var ps []page.Param
	for pair := range strings.SplitSeq(query, "&") {
		if name, value, _ := strings.Cut(pair, "="); pair != "" {
			ps = append(ps, page.Param{Name: name, Value: value})
		}
	}
	return ps
}

func noCursor(string) ([]byte, error) { return nil, errors.New("a cursor was opened") }

func parse(tb testing.TB, l *page.List, query string) page.Query {
	tb.Helper()
	q, err := l.Parse(params(query), noCursor)
	if err != nil {
		tb.Fatalf("%s: %v", query, err)
	}
	return q
}

func TestQueryWithoutWords(t *testing.T) {
	t.Parallel()
	l := mustList(t, wide())
	q := parse(t, l, "")
	if q.Limit != 50 || q.Sort.String() != "-id" || q.Search != "" || q.Count || q.From != nil || q.Backward || q.Filters != nil || q.List != l {
		t.Errorf("%+v", q)
	}
	if first := l.First(7); first.Limit != 7 || first.Sort != q.Sort {
		t.Errorf("First: %+v", first)
	}
	if low, high := l.First(-1).Limit, l.First(1<<40).Limit; low != 1 || high != page.MaxLimit {
		t.Errorf("First moves the limit to %d and %d", low, high)
	}
}

func TestInitialSort(t *testing.T) {
	t.Parallel()
	s := wide()
	s.Sort = "name"
	if got := parse(t, mustList(t, s), "").Sort; got.String() != "name" || got.Desc {
		t.Errorf("%+v", got)
	}
}

func TestLimitSortSearchCount(t *testing.T) {
	t.Parallel()
	l := mustList(t, wide())
	q := parse(t, l, "limit=200&sort=-price.amount&q= a b% &count=exact")
	if q.Limit != 200 || q.Sort.Field.Column != "price_amount" || !q.Sort.Desc || q.Search != "a b%" || !q.Count {
		t.Errorf("%+v", q)
	}
	if q := parse(t, l, "limit=1&sort=id&q="+strings.Repeat("ü", page.MaxSearch)); q.Limit != 1 || q.Sort.String() != "id" || len(q.Search) != 2*page.MaxSearch {
		t.Errorf("%+v", q)
	}
}

func TestFilterValues(t *testing.T) {
	t.Parallel()
	l := mustList(t, wide())
	owner, err := id.Parse("01977f2e-8c00-7abc-8def-0123456789ab")
	if err != nil {
		t.Fatal(err)
	}
	weight, err := decimal.Parse("-12.5")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 2, 3, 4, 5, 6, 789_000_000, time.UTC)
	for query, want := range map[string][]any{
		"filter[name]=":                                      {""},
		"filter[name]=a,b":                                   {"a,b"},
		"filter[name][eq]=' OR 1=1":                          {"' OR 1=1"},
		"filter[name][in]=a,,b":                              {"a", "", "b"},
		"filter[name_null][null]=true":                       {true},
		"filter[name_null][null]=false":                      {false},
		"filter[count][lt]=-9223372036854775808":             {int64(-1 << 63)},
		"filter[count][ne]=007":                              {int64(7)},
		"filter[small][in]=-2147483648,2147483647":           {int64(-1 << 31), int64(1<<31 - 1)},
		"filter[ratio][gte]=-1.5e3":                          {-1500.0},
		"filter[active]=true":                                {true},
		"filter[active][in]=true,false":                      {true, false},
		"filter[at][gt]=2026-02-03T04:05:06.7899Z":           {at},
		"filter[at]=2026-02-03T05:05:06.789+01:00":           {at},
		"filter[day][lte]=2026-02-28":                        {clock.Date{Year: 2026, Month: 2, Day: 28}},
		"filter[owner]=01977F2E-8C00-7ABC-8DEF-0123456789AB": {owner},
		"filter[weight]=-12.50":                              {weight},
		"filter[state][in]=draft,published":                  {"draft", "published"},
		"filter[price.amount]=5":                             {int64(5)},
	} {
		q, err := l.Parse(params(query), noCursor)
		if err != nil {
			t.Errorf("%s: %v", query, err)
		} else if len(q.Filters) != 1 || !reflect.DeepEqual(q.Filters[0].Values, want) {
			t.Errorf("%s: %#v, want %#v", query, q.Filters, want)
		}
	}
}

// The order of the conditions means nothing, so a cursor must not depend on it.
func TestFiltersAreBroughtIntoOrder(t *testing.T) {
	t.Parallel()
	l := mustList(t, wide())
	q := parse(t, l, "filter[name]=x&filter[count][lt]=9&filter[active]=true&filter[count][gt]=1")
	var got []string
	for _, f := range q.Filters {
		got = append(got, f.Field.Name+" "+string(f.Op))
	}
	if want := []string{"active eq", "count gt", "count lt", "name eq"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// many returns n times the text with its number in it.
func many(n int, format, between string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(parts, between)
}

// marker stands in everything that a caller makes up below. No error may hold it.
const marker = "zqx"

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	l := mustList(t, wide())
	bare := mustList(t, page.Spec{Fields: []page.Field{{Name: "a", Type: page.Int()}}})
	long := strings.Repeat("x", page.MaxValue) + "y"
	for _, c := range []struct {
		list          *page.List
		query         string
		pointer, code string
	}{
		{l, "limit=", "/limit", "range"},
		{l, "limit=0", "/limit", "range"},
		{l, "limit=-1", "/limit", "range"},
		{l, "limit=+5", "/limit", "range"},
		{l, "limit=201", "/limit", "range"},
		{l, "limit=1e2", "/limit", "range"},
		{l, "limit=5zqx", "/limit", "range"},
		{l, "limit=99999999999999999999", "/limit", "range"},
		{l, "limit=1&limit=2", "/limit", "repeated"},
		{l, "sort=", "/sort", "enum"},
		{l, "sort=zqx", "/sort", "enum"},
		{l, "sort=--name", "/sort", "enum"},
		{l, "sort=hidden", "/sort", "enum"},
		{l, "sort=name,id", "/sort", "enum"},
		{l, "sort=name&sort=id", "/sort", "repeated"},
		{l, "q=", "/q", "length"},
		{l, "q=  ", "/q", "length"},
		{l, "q=zqx\x00", "/q", "length"},
		{l, "q=zqx\xff", "/q", "length"},
		{l, "q=" + strings.Repeat("ü", page.MaxSearch) + "x", "/q", "length"},
		{l, "q=a&q=b", "/q", "repeated"},
		{bare, "q=zqx", "/q", "unknown"},
		{l, "count=true", "/count", "enum"},
		{l, "count=zqx", "/count", "enum"},
		{l, "count=exact&count=exact", "/count", "repeated"},
		{l, "after=", "/after", "cursor"},
		{l, "before=", "/before", "cursor"},
		{l, "after=" + strings.Repeat("x", page.MaxCursor+1), "/after", "cursor"},
		{l, "after=a&before=b", "/before", "exclusive"},
		{l, "after=a&after=b", "/after", "repeated"},
		{l, "zqx=1", "", "unknown"},
		{l, "zqx=1&zqx=2", "", "unknown"},
		{l, "Limit=1", "", "unknown"},
		{l, "filter=1", "", "unknown"},
		{l, "filter[zqx]=1", "/filter", "unknown"},
		{l, "filter[hidden]=1", "/filter", "unknown"},
		{l, "filter[id]=1", "/filter", "unknown"},
		{l, "filter[name=1", "/filter", "unknown"},
		{l, "filter[]=1", "/filter", "unknown"},
		{l, "filter[name]]=1", "/filter", "unknown"},
		{l, "filter[name][eq]zqx=1", "/filter", "unknown"},
		{bare, "filter[a]=1", "/filter", "unknown"},
		{l, "filter[name][zqx]=1", "/filter[name]", "operator"},
		{l, "filter[name][eq][lt]=1", "/filter[name]", "operator"},
		{l, "filter[name][]=1", "/filter[name]", "operator"},
		{l, "filter[name][null]=true", "/filter[name]", "operator"},
		{l, "filter[active][lt]=true", "/filter[active]", "operator"},
		{l, "filter[state][gt]=draft", "/filter[state]", "operator"},
		{l, "filter[name]=a&filter[name][eq]=b", "/filter[name][eq]", "repeated"},
		{l, "filter[name]=" + long, "/filter[name][eq]", "type"},
		{l, "filter[name]=zqx\x00", "/filter[name][eq]", "type"},
		{l, "filter[name]=zqx\xff", "/filter[name][eq]", "type"},
		{l, "filter[name][in]=a," + long, "/filter[name][in]", "type"},
		{l, "filter[count]=", "/filter[count][eq]", "type"},
		{l, "filter[count]=+1", "/filter[count][eq]", "type"},
		{l, "filter[count]=1.0", "/filter[count][eq]", "type"},
		{l, "filter[count]=9223372036854775808", "/filter[count][eq]", "type"},
		{l, "filter[count]=zqx", "/filter[count][eq]", "type"},
		{l, "filter[count][in]=1,,2", "/filter[count][in]", "type"},
		{l, "filter[small]=2147483648", "/filter[small][eq]", "type"},
		{l, "filter[small][gt]=-2147483649", "/filter[small][gt]", "type"},
		{l, "filter[small][in]=1,3000000000", "/filter[small][in]", "type"},
		{l, "filter[small]=+1", "/filter[small][eq]", "type"},
		{l, "filter[small]=", "/filter[small][eq]", "type"},
		{l, "filter[ratio]=NaN", "/filter[ratio][eq]", "type"},
		{l, "filter[ratio]=Inf", "/filter[ratio][eq]", "type"},
		{l, "filter[ratio]=1e400", "/filter[ratio][eq]", "type"},
		{l, "filter[ratio]=0x1p4", "/filter[ratio][eq]", "type"},
		{l, "filter[ratio]=1_0", "/filter[ratio][eq]", "type"},
		{l, "filter[active]=1", "/filter[active][eq]", "type"},
		{l, "filter[active]=TRUE", "/filter[active][eq]", "type"},
		{l, "filter[name_null][null]=1", "/filter[name_null][null]", "type"},
		{l, "filter[at]=2026-02-03", "/filter[at][eq]", "type"},
		{l, "filter[at]=2026-02-03T4:05:06Z", "/filter[at][eq]", "type"},
		{l, "filter[at]=2026-02-03T04:05:06", "/filter[at][eq]", "type"},
		{l, "filter[at]=2026-02-03T04:05:06,5Z", "/filter[at][eq]", "type"},
		{l, "filter[at]=2026-02-30T04:05:06Z", "/filter[at][eq]", "type"},
		{l, "filter[at]=0001-01-01T00:00:00+01:00", "/filter[at][eq]", "type"},
		{l, "filter[at]=9999-12-31T23:59:59-01:00", "/filter[at][eq]", "type"},
		{l, "filter[day]=2026-02-30", "/filter[day][eq]", "type"},
		{l, "filter[day]=2026-2-3", "/filter[day][eq]", "type"},
		{l, "filter[owner]=zqx", "/filter[owner][eq]", "type"},
		{l, "filter[owner]=00000000-0000-0000-0000-000000000000", "/filter[owner][eq]", "type"},
		{l, "filter[weight]=1.234", "/filter[weight][eq]", "type"},
		{l, "filter[weight]=12345", "/filter[weight][eq]", "type"},
		{l, "filter[weight]=1e2", "/filter[weight][eq]", "type"},
		{l, "filter[state]=zqx", "/filter[state][eq]", "type"},
		{l, "filter[state]=", "/filter[state][eq]", "type"},
		{l, "filter[count][in]=" + many(page.MaxValues+1, "%d", ","), "/filter[count][in]", "too_many"},
	} {
		_, err := c.list.Parse(params(c.query), noCursor)
		f, ok := errors.AsType[*fault.Error](err)
		if !ok || f.Kind != fault.Invalid || f.Code != "invalid" || len(f.Fields) == 0 {
			t.Errorf("%s: %v, want kind invalid and a field", c.query, err)
			continue
		}
		for _, field := range f.Fields {
			if field.Pointer != c.pointer || field.Code != c.code || field.In != "query" || field.Detail == "" {
				t.Errorf("%s: %+v, want %s at %s", c.query, field, c.code, c.pointer)
			}
		}
		if strings.Contains(err.Error(), marker) {
			t.Errorf("%s: %v holds what the caller wrote", c.query, err)
		}
	}
}

func TestTheMostThatIsAllowed(t *testing.T) {
	t.Parallel()
	var fields []page.Field
	for i := range page.MaxFilters + 1 {
		fields = append(fields, page.Field{Name: fmt.Sprintf("f%d", i), Type: page.Int(), Filter: true})
	}
	l := mustList(t, page.Spec{Fields: fields})
	q := parse(t, l, many(page.MaxFilters, "filter[f%d]=1", "&"))
	if len(q.Filters) != page.MaxFilters {
		t.Errorf("%d filters", len(q.Filters))
	}
	if q := parse(t, l, "filter[f1][in]="+many(page.MaxValues, "%d", ",")); len(q.Filters[0].Values) != page.MaxValues {
		t.Errorf("%d values", len(q.Filters[0].Values))
	}
	if q := parse(t, mustList(t, wide()), "filter[name]="+strings.Repeat("ü", page.MaxValue)); len(q.Filters) != 1 {
		t.Errorf("%+v", q)
	}
	_, err := l.Parse(params(many(page.MaxFilters+1, "filter[f%d]=1", "&")), noCursor)
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || len(f.Fields) != 1 || f.Fields[0].Pointer != "/filter" || f.Fields[0].Code != "too_many" {
		t.Errorf("%v, want too_many at /filter", err)
	}
}

// A caller hears of everything at once.
func TestEveryMistakeIsNamed(t *testing.T) {
	t.Parallel()
	_, err := mustList(t, wide()).Parse(params("limit=x&sort=x&filter[count]=x&after=a&before=b"), noCursor)
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || len(f.Fields) != 4 {
		t.Fatalf("%v, want 4 fields", err)
	}
}

func TestMap(t *testing.T) {
	t.Parallel()
	total := int64(9)
	next, prev := &page.Key{Value: "n"}, &page.Key{Value: "p"}
	got := page.Map(page.Page[int]{Items: []int{1, 2}, Next: next, Prev: prev, Total: &total}, func(i int) string { return fmt.Sprint(i * 10) })
	if !slices.Equal(got.Items, []string{"10", "20"}) || got.Next != next || got.Prev != prev || got.Total != &total {
		t.Errorf("%+v", got)
	}
}

func ExampleList_Parse() {
	list, err := page.New(page.Spec{
		Fields: []page.Field{{Name: "released", Type: page.Date(), Filter: true, Sort: true, Null: true}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	q, err := list.Parse([]page.Param{
		{Name: "filter[released][gte]", Value: "2026-01-01"},
		{Name: "sort", Value: "-released"},
	}, nil)
	fmt.Println(q.Sort, q.Filters[0].Op, q.Filters[0].Values, q.Limit, err)

	_, err = list.Parse([]page.Param{{Name: "filter[released]", Value: "yesterday"}}, nil)
	fmt.Println(err)
	// Output:
	// -released gte [2026-01-01] 50 <nil>
	// invalid: Some values are not allowed. /filter[released][eq] must be a date, 2006-01-02 for instance;
}
