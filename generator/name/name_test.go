package name_test

import (
	"errors"
	"go/types"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/name"
)

func TestSpellings(t *testing.T) {
	t.Parallel()
	for _, want := range []name.Name{
		{Snake: "name", Pascal: "Name", Camel: "name", Words: "name"},
		{Snake: "unit_price", Pascal: "UnitPrice", Camel: "unitPrice", Words: "unit price"},
		{Snake: "id", Pascal: "ID", Camel: "id", Words: "ID"},
		{Snake: "product_id", Pascal: "ProductID", Camel: "productID", Words: "product ID"},
		{Snake: "product_ids", Pascal: "ProductIDs", Camel: "productIDs", Words: "product IDs"},
		{Snake: "api_key", Pascal: "APIKey", Camel: "apiKey", Words: "API key"},
		{Snake: "http_api_url", Pascal: "HTTPAPIURL", Camel: "httpAPIURL", Words: "HTTP API URL"},
		{Snake: "https", Pascal: "HTTPS", Camel: "https", Words: "HTTPS"},
		{Snake: "address_line_2", Pascal: "AddressLine2", Camel: "addressLine2", Words: "address line 2"},
		{Snake: "a_b", Pascal: "AB", Camel: "aB", Words: "a b"},
		{Snake: "idea", Pascal: "Idea", Camel: "idea", Words: "idea"},
	} {
		if got := name.New(want.Snake); got != want {
			t.Errorf("New(%q) = %+v, want %+v", want.Snake, got, want)
		}
	}
}

func TestPlural(t *testing.T) {
	t.Parallel()
	for one, many := range map[string]string{
		"post": "posts", "category": "categories", "day": "days", "box": "boxes", "match": "matches", "person": "people",
		"child": "children",
		"man":   "men", "woman": "women", "human": "humans", "bus": "buses", "menu": "menus", "status": "statuses", "address": "addresses",
		"process":  "processes",
		"analysis": "analyses", "index": "indices", "quiz": "quizzes", "bonus": "bonuses", "canvas": "canvases", "lens": "lenses",
		"virus": "viruses",
		"alias": "aliases", "line_item": "line_items", "api_key": "api_keys", "sales_person": "sales_people",
		// Words that are their own plural.
		"news": "news_list", "data": "data_list", "media": "media_list", "series": "series_list", "species": "species_list",
		"sheep":     "sheep_list",
		"equipment": "equipment_list", "sms": "sms_list", "https": "https_list", "posts": "posts_list", "line_2": "line_2_list",
	} {
		if got := name.Plural(one); got != many {
			t.Errorf("Plural(%q) = %q, want %q", one, got, many)
		}
	}
}

func TestArticle(t *testing.T) {
	t.Parallel()
	for _, with := range []string{
		"a product", "an order", "an item", "an update", "an upload", "an undo step", "a user", "a unit price", "a usage", "a utility",
		"a eur rate",
		"an hour", "an honorary", "a house", "a one-off", "an API key", "a URL", "a UUID", "an HTTP header", "an SQL query", "a RAM",
		"an ID", "a DNS zone",
	} {
		article, words, _ := strings.Cut(with, " ")
		if got := name.Article(words); got != article {
			t.Errorf("Article(%q) = %q", words, got)
		}
	}
}

// checks are the generator's, by what they are for.
func checks() map[string]func(string) error {
	return map[string]func(string) error{
		"module": name.CheckModule, "resource": name.CheckResource, "field": name.CheckField, "application": name.CheckApp, "other side of a relation": name.CheckMany,
	}
}

func TestGoodNames(t *testing.T) {
	t.Parallel()
	for what, names := range map[string]string{
		"module":   "catalog orders users user blog v2 s3 pg linux windows cms identity store service event",
		"resource": "sqlite banyan product line_item api_key url news status address person user data media series bonus canvas lens sms glass basis analysis bus virus tv arm linux change draft list query event abcdefghijklmnopqrstuvwx",
		"field": "name type func range fields row query page db err ctx kind q count after body data etag location status value p c r n s h url api_url line_2 " +
			"sku string error close open date time timestamp text level key language description position owner_id user_id order_id abcdefghijklmnopqrstuvwx",
		"other side of a relation": "comments references user order abcdefghijklmnopqrstuvwx",
		"application":              "shop my-shop s3 x abcdefghijklmnopqrstuvwx",
	} {
		for n := range strings.FieldsSeq(names) {
			if err := checks()[what](n); err != nil {
				t.Error(err)
			}
		}
	}
}

// badNames are names that break Go, SQL, URLs or file systems, for modules, resources and fields alike where nothing else is said.
func badNames() map[string][]string {
	everywhere := []string{
		"", " ", "_", "1", "1st", "9lives", "Product", "UnitPrice", "unit price", "-unit", "unit-", "unit.price", "_name", "name_",
		"a__b", "../x", "/abs", "a/b", `..\x`, `c:\x`,
		"na\x00me", "name\n", "\tname", "{{.Name}}", "{{", "`name`", `"name"`, "'name'", "name;drop", "$name", "$(rm)", "name|x", "name&",
		"name*", "name?", "~", "!name",
		"naïve", "größe", "имя", "prоduct" /* a Cyrillic o */, "ｎame", "名前", "🛒", "🛒cart", "na\u200bme", "na\u202eme", "na\u0301me",
		"\xff\xfe",
		strings.Repeat("a", 25), strings.Repeat("a", 300), strings.Repeat("a_", 5000) + "a", strings.Repeat("🛒", 2500),
		strings.Repeat("\x00", 10000),
	}
	packages := []string{
		"break", "func", "go", "package", "type", "var", "string", "error", "any", "nil", "true", "len", "int64", "fiber", "gorm",
		"context", "api", "db", "time",
		"init", "main", "internal", "vendor", "testdata", "con", "nul", "aux", "prn", "com1", "lpt9", "a", "x",
	}
	return map[string][]string{
		"module": slices.Concat(everywhere, packages, []string{
			"line_item", "line-item", "catalogwire", "catalogevent", "catalogtest", "row", "hold", "check", "handle", "wire", "modules",
			"migrations", "test", "banyan", "platform", "sqlite",
		}),
		"resource": slices.Concat(everywhere, packages, []string{
			"order_linux", "order_windows", "order_arm64", "order_test", "order_gen", "line_item_js", "products", "line_items", "menus", "people",
			"children", "sales_people",
			"unit-price", "service", "store", "seed", "doc", "web", "row", "update", "to_row", "or_null", "name", "route", "set", "page",
			"config", "in_ternal",
		}),
		"field": slices.Concat(everywhere, []string{
			"unit-price", "id", "i_d", "version", "created_at", "updated_at", "deleted_at", "bucket", "table_name", "order", "user",
			"group", "select", "limit", "default", "index", "offset", "xmin", "ctid", "raise",
		}),
		"application": slices.Concat(everywhere, []string{"banyan", "go", "test", "internal", "vendor", "main", "my_shop"}),
	}
}

func TestBadNameGetsReasonAndProposal(t *testing.T) {
	t.Parallel()
	for what, names := range badNames() {
		check := checks()[what]
		for _, bad := range names {
			e, ok := errors.AsType[*name.Error](check(bad))
			if !ok {
				t.Errorf("the %s name %.40q is taken", what, bad)
				continue
			}
			if e.What != what || e.Name != bad || e.Reason == "" || e.Proposal == bad {
				t.Errorf("%.40q: %+v", bad, e)
			}
			if err := check(e.Proposal); err != nil {
				t.Errorf("%.40q: the proposal is no name: %v", bad, err)
			}
			wantOneLine(t, e.Error())
		}
	}
}

func wantOneLine(t *testing.T, message string) {
	t.Helper()
	if len(message) > 300 || strings.ContainsFunc(message, func(r rune) bool { return r < ' ' || r == '\u202e' || r == '\ufffd' }) {
		t.Errorf("not one line of visible text: %q", message)
	}
}

func TestProposals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ what, bad, proposal string }{
		{"module", "Catalog", "catalog"}, {"module", "line_item", "lineitem"}, {"module", "error", "myerror"},
		{"module", "type", "types"}, {"module", "", "catalog"},
		{"module", "hardwire", "hardwires"}, {"module", "名前", "catalog"}, {"module", strings.Repeat("ab", 20), strings.Repeat("ab", 12)},
		{"resource", "LineItem", "line_item"}, {"resource", "HTTPServer", "httpserver"}, {"resource", "a/b", "a_b"},
		{"resource", "order_linux", "order_linux_item"},
		{"resource", "posts", "post"}, {"resource", "line_items", "line_item"}, {"resource", "people", "person"},
		{"resource", "strings", "strings_item"}, {"resource", "types", "type_item"},
		{"resource", "abcdefghijklmnopqr_linux", "abcdefghijklmnopqr"},
		{"field", "UserID", "user_id"}, {"field", "order", "order_value"}, {"field", "Order", "order_value"}, {"field", "ID", "own_id"},
		{"field", "created_at", "own_created_at"},
		{"field", "price (net)", "price_net"}, {"field", "", "title"},
		{"application", "My Shop", "my-shop"}, {"application", "go", "go-app"}, {"application", "🛒", "shop"},
	} {
		e, ok := errors.AsType[*name.Error](checks()[c.what](c.bad))
		if !ok || e.Proposal != c.proposal {
			t.Errorf("%s %.40q: %+v, want the proposal %s", c.what, c.bad, e, c.proposal)
		}
	}
}

func TestPredeclaredNamesAreRefused(t *testing.T) {
	t.Parallel()
	for _, n := range types.Universe.Names() {
		if name.CheckModule(n) == nil || name.CheckResource(n) == nil {
			t.Errorf("a module or a resource may be called %s", n)
		}
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"":                        `""`,
		"a b":                     `"a b"`,
		"a\n\x00\"é🛒":             `"a\n\x00\"\u00e9\U0001f6d2"`,
		strings.Repeat("a", 60):   `"` + strings.Repeat("a", 60) + `"`,
		strings.Repeat("a", 61):   `"` + strings.Repeat("a", 60) + `"...`,
		strings.Repeat("\n", 100): `"` + strings.Repeat(`\n`, 30) + `"...`,
	} {
		if got := name.Quote(s); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}
