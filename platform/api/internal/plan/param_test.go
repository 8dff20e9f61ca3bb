package plan_test

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
)

// cursor is a type that the layer above reads itself.
type cursor struct{ secret int }

func isCursor(t reflect.Type) bool { return t == reflect.TypeFor[cursor]() }

type Paging struct {
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many."`
	After string `query:"after"`
}

type listRequest struct {
	ID color `path:"id" doc:"The color." example:"#010203"`
	Paging
	Size    *string    `query:"size" enum:"s,m,l"`
	Tags    []string   `query:"tags" maxItems:"2" uniqueItems:"true" minLength:"1"`
	Fields  []string   `query:"fields" default:"[\"id\"]"`
	Since   *time.Time `query:"since"`
	Active  bool       `query:"active"`
	Min     float64    `query:"filter[price][gte]" minimum:"0"`
	Page    uint8      `query:"page"`
	Match   string     `header:"If-Match" required:"true"`
	Blob    []byte     `header:"X-Blob"`
	Filters cursor     `query:"filter" doc:"Ours." required:"true" anything:"goes"`
	Untaged cursor
	Body    price `doc:"The price."`
}

func params(tb testing.TB, t reflect.Type) ([]plan.Param, int) {
	tb.Helper()
	p, body, err := plan.New(plan.Options{Mine: isCursor}).Params(t)
	if err != nil {
		tb.Fatal(err)
	}
	return p, body
}

func TestParams(t *testing.T) {
	t.Parallel()
	ps, body := params(t, reflect.TypeFor[listRequest]())
	if reflect.TypeFor[listRequest]().Field(body).Name != "Body" {
		t.Errorf("the body is field %d", body)
	}
	var got strings.Builder
	for _, p := range ps {
		got.WriteString(p.In + " " + p.Name)
		if p.Required {
			got.WriteString(" required")
		}
		if p.Custom {
			got.WriteString(" custom")
		} else {
			got.Write(p.Schema.AppendJSON([]byte(" ")))
		}
		got.WriteString(" " + p.Doc + "\n")
	}
	want := `path id required {"type":"string","pattern":"^#[0-9a-f]{6}$","examples":["#010203"]} The color.
query limit {"type":"integer","format":"int64","minimum":1,"maximum":200,"default":50} How many.
query after {"type":"string"} ` + `
query size {"type":"string","enum":["s","m","l"]} ` + `
query tags {"type":"array","maxItems":2,"uniqueItems":true,"items":{"type":"string","minLength":1}} ` + `
query fields {"type":"array","maxItems":1000,"items":{"type":"string"},"default":["id"]} ` + `
query since {"type":"string","format":"date-time"} ` + `
query active {"type":"boolean"} ` + `
query filter[price][gte] {"type":"number","format":"double","minimum":0} ` + `
query page {"type":"integer","minimum":0,"maximum":255} ` + `
header If-Match required {"type":"string"} ` + `
header X-Blob {"type":"string","contentEncoding":"base64"} ` + `
query filter required custom Ours.
  custom ` + `
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
	for _, p := range ps {
		if f := reflect.TypeFor[listRequest]().FieldByIndex(p.Index); f.Type != p.Type || f.Tag != p.Tag {
			t.Errorf("%s: the index leads to the field %s", p.Name, f.Name)
		}
	}
	if _, body := params(t, reflect.TypeFor[Paging]()); body != -1 {
		t.Errorf("no body: %d", body)
	}
}

func TestParamSet(t *testing.T) {
	t.Parallel()
	ps, _ := params(t, reflect.TypeFor[listRequest]())
	byName := map[string]*plan.Param{}
	for i := range ps {
		byName[ps[i].Name] = &ps[i]
	}
	since := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	size := "m"
	for _, c := range []struct {
		name   string
		values []string
		want   any    // the field's value, or
		wrong  string // the code
	}{
		{"id", []string{"#0a0b0c"}, color{10, 11, 12}, ""},
		{"id", nil, nil, "required"},
		{"id", []string{"red"}, nil, "format"},
		{"limit", nil, 50, ""},
		{"limit", []string{"7"}, 7, ""},
		{"limit", []string{""}, nil, "type"},
		{"limit", []string{"0"}, nil, "minimum"},
		{"limit", []string{"1000000000"}, nil, "maximum"},
		{"limit", []string{"99999999999999999999"}, nil, "range"},
		{"limit", []string{"1", "2"}, nil, "repeated"},
		{"limit", []string{"+1"}, nil, "type"},
		{"limit", []string{" 1"}, nil, "type"},
		{"limit", []string{"01"}, nil, "type"},
		{"limit", []string{"1_0"}, nil, "type"},
		{"limit", []string{"0x1"}, nil, "type"},
		{"limit", []string{"1.0"}, nil, "type"},
		{"limit", []string{"１"}, nil, "type"},
		{"after", nil, "", ""},
		{"after", []string{""}, "", ""},
		{"after", []string{"x\x00"}, nil, "nul"},
		{"after", []string{"x\xff"}, nil, "invalid_utf8"},
		{"size", nil, (*string)(nil), ""},
		{"size", []string{"m"}, &size, ""},
		{"size", []string{"xl"}, nil, "enum"},
		{"tags", nil, []string(nil), ""},
		{"tags", []string{"a", "b"}, []string{"a", "b"}, ""},
		{"tags", []string{"a", "a"}, nil, "duplicate_item"},
		{"tags", []string{"a", "b", "c"}, nil, "max_items"},
		{"tags", []string{"a", ""}, nil, "min_length"},
		{"tags", []string{"a", "\x00"}, nil, "nul"},
		{"fields", nil, []string{"id"}, ""},
		{"fields", []string{"x"}, []string{"x"}, ""},
		{"since", []string{"2026-02-03T05:05:06+01:00"}, &since, ""},
		{"since", []string{"2026-02-03"}, nil, "format"},
		{"active", nil, false, ""},
		{"active", []string{"true"}, true, ""},
		{"active", []string{"1"}, nil, "type"},
		{"active", []string{"True"}, nil, "type"},
		{"filter[price][gte]", []string{"1.5e1"}, 15.0, ""},
		{"filter[price][gte]", []string{"-0.1"}, nil, "minimum"},
		{"filter[price][gte]", []string{"1e400"}, nil, "range"},
		{"filter[price][gte]", []string{"Inf"}, nil, "type"},
		{"filter[price][gte]", []string{".5"}, nil, "type"},
		{"page", []string{"255"}, uint8(255), ""},
		{"page", []string{"-1"}, nil, "range"},
		{"page", []string{"256"}, nil, "range"},
		{"If-Match", nil, nil, "required"},
		{"If-Match", []string{`"3"`}, `"3"`, ""},
		{"X-Blob", []string{"AAE="}, []byte{0, 1}, ""},
		{"X-Blob", []string{"AAE"}, nil, "format"},
		{"filter", []string{"x"}, cursor{}, ""},
	} {
		var r listRequest
		p := byName[c.name]
		f := p.Set(reflect.ValueOf(&r).Elem(), c.values)
		switch {
		case c.wrong == "" && f != nil, c.wrong != "" && (f == nil || f.Code != c.wrong):
			t.Errorf("%s=%q: %+v, want %q", c.name, c.values, f, c.wrong)
		case f != nil && (f.In != p.In || f.Pointer != "/"+c.name || f.Detail == ""):
			t.Errorf("%s=%q: %+v", c.name, c.values, f)
		case f == nil:
			if got := reflect.ValueOf(r).FieldByIndex(p.Index).Interface(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s=%q: %#v, want %#v", c.name, c.values, got, c.want)
			}
		}
	}
}

func TestParamSetCopies(t *testing.T) {
	t.Parallel()
	ps, _ := params(t, reflect.TypeFor[listRequest]())
	for _, p := range ps {
		if p.Name != "after" && p.Name != "tags" && p.Name != "size" {
			continue
		}
		var buf strings.Builder // its string is memory that nobody else has
		buf.WriteString("m")
		value := buf.String()
		var r listRequest
		if f := p.Set(reflect.ValueOf(&r).Elem(), []string{value}); f != nil {
			t.Fatal(f)
		}
		var got string
		switch v := reflect.ValueOf(r).FieldByIndex(p.Index).Interface().(type) {
		case string:
			got = v
		case []string:
			got = v[0]
		case *string:
			got = *v
		}
		if got != value || sameMemory(got, value) {
			t.Errorf("%s: %q, and it is the caller's memory: %v", p.Name, got, sameMemory(got, value))
		}
	}
}

// sameMemory reports whether two strings share their bytes.
func sameMemory(a, b string) bool { return unsafe.StringData(a) == unsafe.StringData(b) }

func TestParamsRefuse(t *testing.T) {
	t.Parallel()
	str := reflect.TypeFor[string]()
	for _, c := range []struct {
		t    reflect.Type
		tag  string
		want string
	}{
		{str, ``, "unnamed struct.F: the field is no parameter"},
		{str, `json:"f"`, "the field is no parameter"},
		{str, `query:""`, "tag query|empty"},
		{str, `query:"a b"`, "tag query|character"},
		{str, `query:"ü"`, "tag query|character"},
		{str, `header:"X:Y"`, "tag header|character"},
		{str, `path:"{id}"`, "tag path|character"},
		{str, `header:"Content-Type"`, "tag header|OpenAPI ignores"},
		{str, `header:"authorization"`, "tag header|OpenAPI ignores"},
		{str, `query:"q" path:"q"`, "does not fit"},
		{str, `query:"q" required:"yes"`, "tag required"},
		{str, `path:"q" required:"true"`, "tag required|always is"},
		{str, `query:"q" required:"true" default:"x"`, "tag default|never applies"},
		{reflect.TypeFor[*string](), `query:"q" default:"x"`, "tag default|never applies"},
		{str, `query:"q" default:"abc" maxLength:"2"`, "tag default|at most 2"},
		{str, `query:"q" example:"abc" maxLength:"2"`, "tag example|at most 2"},
		{str, `query:"q" maximum:"3"`, "tag maximum does not fit"},
		{reflect.TypeFor[price](), `query:"q"`, "plan_test.price is not supported in a query parameter"},
		{reflect.TypeFor[map[string]string](), `query:"q"`, "not supported in a query parameter"},
		{reflect.TypeFor[[][]string](), `query:"q"`, "not supported in a query parameter"},
		{reflect.TypeFor[[]string](), `path:"q"`, "not supported in a path parameter"},
		{reflect.TypeFor[[]string](), `header:"X-Q"`, "not supported in a header parameter"},
		{reflect.TypeFor[any](), `query:"q"`, "interface {} is not supported"},
	} {
		_, _, err := plan.New(plan.Options{}).Params(field(c.t, c.tag))
		if err == nil {
			t.Errorf("%s `%s`: no error", c.t, c.tag)
			continue
		}
		for part := range strings.SplitSeq(c.want, "|") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s `%s`: %v, without %q", c.t, c.tag, err, part)
			}
		}
	}
	type sameHeader struct {
		A string `header:"X-A"`
		B string `header:"x-a"`
	}
	type sameQuery struct {
		Paging
		Max int `query:"limit"`
	}
	type sameOfOurs struct {
		A cursor `query:"a"`
		B int    `query:"a"`
	}
	type differs struct {
		A string `query:"a"`
		B string `query:"A"`
		C string `header:"a"`
	}
	type words struct {
		Body string `maxLength:"3"`
	}
	for _, c := range []struct {
		t    reflect.Type
		want string
	}{
		{reflect.TypeFor[sameHeader](), "plan_test.sameHeader.B: the header parameter x-a is that of the field A"},
		{reflect.TypeFor[sameQuery](), "plan_test.sameQuery.Max: the query parameter limit is that of the field Limit"},
		{reflect.TypeFor[sameOfOurs](), "the query parameter a is that of the field A"},
		{reflect.TypeFor[differs](), ""},
		{reflect.TypeFor[words](), "plan_test.words.Body: tag maxLength does not fit"},
		{reflect.TypeFor[int](), "int: the type is not a struct"},
	} {
		_, _, err := plan.New(plan.Options{Mine: isCursor}).Params(c.t)
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.t, err)
		}
	}
}

type created struct {
	Location string `header:"Location" doc:"Where it is." example:"/api/v1/x"`
	ETag     string `header:"ETag"`
	Count    int64  `header:"X-Count"`
	Left     uint8  `header:"X-Left"`
	Color    color  `header:"X-Color"`
	Body     price
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	hs, body, err := plan.New(plan.Options{}).Headers(reflect.TypeFor[created]())
	if err != nil || body != 5 {
		t.Fatalf("body %d, %v", body, err)
	}
	if got := string(hs[0].Schema.AppendJSON(nil)) + hs[0].Doc; got != `{"type":"string","examples":["/api/v1/x"]}Where it is.` {
		t.Errorf("got %s", got)
	}
	write := func(v created) string {
		var lines []string
		for i := range hs {
			b, sent, err := hs[i].Append([]byte(hs[i].Name+": "), reflect.ValueOf(&v).Elem())
			switch {
			case err != nil:
				lines = append(lines, "error: "+err.Error())
			case sent:
				lines = append(lines, string(b))
			}
		}
		return strings.Join(lines, "; ")
	}
	for _, c := range []struct {
		v    created
		want string
	}{
		{created{}, ""},
		{created{Location: "/x/1", ETag: `"3"`, Count: -5, Left: 7, Color: color{1, 2, 3}},
			`Location: /x/1; ETag: "3"; X-Count: -5; X-Left: 7; X-Color: #010203`},
		{created{Location: "/x\r\nSet-Cookie: a=b"}, "error: write header Location: its value has a control character"},
		{created{ETag: "a\x00"}, "error: write header ETag: its value has a control character"},
		{created{ETag: "a\tb"}, "ETag: a\tb"},
	} {
		if got := write(c.v); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestHeadersRefuse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		t    reflect.Type
		tag  string
		want string
	}{
		{reflect.TypeFor[string](), ``, "the field is no header"},
		{reflect.TypeFor[string](), `query:"x"`, "the field is no header"},
		{reflect.TypeFor[string](), `header:"a b"`, "tag header"},
		{reflect.TypeFor[string](), `header:""`, "empty"},
		{reflect.TypeFor[string](), `header:"X-A" required:"true"`, "tag required does not fit"},
		{reflect.TypeFor[string](), `header:"X-A" example:"b" enum:"a"`, "tag example"},
		{reflect.TypeFor[float64](), `header:"X-A"`, "float64 is not supported in a header"},
		{reflect.TypeFor[time.Time](), `header:"X-A"`, "time.Time is not supported in a header"},
		{reflect.TypeFor[*string](), `header:"X-A"`, "*string is not supported in a header"},
		{reflect.TypeFor[[]string](), `header:"X-A"`, "[]string is not supported in a header"},
	} {
		if _, _, err := plan.New(plan.Options{}).Headers(field(c.t, c.tag)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s `%s`: %v", c.t, c.tag, err)
		}
	}
	type twice struct {
		A string `header:"ETag"`
		B string `header:"etag"`
	}
	if _, _, err := plan.New(plan.Options{}).Headers(reflect.TypeFor[twice]()); err == nil || !strings.Contains(err.Error(), "twice.B: the header etag") {
		t.Errorf("%v", err)
	}
	if _, _, err := plan.New(plan.Options{}).Headers(reflect.TypeFor[string]()); err == nil {
		t.Error("no struct: no error")
	}
}
