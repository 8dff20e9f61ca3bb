package plan_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/patch"
)

// compile returns the plan of T.
func compile[T any](tb testing.TB, use plan.Use) *plan.Type {
	tb.Helper()
	p, err := plan.New(plan.Options{}).Compile(reflect.TypeFor[T](), use)
	if err != nil {
		tb.Fatalf("compile %s: %v", reflect.TypeFor[T](), err)
	}
	return p
}

// decode reads a document into a new T.
func decode[T any](tb testing.TB, doc string) (T, error) {
	tb.Helper()
	var v T
	err := compile[T](tb, plan.Input).Decode([]byte(doc), reflect.ValueOf(&v).Elem(), plan.Limits{})
	return v, err
}

// report writes an error as one line: "malformed invalid_json", or "invalid /name required, /n type".
func report(tb testing.TB, err error) string {
	tb.Helper()
	if err == nil {
		return "ok"
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		tb.Fatalf("not a fault: %v", err)
	}
	if f.Kind == fault.Malformed {
		return "malformed " + f.Code
	}
	if f.Kind != fault.Invalid || f.Code != "invalid" {
		tb.Fatalf("kind %v, code %s", f.Kind, f.Code)
	}
	var parts []string
	for _, x := range f.Fields {
		if x.In != "" || x.Detail == "" {
			tb.Errorf("field of a body: %+v", x)
		}
		parts = append(parts, x.Pointer+" "+x.Code)
	}
	return "invalid " + strings.Join(parts, ", ")
}

// color is a text type of the kind that applications write.
type color struct{ r, g, b uint8 }

func (c *color) UnmarshalText(b []byte) error {
	if n, err := fmt.Sscanf(string(b), "#%02x%02x%02x", &c.r, &c.g, &c.b); n != 3 || err != nil || len(b) != 7 {
		return fmt.Errorf("color %q is wrong", b)
	}
	return nil
}

func (c color) AppendText(b []byte) ([]byte, error) {
	return fmt.Appendf(b, "#%02x%02x%02x", c.r, c.g, c.b), nil
}

func (color) JSONSchema() string { return `{"type":"string","pattern":"^#[0-9a-f]{6}$"}` }

// answer is a text type that says itself what is wrong with a text.
type answer bool

func (a *answer) UnmarshalText(b []byte) error {
	if *a = answer(string(b) == "yes"); !*a && string(b) != "no" {
		return fmt.Errorf("read answer: %w", fault.New(fault.Invalid, "no_answer", "must be yes or no"))
	}
	return nil
}

func (a answer) AppendText(b []byte) ([]byte, error) {
	if a {
		return append(b, "yes"...), nil
	}
	return append(b, "no"...), nil
}

type currency string

type price struct {
	Amount   int64    `json:"amount" minimum:"0"`
	Currency currency `json:"currency" enum:"EUR,USD"`
}

// order has a field for every rule.
type order struct {
	ID        *string            `json:"id" format:"uuid"`
	Name      *string            `json:"name" minLength:"2" maxLength:"4"`
	Code      *string            `json:"code" pattern:"^[A-Z]+$"`
	Size      *string            `json:"size" enum:"s,m,l"`
	Count     *int               `json:"count" minimum:"1" maximum:"10" multipleOf:"2"`
	Level     *int8              `json:"level"`
	Big       *int64             `json:"big" exclusiveMinimum:"-5" exclusiveMaximum:"5"`
	Grade     *int               `json:"grade" enum:"1,2,3"`
	Port      *uint16            `json:"port" minimum:"1024"`
	Total     *uint64            `json:"total"`
	Weight    *float64           `json:"weight" exclusiveMinimum:"0" maximum:"99.5"`
	Ratio     *float32           `json:"ratio"`
	Gift      *bool              `json:"gift"`
	At        *time.Time         `json:"at"`
	Photo     *[]byte            `json:"photo" maxLength:"8"`
	Paint     *color             `json:"paint"`
	Agreed    *answer            `json:"agreed" maxLength:"3"`
	Tags      *[]string          `json:"tags" minItems:"1" maxItems:"3" uniqueItems:"true" maxLength:"5"`
	Days      *[]time.Time       `json:"days" uniqueItems:"true"`
	Labels    *map[string]string `json:"labels" minProperties:"1" maxProperties:"2" minLength:"1"`
	Price     *price             `json:"price"`
	Lines     *[]price           `json:"lines"`
	Prices    *map[string]price  `json:"prices"`
	Slashed   *int               `json:"a/b~c"`
	Parent    *order             `json:"parent"`
	Unlimited *[]*order          `json:"children"`
}

func TestDecodeReportsEveryRule(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ doc, want string }{
		{`{}`, "ok"},
		{`{"name":"ab","code":"ABC","size":"m","count":4,"big":4,"grade":3,"port":1024,"weight":99.5}`, "ok"},
		{`null`, "invalid  null"},
		{`[]`, "invalid  type"},
		{`"x"`, "invalid  type"},
		{`{"colour":1}`, "invalid /colour unknown_field"},
		{`{"a b":1}`, "invalid  unknown_field"},
		{`{"` + strings.Repeat("x", 65) + `":1}`, "invalid  unknown_field"},
		{`{"":1}`, "invalid  unknown_field"},
		{`{"Name":"ab"}`, "invalid /Name unknown_field"},
		{`{"name":1}`, "invalid /name type"},
		{`{"name":"a"}`, "invalid /name min_length"},
		{`{"name":"abcde"}`, "invalid /name max_length"},
		{`{"name":"äöü€"}`, "ok"},
		{`{"name":"äöü€x"}`, "invalid /name max_length"},
		{`{"name":"ab\u0000"}`, "invalid /name nul"},
		{`{"name":"ab\\u0000"}`, "invalid /name max_length"},
		{`{"code":"abc"}`, "invalid /code pattern"},
		{`{"size":"xl"}`, "invalid /size enum"},
		{`{"size":""}`, "invalid /size enum"},
		{`{"id":"x"}`, "invalid /id format"},
		{`{"count":10}`, "ok"},
		{`{"count":0}`, "invalid /count minimum"},
		{`{"count":12}`, "invalid /count maximum"},
		{`{"count":3}`, "invalid /count multiple_of"},
		{`{"count":"2"}`, "invalid /count type"},
		{`{"count":2.0}`, "invalid /count type"},
		{`{"count":2e0}`, "invalid /count type"},
		{`{"count":1.5}`, "invalid /count type"},
		{`{"count":12345678901234567890}`, "invalid /count range"},
		{`{"count":-12345678901234567890123}`, "invalid /count range"},
		{`{"count":1e400}`, "invalid /count type"},
		{`{"level":127}`, "ok"},
		{`{"level":128}`, "invalid /level range"},
		{`{"level":-128}`, "ok"},
		{`{"level":-129}`, "invalid /level range"},
		{`{"level":-0}`, "ok"},
		{`{"big":-5}`, "invalid /big minimum"},
		{`{"big":5}`, "invalid /big maximum"},
		{`{"grade":4}`, "invalid /grade enum"},
		{`{"port":1023}`, "invalid /port minimum"},
		{`{"port":65536}`, "invalid /port range"},
		{`{"port":-1}`, "invalid /port range"},
		{`{"total":-0}`, "ok"},
		{`{"total":18446744073709551615}`, "ok"},
		{`{"total":18446744073709551616}`, "invalid /total range"},
		{`{"weight":0}`, "invalid /weight minimum"},
		{`{"weight":99.6}`, "invalid /weight maximum"},
		{`{"weight":1e400}`, "invalid /weight range"},
		{`{"weight":1e-400}`, "invalid /weight minimum"},
		{`{"ratio":1e39}`, "invalid /ratio range"},
		{`{"ratio":"NaN"}`, "invalid /ratio type"},
		{`{"gift":1}`, "invalid /gift type"},
		{`{"at":"2026-02-03"}`, "invalid /at format"},
		{`{"at":"2026-02-03T04:05:06"}`, "invalid /at format"},
		{`{"at":"2026-02-03T04:05:06,5Z"}`, "invalid /at format"},
		{`{"at":"2026-02-30T04:05:06Z"}`, "invalid /at format"},
		{`{"at":"0000-01-01T00:00:00+01:00"}`, "invalid /at range"},
		{`{"at":"9999-12-31T23:59:59-01:00"}`, "invalid /at range"},
		{`{"at":"9999-12-31T23:59:59.9999Z"}`, "ok"},
		{`{"photo":"AAE="}`, "ok"},
		{`{"photo":"AAF="}`, "ok"},
		{`{"photo":"AAE"}`, "invalid /photo format"},
		{`{"photo":"AA\nE="}`, "invalid /photo format"},
		{`{"photo":"AAECAwQFBgc="}`, "invalid /photo max_length"},
		{`{"paint":"#00ff7f"}`, "ok"},
		{`{"paint":"red"}`, "invalid /paint format"},
		{`{"agreed":"yes"}`, "ok"},
		{`{"agreed":"no!"}`, "invalid /agreed no_answer"},
		{`{"agreed":"maybe"}`, "invalid /agreed max_length"},
		{`{"tags":[]}`, "invalid /tags min_items"},
		{`{"tags":["a","b","c","d"]}`, "invalid /tags max_items"},
		{`{"tags":["a","b","a"]}`, "invalid /tags/2 duplicate_item"},
		{`{"tags":["a","\u0061"]}`, "invalid /tags/1 duplicate_item"},
		{`{"tags":["a","toolong",3]}`, "invalid /tags/1 max_length, /tags/2 type"},
		{`{"tags":["a",3,4]}`, "invalid /tags/1 type, /tags/2 type"},
		{`{"tags":["a",null]}`, "invalid /tags/1 null"},
		{`{"tags":{"a":1}}`, "invalid /tags type"},
		{`{"days":["2026-01-01T00:00:00Z","2026-01-01T01:00:00+01:00"]}`, "invalid /days/1 duplicate_item"},
		{`{"labels":{}}`, "invalid /labels min_properties"},
		{`{"labels":{"a":"1","b":"2","c":"3"}}`, "invalid /labels max_properties"},
		{`{"labels":{"a":"","b c":""}}`, "invalid /labels/a min_length, /labels min_length"},
		{`{"labels":{"a\u0000":"x"}}`, "invalid /labels nul"},
		{`{"labels":[]}`, "invalid /labels type"},
		{`{"price":{}}`, "invalid /price/amount required, /price/currency required"},
		{`{"price":{"amount":null,"currency":null}}`, "invalid /price/amount null, /price/currency null"},
		{`{"lines":[{"amount":-1,"currency":"EUR"},{"amount":1,"currency":"DM"}]}`, "invalid /lines/0/amount minimum, /lines/1/currency enum"},
		{`{"lines":[null]}`, "invalid /lines/0 null"},
		{`{"prices":{"x":{"amount":1}}}`, "invalid /prices/x/currency required"},
		{`{"prices":{"<x>":{"amount":1}}}`, "invalid /prices required"},
		{`{"a/b~c":"1"}`, "invalid /a~1b~0c type"},
		{`{"parent":{"parent":{"level":"x"}}}`, "invalid /parent/parent/level type"},
		{`{"children":[null,{"level":1000}]}`, "invalid /children/1/level range"},
	} {
		_, err := decode[order](t, c.doc)
		if got := report(t, err); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.doc, got, c.want)
		}
	}
}

func TestDecodeMalformed(t *testing.T) {
	t.Parallel()
	deep := func(n int) string { return strings.Repeat(`{"parent":`, n) + `{}` + strings.Repeat(`}`, n) }
	for _, c := range []struct{ doc, want, place string }{
		{``, "empty_body", ""},
		{" \n\t", "empty_body", ""},
		{`{`, "invalid_json", "line 1, column 2"},
		{`{"name":"ab"`, "invalid_json", "line 1, column 13"},
		{"{\n \"name\": ?\n}", "invalid_json", "line 2, column 10"},
		{`{"name":}`, "invalid_json", ""},
		{`{"name"}`, "invalid_json", ""},
		{`{"name" "x"}`, "invalid_json", ""},
		{`{"name":"ab",}`, "invalid_json", ""},
		{`{"tags":["a",]}`, "invalid_json", ""},
		{`{"tags":["a" "b"]}`, "invalid_json", ""},
		{`{"tags":["a"}`, "invalid_json", ""},
		{`{1:2}`, "invalid_json", ""},
		{`{[]:2}`, "invalid_json", ""},
		{`}`, "invalid_json", ""},
		{`{'name':1}`, "invalid_json", ""},
		{`{name:1}`, "invalid_json", ""},
		{`{"count":01}`, "invalid_json", ""},
		{`{"count":+1}`, "invalid_json", ""},
		{`{"count":NaN}`, "invalid_json", ""},
		{`{"count":0x1}`, "invalid_json", ""},
		{`nul`, "invalid_json", ""},
		{`{"name":"a` + "\n" + `b"}`, "invalid_json", ""},
		{`{"name":"a` + "\x00" + `b"}`, "invalid_json", ""},
		{`{"name":"\ud800"}`, "invalid_json", ""},
		{`{"name":"\x"}`, "invalid_json", ""},
		{"\ufeff{}", "invalid_json", "line 1, column 1"},
		{"{\"name\":\"\xff\"}", "invalid_utf8", "line 1, column 10"},
		{"{\"\xff\":1}", "invalid_utf8", ""},
		{"{\"\xff\"", "invalid_utf8", ""},
		{`{"name":"ab","name":"cd"}`, "duplicate_key", "line 1, column 14"},
		{`{"name":"ab","n\u0061me":"cd"}`, "duplicate_key", ""},
		{`{"x":{"y":1,"y":2}}`, "duplicate_key", ""},
		{`{"labels":{"y":"1","y":"2"}}`, "duplicate_key", ""},
		{`{"tags":[1,2,3,4,5,{"y":1,"y":2}]}`, "duplicate_key", ""},
		{`{} {}`, "trailing_data", "line 1, column 3"},
		{`{}x`, "trailing_data", ""},
		{`{},`, "trailing_data", ""},
		{`{}]`, "trailing_data", ""},
		{`null x`, "trailing_data", ""},
		{deep(32), "too_deep", ""},
		{`{"x":` + strings.Repeat("[", 32), "too_deep", ""},
		{strings.Repeat("[", 10000), "too_deep", ""},
		{strings.Repeat("[", 1000000), "too_deep", ""},
		{`{"colour":1,"count":"x","tags":[`, "invalid_json", ""},
	} {
		_, err := decode[order](t, c.doc)
		short := c.doc[:min(len(c.doc), 60)]
		if got, want := report(t, err), "malformed "+c.want; got != want {
			t.Errorf("%q: %s, want %s", short, got, want)
		} else if detail := err.(*fault.Error).Detail; !strings.Contains(detail, c.place) {
			t.Errorf("%q: %s, want %s", short, detail, c.place)
		}
	}
	if _, err := decode[order](t, deep(31)); err != nil {
		t.Errorf("32 levels: %v", err)
	}
}

func TestDecodeLimits(t *testing.T) {
	t.Parallel()
	p := compile[order](t, plan.Input)
	for _, c := range []struct {
		limit, depth int
		want         string
	}{
		{0, 32, "ok"}, {0, 33, "malformed too_deep"},
		{-1, 32, "ok"}, {-1, 33, "malformed too_deep"},
		{1, 1, "ok"}, {1, 2, "malformed too_deep"},
		{1000, 1000, "ok"},
		{1 << 40, 1000, "ok"}, {1 << 40, 1001, "malformed too_deep"},
	} {
		doc := strings.Repeat(`{"parent":`, c.depth-1) + `{}` + strings.Repeat(`}`, c.depth-1)
		var v order
		if got := report(t, p.Decode([]byte(doc), reflect.ValueOf(&v).Elem(), plan.Limits{Depth: c.limit})); got != c.want {
			t.Errorf("limit %d, depth %d: %s", c.limit, c.depth, got)
		}
	}
}

func TestDecodeStopsAtTwentyFieldsAndReadsOn(t *testing.T) {
	t.Parallel()
	for _, item := range []string{`{}`, `3`, `{"x":1}`, `{"amount":-1,"currency":"EUR"}`} {
		doc := `{"lines":[` + strings.Repeat(item+`,`, 900) + item + `]`
		_, err := decode[order](t, doc+`}`)
		if n := len(err.(*fault.Error).Fields); n != 20 {
			t.Errorf("%s: %d fields", item, n)
		}
		_, err = decode[order](t, doc)
		if got := report(t, err); got != "malformed invalid_json" {
			t.Errorf("%s: broken behind the errors: %s", item, got)
		}
	}
}

func TestDecodeBoundsUnboundedLists(t *testing.T) {
	t.Parallel()
	items := func(n int) string { return strings.TrimSuffix(strings.Repeat("{},", n), ",") }
	members := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"k%d":{"amount":1,"currency":"EUR"},`, i)
		}
		return strings.TrimSuffix(b.String(), ",")
	}
	for _, c := range []struct{ doc, want string }{
		{`{"children":[` + items(1000) + `]}`, "ok"},
		{`{"children":[` + items(1001) + `]}`, "invalid /children max_items"},
		{`{"children":[` + items(100000) + `]}`, "invalid /children max_items"},
		{`{"children":[` + items(100000), "malformed invalid_json"},
		{`{"prices":{` + members(1000) + `}}`, "ok"},
		{`{"prices":{` + members(1001) + `}}`, "invalid /prices max_properties"},
	} {
		v, err := decode[order](t, c.doc)
		if got := report(t, err); got != c.want {
			t.Errorf("%.40s: %s", c.doc, got)
		}
		if v.Unlimited != nil && len(*v.Unlimited) > 1000 || v.Prices != nil && len(*v.Prices) > 1000 {
			t.Errorf("%.40s: more than 1000 were kept", c.doc)
		}
	}
}

func TestDecodeValues(t *testing.T) {
	t.Parallel()
	v, err := decode[order](t, `{"id":"01890A5D-ac96-774b-bcce-b302099a8057","name":"\u00e4\"\n","size":"m","level":-7,"port":8080,
		"weight":1.5e1,"gift":true,"at":"2026-02-03T04:05:06.789999+02:00","photo":"AAH/","paint":"#0a141e","agreed":"yes",
		"tags":["b","a"],"labels":{"x":"y"},"price":{"currency":"USD","amount":9007199254740993},"lines":[],"a/b~c":1,"children":[null,{}]}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ got, want any }{
		{*v.ID, "01890A5D-ac96-774b-bcce-b302099a8057"},
		{*v.Name, "ä\"\n"},
		{*v.Size, "m"},
		{*v.Level, int8(-7)},
		{*v.Port, uint16(8080)},
		{*v.Weight, 15.0},
		{*v.Gift, true},
		{*v.At, time.Date(2026, 2, 3, 2, 5, 6, 789e6, time.UTC)},
		{*v.Photo, []byte{0, 1, 255}},
		{*v.Paint, color{10, 20, 30}},
		{*v.Agreed, answer(true)},
		{*v.Tags, []string{"b", "a"}},
		{*v.Labels, map[string]string{"x": "y"}},
		{*v.Price, price{9007199254740993, "USD"}},
		{*v.Lines, []price{}},
		{*v.Slashed, 1},
		{*v.Unlimited, []*order{nil, {}}},
	} {
		if !reflect.DeepEqual(c.got, c.want) {
			t.Errorf("got %#v, want %#v", c.got, c.want)
		}
	}
	if v.Code != nil || v.Parent != nil {
		t.Error("a pointer that was left out is not nil")
	}
}

func TestDecodePresence(t *testing.T) {
	t.Parallel()
	type thing struct {
		Must    string                   `json:"must"`
		Preset  int                      `json:"preset" default:"7" maximum:"9"`
		List    []string                 `json:"list" default:"[\"a\"]"`
		Color   color                    `json:"color" default:"#010203"`
		Maybe   *int                     `json:"maybe"`
		Slot    patch.Change[string]     `json:"slot" minLength:"1"`
		Clear   patch.Change[*string]    `json:"clear"`
		Numbers patch.Change[[]int]      `json:"numbers"`
		When    patch.Change[*time.Time] `json:"when"`
	}
	v, err := decode[thing](t, `{"must":""}`)
	if err != nil {
		t.Fatal(err)
	}
	_, slot := v.Slot.Get()
	_, clear := v.Clear.Get()
	if v.Preset != 7 || !reflect.DeepEqual(v.List, []string{"a"}) || v.Color != (color{1, 2, 3}) || v.Maybe != nil || slot || clear {
		t.Errorf("left out: %+v", v)
	}
	v.List[0] = "changed"
	if again, _ := decode[thing](t, `{"must":""}`); again.List[0] != "a" {
		t.Error("two values share the default's memory")
	}

	v, err = decode[thing](t, `{"must":"x","preset":8,"list":[],"color":"#000000","maybe":null,"slot":"s","clear":null,"numbers":[1,2],"when":null}`)
	if err != nil {
		t.Fatal(err)
	}
	s, slot := v.Slot.Get()
	p, clear := v.Clear.Get()
	n, numbers := v.Numbers.Get()
	w, when := v.When.Get()
	if v.Preset != 8 || v.List == nil || len(v.List) != 0 || v.Color != (color{}) || v.Maybe != nil || !slot || s != "s" || !clear || p != nil ||
		!numbers || len(n) != 2 || !when || w != nil {
		t.Errorf("given: %+v", v)
	}
	v, err = decode[thing](t, `{"must":"x","clear":"c","maybe":3}`)
	if p, clear := v.Clear.Get(); err != nil || !clear || p == nil || *p != "c" || *v.Maybe != 3 {
		t.Errorf("given: %+v, %v", v, err)
	}

	for _, c := range []struct{ doc, want string }{
		{`{}`, "invalid /must required"},
		{`{"must":null}`, "invalid /must null"},
		{`{"must":"x","preset":null}`, "invalid /preset null"},
		{`{"must":"x","preset":10}`, "invalid /preset maximum"},
		{`{"must":"x","list":null}`, "invalid /list null"},
		{`{"must":"x","slot":null}`, "invalid /slot null"},
		{`{"must":"x","slot":""}`, "invalid /slot min_length"},
		{`{"must":"x","numbers":[1,"2"]}`, "invalid /numbers/1 type"},
		{`{"must":"x","when":"yesterday"}`, "invalid /when format"},
		{`{"must":1,"zzz":2,"preset":"x","slot":3}`, "invalid /must type, /zzz unknown_field, /preset type, /slot type"},
	} {
		_, err := decode[thing](t, c.doc)
		if got := report(t, err); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.doc, got, c.want)
		}
	}
}

func TestDecodeRoots(t *testing.T) {
	t.Parallel()
	if v, err := decode[[]int](t, ` [1,2] `); err != nil || !reflect.DeepEqual(v, []int{1, 2}) {
		t.Errorf("slice: %v, %v", v, err)
	}
	if v, err := decode[map[currency]int](t, `{"EUR":1}`); err != nil || v["EUR"] != 1 {
		t.Errorf("map: %v, %v", v, err)
	}
	if v, err := decode[map[string]*[]int](t, `{"a":[1],"b":null,"c":[2]}`); err != nil || v["b"] != nil || (*v["a"])[0] != 1 || (*v["c"])[0] != 2 {
		t.Errorf("members of a map share memory: %v, %v", v, err)
	}
	if v, err := decode[string](t, `"x"`); err != nil || v != "x" {
		t.Errorf("string: %v, %v", v, err)
	}
	if v, err := decode[*price](t, `null`); err != nil || v != nil {
		t.Errorf("null: %v, %v", v, err)
	}
	if _, err := decode[struct{}](t, `{}`); err != nil {
		t.Errorf("empty struct: %v", err)
	}
	if _, err := decode[[]int](t, `[1,"a",true,null]`); report(t, err) != "invalid /1 type, /2 type, /3 null" {
		t.Errorf("slice: %v", err)
	}
	if v, err := decode[float64](t, `-0`); err != nil || v != 0 || math.IsInf(v, 0) {
		t.Errorf("float: %v, %v", v, err)
	}
	var wrong int
	err := compile[string](t, plan.Input).Decode([]byte(`"x"`), reflect.ValueOf(&wrong).Elem(), plan.Limits{})
	if err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("a destination of another type: %v", err)
	}
}

type named struct {
	Title string `json:"title"`
}

type Stamps struct {
	Created int `json:"created"`
}

func TestDecodeEmbedded(t *testing.T) {
	t.Parallel()
	type doc struct {
		named
		A string `json:"a"`
		Stamps
		hidden int
		Out    chan int `json:"-" gorm:"column:x"`
	}
	v, err := decode[doc](t, `{"created":3,"title":"t","a":"b"}`)
	if err != nil || v.Title != "t" || v.A != "b" || v.Created != 3 || v.hidden != 0 || v.Out != nil {
		t.Errorf("%+v, %v", v, err)
	}
	_, err = decode[doc](t, `{"Out":1}`)
	if got, want := report(t, err), "invalid /Out unknown_field, /title required, /a required, /created required"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestDecodeManyFields(t *testing.T) {
	t.Parallel()
	var fields []reflect.StructField
	for i := range 257 {
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("F%d", i), Type: reflect.TypeFor[int](), Tag: reflect.StructTag(fmt.Sprintf(`json:"f%d"`, i)),
		})
	}
	c := plan.New(plan.Options{})
	if _, err := c.Compile(reflect.StructOf(fields), plan.Input); err == nil || !strings.Contains(err.Error(), "more than 256 fields") {
		t.Errorf("257 fields: %v", err)
	}
	p, err := c.Compile(reflect.StructOf(fields[:256]), plan.Input)
	if err != nil {
		t.Fatal(err)
	}
	v := reflect.New(p.GoType()).Elem()
	var doc strings.Builder
	for i := range 255 {
		fmt.Fprintf(&doc, `,"f%d":%d`, i, i)
	}
	if got := report(t, p.Decode([]byte("{"+doc.String()[1:]+"}"), v, plan.Limits{})); got != "invalid /f255 required" {
		t.Errorf("got %s", got)
	}
	if v.Field(254).Int() != 254 {
		t.Errorf("field 254 is %d", v.Field(254).Int())
	}
}

func TestDecodeDoesNotAliasTheBody(t *testing.T) {
	t.Parallel()
	body := []byte(`{"name":"abcd","tags":["tag"],"labels":{"key":"val"},"code":"CODE","size":"m","photo":"AAAA"}`)
	var v order
	if err := compile[order](t, plan.Input).Decode(body, reflect.ValueOf(&v).Elem(), plan.Limits{}); err != nil {
		t.Fatal(err)
	}
	for i := range body {
		body[i] = '#'
	}
	if *v.Name != "abcd" || (*v.Tags)[0] != "tag" || (*v.Labels)["key"] != "val" || *v.Code != "CODE" || *v.Size != "m" || (*v.Photo)[0] != 0 {
		t.Errorf("the value changed with the body: %+v", v)
	}
}

func TestDecodeLeavesTheBodyAlone(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{`{"name":"abcd","x":[1,{"y":"z"}]}`, `{"name":"ab","name":"`, `{"tags":["a","b"],"labels":{"a":"b"}} x`} {
		body := []byte(doc)
		var v order
		_ = compile[order](t, plan.Input).Decode(body, reflect.ValueOf(&v).Elem(), plan.Limits{})
		if string(body) != doc {
			t.Errorf("%s became %s", doc, body)
		}
	}
}

func TestErrorsDoNotEcho(t *testing.T) {
	t.Parallel()
	const marker = "<§echo§>"
	p := compile[order](t, plan.Input)
	for _, doc := range []string{
		`{"M":1}`, `{"name":"M"}`, `{"id":"M"}`, `{"code":"M"}`, `{"size":"M"}`, `{"at":"M"}`, `{"photo":"M"}`, `{"paint":"M"}`,
		`{"agreed":"M"}`, `{"tags":["aM","aM"]}`, `{"labels":{"M":1}}`, `{"labels":{"M":"","N":3}}`, `{"prices":{"M":{"M":1}}}`,
		`{"M":1,"M":2}`, `{"x":{"M":1,"M":2}}`, `{"name":"M`, `M`, `{}M`, `{"name":M}`, `{M}`, `{"count":M}`, `{"M"}`, `{"M":{"M":[M`, "\xffM",
		`{"M":` + strings.Repeat("[", 40),
	} {
		var v order
		err := p.Decode([]byte(strings.ReplaceAll(doc, "M", marker)), reflect.ValueOf(&v).Elem(), plan.Limits{})
		if err == nil {
			t.Errorf("%s: no error", doc)
			continue
		}
		if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, "echo") {
			t.Errorf("%s: %s", doc, text)
		}
	}
}
