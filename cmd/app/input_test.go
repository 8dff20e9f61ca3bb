package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/modules/catalog/catalogwire"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/module"
)

// What strangers send to a generated resource. The bytes below HTTP, and what holds for every operation, have their tests in
// platform/httpserver.

// marker stands in most of what these tests send and must not stand in any refusal. (A name that is not known is repeated to its caller when it
// is made of letters and digits, which this is not.)
const marker = "M4RKER$"

// corpus is text that means something to somebody on its way: to SQL, to LIKE, to JSON, to a template, to a shell, to a terminal.
func corpus() []string {
	return []string{
		marker, marker + "'", "'" + marker, marker + `"`, marker + "`", marker + ";", marker + "--", marker + "/*", "*/" + marker, marker + "#",
		marker + "%", "%" + marker, marker + "_", "_" + marker, marker + `\`, `\` + marker, marker + `\%`, marker + "[a-z]*?", marker + "^$",
		marker + "\u2019", marker + "\u02bc", marker + "\uff07", marker + "\u201c", marker + "\u202e", marker + "\u00e4\U0001f600", marker + "\u0301", marker + "\ufeff",
		marker + "' OR '1'='1", "1 OR 1=1 -- " + marker, "')) UNION SELECT sku FROM catalog_products -- " + marker, marker + "'; DROP TABLE catalog_products; --",
		marker + "\" OR \"\"=\"", "0; ATTACH DATABASE 'x' AS " + marker, marker + " COLLATE NOCASE", "NULL" + marker, "true/**/" + marker, "(SELECT " + marker + ")",
		marker + "$1 ? :p @p", marker + "%s%n%!d", "{{" + marker + "}}", "${" + marker + "}", "$(" + marker + ")", "<script>" + marker + "</script>", marker + "&a=1",
		marker + "\x1b[31m", marker + "\t\x01", marker + "\r\nX: y", "=" + marker + "()", "../../" + marker, strings.Repeat("ä", 50) + marker,
	}
}

// shop is the application with some rows, which no bad request may change.
type shop struct {
	*apptest.App
	rows string
}

func openShop(t *testing.T, more ...apptest.Builder) *shop {
	t.Helper()
	a := apptest.Run(t, append(more, func(p module.Platform) (module.Module, error) {
		return catalogwire.New(p, catalogwire.Default(), catalogwire.Needs{})
	})...)
	a.Seed(8)
	s := &shop{App: a.As("ada", "admin")}
	s.rows = s.all()
	t.Cleanup(func() {
		if rows := s.all(); rows != s.rows {
			t.Errorf("the rows were\n%s\nand are\n%s", s.rows, rows)
		}
	})
	return s
}

// all returns the rows as the list shows them.
func (s *shop) all() string { return string(s.Get(products + "?limit=200&sort=id").Want(200).Body) }

// anyone returns where one of the rows is.
func (s *shop) anyone() string {
	return products + "/" + s.Get(products+"?limit=1").Want(200).Text("/data/0/id")
}

// refused fails the test unless an answer is this problem, and says nothing of the inside nor of what was sent.
func refused(t *testing.T, r *apptest.Response, status int, code string, pointers ...string) {
	t.Helper()
	r.WantProblem(status, code, pointers...)
	told := strings.ToLower(fmt.Sprint(r.Header) + string(r.Body))
	told = strings.ReplaceAll(told, r.Header.Get("X-Request-Id"), "") // random letters may spell anything
	for _, word := range []string{strings.ToLower(marker), "goroutine", ".go:", "panic", "sql", "select", "catalog_products", "constraint", "syntax", "gorm", "fasthttp"} {
		if strings.Contains(told, word) {
			t.Errorf("the refusal holds %q: %v %s", word, r.Header, r.Body)
		}
	}
}

// quoted returns text as a JSON string.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string can be written
	}
	return string(b)
}

// Text is text, whatever it would mean elsewhere: it is stored and returned to the letter, and a search finds it as it stands.
func TestTextIsText(t *testing.T) {
	t.Parallel()
	a := openShop(t)
	var made []string
	for _, text := range corpus() {
		at := a.Post(products, apptest.With(apptest.With(product("x"), "sku", quoted(text)), "name", quoted(text))).Want(201).Header.Get("Location")
		a.Get(at).Want(200).WantAt("/sku", quoted(text)).WantAt("/name", quoted(text))
		a.Patch(at, apptest.With("{}", "name", quoted(text))).Want(200).WantAt("/name", quoted(text))
		made = append(made, at)
	}
	list := a.Get(products + "?limit=200").Want(200)
	ids, names := list.Texts("/data", "/id"), list.Texts("/data", "/name")
	for _, text := range append(corpus(), "%", "_", `\`, "'", "m4rker$%", marker+"_", "__", "%%") {
		var want []string
		for i, name := range names {
			if strings.Contains(strings.ToLower(name), strings.ToLower(strings.TrimSpace(text))) {
				want = append(want, ids[i])
			}
		}
		if got := a.Walk(products+"?q="+url.QueryEscape(text), 200); !slices.Equal(got, want) {
			t.Errorf("a search for %q finds %d products, want %d", text, len(got), len(want))
		}
	}
	for _, at := range made {
		a.Delete(at).Want(204)
	}
}

// A word of a query is one of those that are allowed, or refused.
func TestQueryInput(t *testing.T) {
	t.Parallel()
	a := openShop(t)
	for _, text := range append(corpus(), "", " ", "0", "-1", "1e9", "201", "+5", "0x10", "٣", "1.0", "99999999999999999999", strings.Repeat(marker, 300)) {
		for _, c := range []struct {
			query, pointer string
		}{
			{"limit=", "/limit"},
			{"sort=", "/sort"},
			{"sort=-", "/sort"},
			{"sort=id,", "/sort"},
			{"count=", "/count"},
			{"fields=", "/fields"},
			{"fields=id,", "/fields"},
			{"filter[active]=", "/filter[active][eq]"},
			{"filter[active][ne]=", "/filter[active][ne]"},
			{"filter[active][in]=true,", "/filter[active][in]"},
		} {
			refused(t, a.Get(products+"?"+c.query+url.QueryEscape(text)), 422, "invalid", c.pointer)
		}
		for _, c := range []struct{ query, pointer string }{
			{"filter[" + url.QueryEscape(text) + "]=true", "/filter"},
			{"filter[active][x" + url.QueryEscape(text) + "]=true", "/filter[active]"},
			{"filter[active]" + url.QueryEscape(text) + "x=true", "/filter"},
		} {
			refused(t, a.Get(products+"?"+c.query), 422, "invalid", c.pointer)
		}
		refused(t, a.Get(products+"?x"+url.QueryEscape(text)+"=1"), 422, "invalid")
		refused(t, a.Get(products+"/"+id.New().String()+"?x"+url.QueryEscape(text)+"=1"), 422, "invalid")
	}
	for _, column := range []string{"sku", "name", "price", "price_amount", "released", "version", "created_at", "rowid", "oid", "active COLLATE NOCASE"} {
		refused(t, a.Get(products+"?filter["+url.QueryEscape(column)+"]=1"), 422, "invalid", "/filter")
		refused(t, a.Get(products+"?sort="+url.QueryEscape(column)), 422, "invalid", "/sort")
	}
	refused(t, a.Get(products+"?filter[id]="+id.New().String()), 422, "invalid", "/filter")
	for query, pointer := range map[string]string{
		"page=-1": "/page", "offset=10": "/offset", "q=": "/q", "q=%20": "/q", "q=" + strings.Repeat("x", 101): "/q", "limit=1&limit=2": "/limit",
		"filter[active]=true&filter[active][eq]=true": "/filter[active][eq]", "filter[active][null]=true": "/filter[active]", "filter[active][gt]=true": "/filter[active]",
		"sort=id&sort=-id": "/sort", "fields=id&fields=sku": "/fields", "_method=DELETE": "/_method",
	} {
		refused(t, a.Get(products+"?"+query), 422, "invalid", pointer)
	}
	for _, query := range []string{"q=%00", "q=%ff", "q=%zz", "limit=%", "%00=1", "filter[active]=%c0%af"} {
		refused(t, a.Get(products+"?"+query+marker), 400, "bad_query")
	}
}

// An id is the id of one product or nothing: no form of nothing means more than one.
func TestIDInput(t *testing.T) {
	t.Parallel()
	a := openShop(t)
	known := strings.TrimPrefix(a.anyone(), products+"/")
	bad := []string{
		"0", "-1", "1", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "null", "undefined", "*", "%25", "_", "~", "@", ":id", "{id}", "[]", "''", "%20", "+",
		strings.ReplaceAll(known, "-", ""), "{" + known + "}", "urn:uuid:" + known, known + "%20", "%20" + known, known + ";", known + ",", known + "," + known, known[:35], known + "0",
		known + ".json", known + "%2527", "184467440737095516161", strings.Repeat("9", 1000), "018f6d3a-0000-7000-8000-00000000000g",
	}
	for _, text := range corpus() {
		if escaped := url.PathEscape(text); !strings.Contains(escaped, "%2F") && !strings.Contains(escaped, "%5C") {
			bad = append(bad, escaped)
		}
	}
	for _, key := range bad {
		for _, r := range []*apptest.Response{a.Get(products + "/" + key), a.Patch(products+"/"+key, `{"name":"x"}`), a.Delete(products + "/" + key)} {
			if code := r.Text("/code"); code != "not_found" && code != "product_not_found" {
				t.Errorf("%s: %s", key, r.Body)
			}
			refused(t, r, 404, r.Text("/code"))
		}
	}
	for _, key := range []string{"", "/", known + "/", "/" + known, "x/" + known, known + "/x"} {
		refused(t, a.Delete(products+"/"+key), 404, "route_not_found")
	}
	refused(t, a.Delete(products), 405, "method_not_allowed")
	for _, key := range []string{known + "%00", "%2e%2e%2f" + known, known + "%2f", "..%5c" + marker} {
		refused(t, a.Delete(products+"/"+key), 400, "bad_path")
	}
	refused(t, a.Delete(products+"/"+id.New().String()), 404, "product_not_found")
	a.Get(products+"/"+strings.ToUpper(known)).Want(200).WantAt("/id", quoted(known))
}

// What looks like a file behind an address of somebody's data is no other way to that: a cache in front that keeps files, whatever their headers say, gets nothing to keep.
func TestNothingLooksLikeAFile(t *testing.T) {
	t.Parallel()
	a := openShop(t)
	for _, at := range []string{a.anyone(), products} {
		for _, tail := range []string{
			"/x.css", ";x.css", ".css", "%2fx.css", "%2Fx.css", "%5cx.css", "%00.css", "%0a.css", "%20.css", "%23.css", "%3f.css", "%3b.css", "%253fx.css", "~.css", "/%2e%2e/x.css",
			"/..%2fx.css", "/..;/x.css", "%2f%2e%2e%2fx.css", "/./x.css", "//x.css", "/.css", "/;x.css",
		} {
			r := a.Get(at + tail)
			if r.Status != 400 && r.Status != 404 || r.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: status %d, Cache-Control %q\n%s", tail, r.Status, r.Header.Get("Cache-Control"), r.Body)
			}
		}
	}
}

// Callers set what is theirs: the server's fields are refused, in every spelling.
func TestServerFieldsAreRefused(t *testing.T) {
	t.Parallel()
	a := openShop(t)
	at := a.anyone()
	for _, c := range []struct{ name, value, pointer string }{
		{"id", quoted(id.New().String()), "/id"}, {"version", "7", "/version"}, {"created_at", `"2020-01-01T00:00:00Z"`, "/created_at"}, {"updated_at", `"2020-01-01T00:00:00Z"`, "/updated_at"},
		{"ID", quoted(id.New().String()), "/ID"}, {"Version", "7", "/Version"}, {"CreatedAt", `"2020-01-01T00:00:00Z"`, "/CreatedAt"}, {"deleted_at", "null", "/deleted_at"},
		{"price_amount", "0", "/price_amount"}, {"price_currency", `"EUR"`, "/price_currency"}, {"bucket", "0", "/bucket"}, {"tenant_id", "1", "/tenant_id"}, {"role", `"admin"`, "/role"},
		{"SKU", `"x"`, "/SKU"}, {"Name", `"x"`, "/Name"}, {"__proto__", "{}", "/__proto__"}, {"sku ", `"x"`, ""}, {"sku\x00", `"x"`, ""}, {marker + "'", `"x"`, ""},
	} {
		refused(t, a.Post(products, apptest.With(product("new"), c.name, c.value)), 422, "invalid", c.pointer)
		refused(t, a.Patch(at, apptest.With("{}", c.name, c.value)), 422, "invalid", c.pointer)
	}
}

// Each field takes what it is for.
func TestBodyInput(t *testing.T) {
	t.Parallel()
	a := openShop(t)
	at := a.anyone()
	bad := map[string][]struct{ value, pointer string }{}
	add := func(field, pointer string, values ...string) {
		for _, v := range values {
			bad[field] = append(bad[field], struct{ value, pointer string }{v, pointer})
		}
	}
	others := []string{"1", "1.5", "true", "{}", "[]", `["` + marker + `"]`, `{"$gt":"` + marker + `"}`}
	add("sku", "/sku", append(others, `""`, quoted(strings.Repeat("x", 65)), quoted(strings.Repeat(marker, 20_000)), `"`+marker+`\u0000"`, "null")...)
	add("name", "/name", append(others, `""`, quoted(strings.Repeat("ä", 256)), `"`+marker+`\u0000"`, "null")...)
	add("price", "/price", "1999", `"19.99 EUR"`, "[1999]", "true", "null", quoted(marker))
	add("price", "/price/amount", amount(`"1"`), amount("1.5"), amount("1e2"), amount("1e400"), amount("9223372036854775808"), amount("-9223372036854775809"), amount(strings.Repeat("9", 1000)), amount("true"), amount("null"), amount("[1]"), amount("\"-0\""))
	add("price", "/price/currency", currency(`""`), currency(`"eur"`), currency(`"EURO"`), currency(`"EU"`), currency("1"), currency("null"), currency(`["EUR"]`), currency(`"EUR\u0000"`), currency(`"ÉUR"`))
	add("price", "/price/amount", `{"currency":"EUR"}`)
	add("price", "/price/currency", `{"amount":1}`)
	add("price", "/price/minor", `{"amount":1,"currency":"EUR","minor":1}`)
	add("active", "/active", "0", "1", `"true"`, `""`, "[]", "{}", "null")
	add("released", "/released", "20240101", `""`, `"now"`, `"2024-02-30"`, `"2023-02-29"`, `"2024-13-01"`, `"2024-1-1"`, `"0000-00-00"`, `"10000-01-01"`, `"-001-01-01"`, `"2024-01-01T00:00:00Z"`, `" 2024-01-01"`, `"2024/01/01"`, "[]", "{}", "true")
	for _, text := range corpus() {
		add("price", "/price/amount", amount(quoted(text)))
		add("price", "/price/currency", currency(quoted(text)))
		add("active", "/active", quoted(text))
		add("released", "/released", quoted(text))
	}
	for field, values := range bad {
		for _, c := range values {
			refused(t, a.Post(products, apptest.With(product("new"), field, c.value)), 422, "invalid", c.pointer)
			refused(t, a.Patch(at, apptest.With("{}", field, c.value)), 422, "invalid", c.pointer)
		}
	}
	for _, field := range []string{"sku", "name", "price"} {
		refused(t, a.Post(products, apptest.Without(product("new"), field)), 422, "invalid", "/"+field)
	}
	for _, body := range []string{"null", "[]", quoted(marker), "1", "true", "[" + product("new") + "]"} {
		refused(t, a.Post(products, body), 422, "invalid", "")
		refused(t, a.Patch(at, body), 422, "invalid", "")
	}
	for body, code := range map[string]string{
		`{"sku":"` + marker: "invalid_json", `{"sku":"x","sku":"` + marker + `"}`: "duplicate_key", `{"price":{"amount":1,"amount":2,"currency":"EUR"}}`: "duplicate_key",
		"{\"sku\":\"\xff" + marker + "\"}": "invalid_utf8", `{} ` + marker: "trailing_data", `{"name":` + strings.Repeat("[", 10_000): "too_deep",
	} {
		refused(t, a.Post(products, body), 400, code)
		refused(t, a.Patch(at, body), 400, code)
	}
	taken := a.Get(at).Text("/sku")
	refused(t, a.Post(products, apptest.With(product("new"), "sku", quoted(taken))), 409, "product_taken", "/sku")
}

func amount(value string) string   { return `{"amount":` + value + `,"currency":"EUR"}` }
func currency(value string) string { return `{"amount":1,"currency":` + value + `}` }
