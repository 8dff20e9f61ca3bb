package page_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/page"
)

// wide is a list with a field of every type. What is nullable says so in its name.
func wide() page.Spec {
	return page.Spec{
		Fields: []page.Field{
			{Name: "name", Type: page.String(), Filter: true, Sort: true},
			{Name: "name_null", Type: page.String(), Filter: true, Sort: true, Null: true},
			{Name: "count", Type: page.Int(), Filter: true, Sort: true},
			{Name: "small", Type: page.Int32(), Filter: true, Sort: true},
			{Name: "ratio", Type: page.Float(), Filter: true, Sort: true},
			{Name: "active", Type: page.Bool(), Filter: true, Sort: true},
			{Name: "at", Type: page.Time(), Filter: true, Sort: true},
			{Name: "day", Type: page.Date(), Filter: true, Sort: true},
			{Name: "day_null", Type: page.Date(), Filter: true, Sort: true, Null: true},
			{Name: "owner", Type: page.ID(), Filter: true, Sort: true},
			{Name: "weight", Type: page.Decimal(6, 2), Filter: true, Sort: true},
			{Name: "state", Type: page.Enum("draft", "published"), Filter: true, Sort: true},
			{Name: "hidden", Type: page.String()},
			{Name: "price.amount", Column: "price_amount", Type: page.Int(), Filter: true, Sort: true},
		},
		Search: []string{"name", "name_null"},
	}
}

func mustList(tb testing.TB, s page.Spec) *page.List {
	tb.Helper()
	l, err := page.New(s)
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func TestListSaysWhatItAllows(t *testing.T) {
	t.Parallel()
	l := mustList(t, wide())
	names := func(fs []page.Field) (ns []string) {
		for _, f := range fs {
			ns = append(ns, f.Name)
		}
		return ns
	}
	all := []string{"name", "name_null", "count", "small", "ratio", "active", "at", "day", "day_null", "owner", "weight", "state", "price.amount"}
	if got := names(l.Filters()); !slices.Equal(got, all) {
		t.Errorf("filters: %v", got)
	}
	if got := names(l.Sorts()); !slices.Equal(got, append([]string{"id"}, all...)) {
		t.Errorf("sorts: %v", got)
	}
	if got := l.Search(); !slices.Equal(got, []string{"name", "name_null"}) {
		t.Errorf("search: %v", got)
	}
	if got := l.Initial(); got != "-id" {
		t.Errorf("initial order: %v", got)
	}
	for _, f := range l.Filters() {
		want := f.Name
		if f.Name == "price.amount" {
			want = "price_amount"
		}
		if f.Column != want {
			t.Errorf("column of %s: %s", f.Name, f.Column)
		}
	}
}

func TestSpecThatIsWrong(t *testing.T) {
	t.Parallel()
	field := func(name string, typ page.Type) page.Spec {
		return page.Spec{Fields: []page.Field{{Name: name, Type: typ, Filter: true}}}
	}
	for _, c := range []struct {
		name string
		spec page.Spec
		want string
	}{
		{"no name", field("", page.Int()), `""`},
		{"the name of the id", field("id", page.Int()), `"id"`},
		{"a name twice", page.Spec{Fields: []page.Field{{Name: "a", Type: page.Int()}, {Name: "a", Type: page.Int()}}}, `"a"`},
		{"brackets in a name", field("a][b", page.Int()), "letters"},
		{"a slash in a name", field("a/b", page.Int()), "letters"},
		{"no type", field("a", page.Type{}), "no type"},
		{"an enum without words", field("a", page.Enum()), "no words"},
		{"a decimal without digits", field("a", page.Decimal(0, 0)), "no decimal"},
		{"a decimal with a negative scale", field("a", page.Decimal(4, -1)), "no decimal"},
		{"a decimal with more decimals than digits", field("a", page.Decimal(2, 3)), "no decimal"},
		{"an order by a field that is not there", page.Spec{Sort: "-a"}, `"-a"`},
		{"an order by a field that is none to sort by", page.Spec{Fields: []page.Field{{Name: "a", Type: page.Int()}}, Sort: "a"}, `"a"`},
	} {
		if _, err := page.New(c.spec); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %s", c.name, err, c.want)
		}
	}
}

func TestOps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field page.Field
		want  []page.Op
	}{
		{page.Field{Type: page.Int()}, []page.Op{"eq", "ne", "in", "lt", "lte", "gt", "gte"}},
		{page.Field{Type: page.String(), Null: true}, []page.Op{"eq", "ne", "in", "lt", "lte", "gt", "gte", "null"}},
		{page.Field{Type: page.Bool()}, []page.Op{"eq", "ne", "in"}},
		{page.Field{Type: page.Enum("a"), Null: true}, []page.Op{"eq", "ne", "in", "null"}},
	} {
		if got := c.field.Ops(); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.field, got, c.want)
		}
	}
}

func TestJSONSchema(t *testing.T) {
	t.Parallel()
	for want, typ := range map[string]page.Type{
		`{"type":"string","maxLength":255}`:           page.String(),
		`{"type":"integer","format":"int64"}`:         page.Int(),
		`{"type":"integer","format":"int32"}`:         page.Int32(),
		`{"type":"number"}`:                           page.Float(),
		`{"type":"boolean"}`:                          page.Bool(),
		`{"type":"string","format":"date-time"}`:      page.Time(),
		`{"type":"string","format":"date"}`:           page.Date(),
		`{"type":"string","format":"uuid"}`:           page.ID(),
		`{"type":"string","format":"decimal"}`:        page.Decimal(4, 2),
		`{"type":"string","enum":["a","b\u0001\"c"]}`: page.Enum("a", "b\x01\"c"),
	} {
		got := typ.JSONSchema()
		if got != want || !json.Valid([]byte(got)) {
			t.Errorf("schema %s, want %s", got, want)
		}
	}
}

func TestScale(t *testing.T) {
	t.Parallel()
	if s, ok := page.Decimal(6, 2).Scale(); s != 2 || !ok {
		t.Errorf("scale of a decimal: %d %v", s, ok)
	}
	if _, ok := page.Int().Scale(); ok {
		t.Error("a whole number has a scale")
	}
}
