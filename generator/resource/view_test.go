package resource_test

import (
	"encoding/json"
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/banyan-go/banyan/generator/resource"
)

func TestNamesOfAResource(t *testing.T) {
	t.Parallel()
	for _, want := range []resource.View{
		{Snake: "line_item", Package: "lineitem", Type: "LineItem", Types: "LineItems", Var: "lineItem", VarMany: "lineItems", Words: "line item", WordsMany: "line items",
			Article: "a", Qualified: "shop.LineItem", Path: "line-items", Table: "shop_line_items"},
		{Snake: "api_key", Package: "apikey", Type: "APIKey", Types: "APIKeys", Var: "apiKey", VarMany: "apiKeys", Words: "API key", WordsMany: "API keys",
			Article: "an", Qualified: "shop.APIKey", Path: "api-keys", Table: "shop_api_keys"},
		{Snake: "url", Package: "url", Type: "URL", Types: "URLs", Var: "url", VarMany: "urls", Words: "URL", WordsMany: "URLs",
			Article: "a", Qualified: "shop.URL", Path: "urls", Table: "shop_urls"},
		{Snake: "person", Package: "person", Type: "Person", Types: "People", Var: "person", VarMany: "people", Words: "person", WordsMany: "people",
			Article: "a", Qualified: "shop.Person", Path: "people", Table: "shop_people"},
		{Snake: "news", Package: "news", Type: "News", Types: "NewsList", Var: "news", VarMany: "newsList", Words: "news", WordsMany: "news list",
			Article: "a", Qualified: "shop.News", Path: "news-list", Table: "shop_news_list"},
	} {
		got := mustView(t, spec(want.Snake, "name:string"))
		short := resource.View{
			Snake: got.Snake, Package: got.Package, Type: got.Type, Types: got.Types, Var: got.Var, VarMany: got.VarMany,
			Words: got.Words, WordsMany: got.WordsMany,
			Article: got.Article, Qualified: got.Qualified, Path: got.Path, Table: got.Table,
		}
		if !reflect.DeepEqual(short, want) {
			t.Errorf("got  %+v\nwant %+v", short, want)
		}
	}
}

// The columns of each type are decided once for all engines; a table that is there cannot follow a change of mind.
func TestColumnsOfEachType(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ field, sqlite, postgres string }{
		{"x:string", "x TEXT NOT NULL", "x varchar(255) NOT NULL"},
		{"x:string:max=64,null", "x TEXT", "x varchar(64)"},
		{"x:text", "x TEXT NOT NULL", "x text NOT NULL"},
		{"x:int", "x INTEGER NOT NULL", "x integer NOT NULL"},
		{"x:int64", "x INTEGER NOT NULL", "x bigint NOT NULL"},
		{"x:float", "x REAL NOT NULL", "x double precision NOT NULL"},
		{"x:decimal=12.2", "x INTEGER NOT NULL", "x numeric(12,2) NOT NULL"},
		{"x:bool:default=true", "x BOOLEAN NOT NULL", "x boolean NOT NULL"},
		{"x:date:null", "x TEXT", "x date"},
		{"x:time", "x DATETIME NOT NULL", "x timestamptz NOT NULL"},
		{"x:uuid", "x TEXT NOT NULL", "x uuid NOT NULL"},
		{"x:email", "x TEXT NOT NULL", "x varchar(254) NOT NULL"},
		{"x:url", "x TEXT NOT NULL", "x varchar(2048) NOT NULL"},
		{"x:slug", "x TEXT NOT NULL", "x varchar(100) NOT NULL"},
		{"x:money", "x_amount INTEGER NOT NULL; x_currency TEXT NOT NULL", "x_amount bigint NOT NULL; x_currency char(3) NOT NULL"},
		{"x:money:null", "x_amount INTEGER; x_currency TEXT", "x_amount bigint; x_currency char(3)"},
		{"x:json", "x TEXT NOT NULL", "x jsonb NOT NULL"},
		{"x:bytes:null", "x BLOB", "x bytea"},
		{"x:password", "x TEXT NOT NULL", "x text NOT NULL"},
		{"x:image=thumb.320", "x_file TEXT; x_width INTEGER; x_height INTEGER; x_alt TEXT", "x_file varchar(100); x_width integer; x_height integer; x_alt varchar(255)"},
		{"x:file", "x_file TEXT; x_label TEXT; x_size INTEGER", "x_file varchar(100); x_label varchar(255); x_size bigint"},
		{"x:string:secret", "x BLOB NOT NULL", "x bytea NOT NULL"},
		{"x:json:secret,null", "x BLOB", "x bytea"},
		{"x:string:match=e164", "x TEXT NOT NULL", "x varchar(16) NOT NULL"},
		{"x:enum=a+b_c:null", "x TEXT CHECK (x IN ('a', 'b_c'))", "x text CHECK (x IN ('a', 'b_c'))"},
	} {
		v := mustView(t, spec("order", c.field))
		sqlite, postgres := "id TEXT NOT NULL PRIMARY KEY; "+c.sqlite, "id uuid NOT NULL PRIMARY KEY; "+c.postgres
		sqlite += "; version INTEGER NOT NULL; created_at DATETIME NOT NULL; updated_at DATETIME NOT NULL"
		postgres += "; version bigint NOT NULL; created_at timestamptz NOT NULL; updated_at timestamptz NOT NULL"
		if got := columnsOf(v.SQLite); got != sqlite {
			t.Errorf("%s on SQLite:\ngot  %s\nwant %s", c.field, got, sqlite)
		}
		if got := columnsOf(v.Postgres); got != postgres {
			t.Errorf("%s on PostgreSQL:\ngot  %s\nwant %s", c.field, got, postgres)
		}
	}
}

// columnsOf joins the lines of a table, without what aligns them.
func columnsOf(lines []string) string {
	var columns []string
	for _, l := range lines {
		columns = append(columns, strings.Join(strings.Fields(strings.TrimSuffix(l, ",")), " "))
	}
	return strings.Join(columns, "; ")
}

// A list takes the numbers that the column can have: PostgreSQL refuses to compare it with others.
func TestWhatListsTake(t *testing.T) {
	t.Parallel()
	v := mustView(t, spec("order", "a:int:filter,null", "b:int64:sort"))
	if want := []string{`{Name: "a", Type: page.Int32(), Filter: true, Null: true}`, `{Name: "b", Type: page.Int(), Sort: true}`}; !slices.Equal(v.Listed, want) {
		t.Errorf("lists have %q, want %q", v.Listed, want)
	}
}

func TestIndexes(t *testing.T) {
	t.Parallel()
	s := spec("order", "number:string:unique,sort", "placed:time:sort", "active:bool:filter", "note:string:search", "ref:uuid:index", "size:int:filter,noindex")
	s.Index, s.Unique = []string{"active+placed"}, []string{"ref+size"}
	want := []string{
		"CREATE UNIQUE INDEX shop_orders_number_key ON shop_orders (number);", // serves the sort
		"CREATE INDEX shop_orders_placed_idx ON shop_orders (placed, id);",    // a page in order, without sorting
		"CREATE INDEX shop_orders_active_idx ON shop_orders (active, id);",
		"CREATE INDEX shop_orders_ref_idx ON shop_orders (ref, id);",
		"CREATE INDEX shop_orders_active_placed_idx ON shop_orders (active, placed);",
		"CREATE UNIQUE INDEX shop_orders_ref_size_key ON shop_orders (ref, size);",
	}
	if got := mustView(t, s).Indexes; !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What was unique about a row that is deleted and kept is free again.
func TestUniqueIndexesOfSoftDelete(t *testing.T) {
	t.Parallel()
	s := spec("order", "number:string:unique", "placed:time:sort", "ref:uuid")
	s.Unique, s.SoftDelete = []string{"ref+placed"}, true
	want := []string{
		"CREATE UNIQUE INDEX shop_orders_number_key ON shop_orders (number) WHERE deleted_at IS NULL;",
		"CREATE INDEX shop_orders_placed_idx ON shop_orders (placed, id);",
		"CREATE UNIQUE INDEX shop_orders_ref_placed_key ON shop_orders (ref, placed) WHERE deleted_at IS NULL;",
	}
	v := mustView(t, s)
	if !slices.Equal(v.Indexes, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(v.Indexes, "\n"), strings.Join(want, "\n"))
	}
	for dialect, lines := range map[string][]string{"deleted_at DATETIME": v.SQLite, "deleted_at timestamptz": v.Postgres} {
		if !strings.HasSuffix(columnsOf(lines), "; "+dialect) {
			t.Errorf("no column %s: %s", dialect, columnsOf(lines))
		}
	}
}

// PostgreSQL cuts names at 63 bytes: two that differ behind that would be one.
func TestLongIndexNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("abcdefgh", 3)
	s := resource.Spec{Module: long, Name: long[1:], Fields: []string{long[:22] + "_a:string:index", long[:22] + "_b:string:unique"}}
	s.Index = []string{long[:22] + "_a+" + long[:22] + "_b", long[:22] + "_b+" + long[:22] + "_a"}
	name := regexp.MustCompile(`INDEX (\S+) ON`)
	seen := map[string]bool{}
	for _, statement := range mustView(t, s).Indexes {
		n := name.FindStringSubmatch(statement)[1]
		if len(n) > 63 || seen[n] || !strings.HasSuffix(n, "_idx") && !strings.HasSuffix(n, "_key") || !strings.HasPrefix(n, long+"_"+long[1:9]) {
			t.Errorf("%s (%d bytes)", n, len(n))
		}
		seen[n] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d names", len(seen))
	}
}

// The table of a resource with the longest names, and what belongs to it, stays below 63 bytes as well.
func TestLongTableNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("abcdefgh", 3)
	for _, resourceName := range []string{long[1:], long[:20] + "news"} { // the second gets _list
		if v := mustView(t, resource.Spec{Module: long, Name: resourceName, Fields: []string{long + ":money"}}); len(v.Table) > 63 {
			t.Errorf("the table %s has %d bytes", v.Table, len(v.Table))
		}
	}
}

// gorm takes the names of fields apart by rules of its own. TestGeneratedModules proves that it finds the columns; this that plain names have
// no tag.
func TestColumnTags(t *testing.T) {
	t.Parallel()
	for snake, tagged := range map[string]bool{
		"name": false, "unit_price": false, "product_id": false, "image_url": false, "p": false, "id_card": true, "api_url": true,
		"line_2": true, "line2": false, "a_b": true, "ui_design": true,
		"https": true, "tcp_udp": true, "ids": true, "vitamin_c": true, "x2": true,
	} {
		c := mustView(t, spec("order", snake+":string")).Columns[0]
		want := ""
		if tagged {
			want = " `gorm:\"column:" + snake + "\"`"
		}
		if c.Tag != want {
			t.Errorf("%s: the tag is%s", c.Go, c.Tag)
		}
	}
}

// Whatever the bounds of a field are, the examples of the generated tests and the samples are inside.
func TestValuesKeepBounds(t *testing.T) {
	t.Parallel()
	numbers := map[string][][2]string{
		"int": {{"", ""}, {"0", ""}, {"1", ""}, {"-5", "5"}, {"", "-3"}, {"", "0"}, {"", "7"}, {"5", "5"},
			{"2147483000", ""}, {"-2147483647", ""}, {"", "-2147483647"}, {"-2147483647", "2147483646"}},
		"int64": {{"", ""}, {"1", ""}, {"-5000000000", "5000000000"}, {"9223372036854775806", ""},
			{"", "-9223372036854775807"}, {"9223372036854775800", "9223372036854775806"}, {"-9223372036854775807", "9223372036854775806"}},
		"float": {{"", ""}, {"0.5", ""}, {"", "-0.5"}, {"0.0005", "0.0009"}, {"0.000001", "0.000001"},
			{"-999999999.999999", "999999999.999999"}, {"999999999", ""}, {"", "0.1"}},
		"decimal=5.2":   {{"", ""}, {"0.01", ""}, {"-999.99", "999.99"}, {"999.99", ""}, {"", "-999.99"}, {"1", "1"}, {"", "0.05"}},
		"decimal=18":    {{"", ""}, {"999999999999999999", ""}, {"-999999999999999999", "-999999999999999998"}},
		"decimal=18.18": {{"", ""}, {"0.999999999999999999", ""}, {"", "-0.5"}},
		"money":         {{"", ""}, {"1", "100"}, {"", "-1"}, {"9223372036854775806", ""}, {"-9223372036854775807", ""}},
	}
	for typ, bounds := range numbers {
		for _, b := range bounds {
			field := "x:" + typ + mods(b[0], b[1])
			v := mustView(t, spec("order", field))
			for _, body := range []string{v.Tests.Body, v.Tests.Change} {
				for _, value := range valuesOf(t, body) {
					if !within(value, b) {
						t.Errorf("%s: the example %s is outside", field, body)
					}
				}
			}
			for _, n := range []int{0, 1, 2, 999, 1000, 12345, 1<<29 + 100_000} {
				if value := sampleNumber(t, v.Drafted[0].Sample, n); !within(value, b) {
					t.Errorf("%s: sample %d of %s is %s", field, n, v.Drafted[0].Sample, value.FloatString(6))
				}
			}
		}
	}
}

func mods(least, most string) string {
	var list []string
	if least != "" {
		list = append(list, "min="+least)
	}
	if most != "" {
		list = append(list, "max="+most)
	}
	if len(list) == 0 {
		return ""
	}
	return ":" + strings.Join(list, ",")
}

func within(v *big.Rat, bounds [2]string) bool {
	least, hasLeast := new(big.Rat).SetString(bounds[0])
	most, hasMost := new(big.Rat).SetString(bounds[1])
	return (!hasLeast || v.Cmp(least) >= 0) && (!hasMost || v.Cmp(most) <= 0)
}

// rounded is the shortest number that a float of this value is written as.
func rounded(v *big.Rat) *big.Rat {
	f, _ := v.Float64()
	short, _ := new(big.Rat).SetString(strconv.FormatFloat(f, 'f', -1, 64))
	return short
}

// valuesOf are the numbers of a JSON object.
func valuesOf(t *testing.T, body string) []*big.Rat {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &members); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	var values []*big.Rat
	for _, m := range members {
		if v, ok := numberIn(string(m)); ok {
			values = append(values, v)
		}
	}
	return values
}

var number = regexp.MustCompile(`-?[0-9]+(\.[0-9]+)?`)

// numberIn is the first number in a text.
func numberIn(text string) (*big.Rat, bool) {
	return new(big.Rat).SetString(number.FindString(text))
}

// sampleNumber works out a sample: conversions and sums, inside a function or an amount perhaps.
func sampleNumber(t *testing.T, expr string, n int) *big.Rat {
	t.Helper()
	scale := 0
	if inner, ok := strings.CutPrefix(expr, "decimal.FromScaled("); ok {
		i := strings.LastIndex(inner, ", ")
		expr, scale = inner[:i], atoi(t, strings.TrimSuffix(inner[i+2:], ")"))
	}
	if strings.HasPrefix(expr, "float64(") {
		value, _ := new(big.Rat).SetString(evaluate(t, expr, n).ExactString())
		return rounded(value)
	}
	expr = strings.TrimSuffix(strings.TrimPrefix(expr, "money.Amount{Minor: "), `, Currency: "EUR"}`)
	value, ok := new(big.Rat).SetString(evaluate(t, expr, n).ExactString())
	if !ok {
		t.Fatalf("%s is no number", expr)
	}
	return value.Quo(value, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
}

func evaluate(t *testing.T, expr string, n int) constant.Value {
	t.Helper()
	expr = regexp.MustCompile(`\bn\b`).ReplaceAllString(expr, strconv.Itoa(n))
	v, err := types.Eval(token.NewFileSet(), nil, token.NoPos, expr)
	if err != nil || v.Value == nil {
		t.Fatalf("%s: %v", expr, err)
	}
	return v.Value
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

var sprintf = regexp.MustCompile(`^fmt\.Sprintf\((".*"), (.*)\)$`)

func TestTextsKeepLengths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		field       string
		least, most int
	}{
		{"x:string", 0, 255}, {"x:string:required", 1, 255}, {"x:string:max=1", 0, 1}, {"x:string:max=2,min=2,unique", 2, 2},
		{"x:string:max=3,required", 1, 3}, {"x:string:min=9,max=9", 9, 9},
		{"x:string:min=10,max=10", 10, 10}, {"x:string:min=11,max=12", 11, 12}, {"x:string:min=100", 100, 255},
		{"x:string:min=255,unique", 255, 255}, {"x:text:min=65536", 65536, 65536},
		{"an_absurdly_long_name:string:max=20,unique", 0, 20}, {"an_absurdly_long_name:string:max=33,min=25,unique", 25, 33},
		{"x:email:max=24,unique", 1, 24}, {"x:url:max=40,unique", 1, 40}, {"x:slug:max=16,unique", 1, 16}, {"x:email", 1, 254},
		{"x:url", 1, 2048}, {"x:slug", 1, 100},
	} {
		v := mustView(t, spec("order", c.field))
		check := func(what, text string) {
			if n := utf8.RuneCountInString(text); n < c.least || n > c.most {
				t.Errorf("%s: the %s %.60q has %d characters", c.field, what, text, n)
			}
		}
		var examples []string
		for _, body := range []string{v.Tests.Body, v.Tests.Change} {
			var members map[string]string
			if err := json.Unmarshal([]byte(body), &members); err != nil {
				t.Fatal(err)
			}
			for _, m := range members {
				check("example", m)
				examples = append(examples, m)
			}
		}
		if examples[0] == examples[1] {
			t.Errorf("%s: the change changes nothing", c.field)
		}
		call := sprintf.FindStringSubmatch(v.Drafted[0].Sample)
		if call == nil {
			t.Fatalf("%s: %s", c.field, v.Drafted[0].Sample)
		}
		format, err := strconv.Unquote(call[1])
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, from := range []int{0, 1<<29 + 1_000_000 - 100} {
			clear(seen)
			for n := from; n < from+100; n++ {
				value, _ := constant.Int64Val(evaluate(t, call[2], n))
				text := fmt.Sprintf(format, value)
				check("sample", text)
				if seen[text] && strings.Contains(c.field, "unique") {
					t.Errorf("%s: the sample %s comes twice", c.field, text)
				}
				seen[text] = true
			}
		}
	}
}

func TestWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fields      []string
		least, left string
	}{
		{[]string{"a:string:required", "b:money"}, `{"a":"A a","b":{"amount":0,"currency":"EUR"}}`, ""},
		{[]string{"a:string", "b:int", "c:int64", "d:float", "e:decimal=5.2", "f:bool", "g:text"}, `{}`, `{"a":"","b":0,"c":0,"d":0,"e":"0","f":false,"g":""}`},
		{[]string{"a:string:null", "b:money:null", "c:enum=x:null"}, `{}`, `{"a":null,"b":null,"c":null}`},
		{[]string{"a:string:default=R&D <b>", "b:int:default=-5", "c:float:default=1.50", "d:decimal=5.2:default=2.50", "e:bool:default=true", "f:date:default=2024-02-29"}, `{}`,
			`{"a":"R\u0026D \u003cb\u003e","b":-5,"c":1.5,"d":"2.5","e":true,"f":"2024-02-29"}`},
		{[]string{"a:time:default=2024-02-29T23:30:00.123456-01:00", "b:enum=x+y:default=y", "c:uuid:default=0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01", "d:float:default=0.000001"}, `{}`,
			`{"a":"2024-03-01T00:30:00.123Z","b":"y","c":"0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01","d":0.000001}`},
		{[]string{"a:int:min=1", "b:string:hidden,default=x"}, `{"a":1}`, ""},
	} {
		if v := mustView(t, spec("order", c.fields...)); v.Tests.Least != c.least || v.Tests.Left != c.left {
			t.Errorf("%q:\ngot  %s and %s\nwant %s and %s", c.fields, v.Tests.Least, v.Tests.Left, c.least, c.left)
		}
	}
}
