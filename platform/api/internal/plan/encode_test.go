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
)

func encode[T any](tb testing.TB, v T) (string, error) {
	tb.Helper()
	b, err := compile[T](tb, plan.Output).Append(nil, reflect.ValueOf(&v).Elem(), nil)
	return string(b), err
}

// broken is a text type that fails to write, or writes what has to be escaped.
type broken string

func (*broken) UnmarshalText([]byte) error { return nil }
func (b broken) AppendText(dst []byte) ([]byte, error) {
	if b == "" {
		return append(dst, "half"...), errors.New("nothing to write")
	}
	return append(dst, b...), nil
}

func TestAppendValues(t *testing.T) {
	t.Parallel()
	type all struct {
		S  string          `json:"s"`
		B  bool            `json:"b"`
		I  int8            `json:"i"`
		U  uint64          `json:"u"`
		F  float64         `json:"f"`
		G  float32         `json:"g"`
		T  time.Time       `json:"t"`
		Y  []byte          `json:"y"`
		C  color           `json:"c"`
		X  broken          `json:"x"`
		L  []int           `json:"l"`
		M  map[string]bool `json:"m"`
		P  *price          `json:"p"`
		Q  *price          `json:"q"`
		SP []*price        `json:"sp"`
		W  string          `json:"a\"\u00e9/b"`
	}
	v := all{
		S: "é\"\\\n\x01\x7f\u2028<&>\xff", B: true, I: -128, U: math.MaxUint64, F: 1e21, G: 0.1,
		T: time.Date(7, 8, 9, 1, 2, 3, 4_999_999, time.FixedZone("", 3600)), Y: []byte{0, 255}, C: color{1, 2, 255}, X: `a"b`,
		L: []int{1, -2}, M: map[string]bool{"b": true, "a\n": false}, P: &price{5, "EUR"}, SP: []*price{nil, {}},
	}
	want := `{"s":"é\"\\\n\u0001` + "\x7f\u2028" + `<&>` + "\ufffd" + `","b":true,"i":-128,"u":18446744073709551615,"f":1e+21,"g":0.1,` +
		`"t":"0007-08-09T00:02:03.004Z","y":"AP8=","c":"#0102ff","x":"a\"b","l":[1,-2],"m":{"a\n":false,"b":true},` +
		`"p":{"amount":5,"currency":"EUR"},"q":null,"sp":[null,{"amount":0,"currency":""}],"a\"é/b":""}`
	if got, err := encode(t, v); err != nil || got != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	want = `{"s":"","b":false,"i":0,"u":0,"f":0,"g":0,"t":"0001-01-01T00:00:00.000Z","y":"","c":"#000000","x":"x","l":[],"m":{},"p":null,` +
		`"q":null,"sp":[],"a\"é/b":""}`
	if got, err := encode(t, all{X: "x"}); err != nil || got != want {
		t.Errorf("the zero value: got  %s, %v\nwant %s", got, err, want)
	}
}

func TestAppendRefuses(t *testing.T) {
	t.Parallel()
	cycle := &node{}
	cycle.Next = cycle
	type floats struct {
		List []map[string]float64 `json:"list"`
	}
	for _, c := range []struct {
		name string
		run  func() (string, error)
		want string
	}{
		{"NaN", func() (string, error) { return encode(t, math.NaN()) }, "NaN"},
		{"infinity", func() (string, error) { return encode(t, float32(math.Inf(-1))) }, "infinity"},
		{"inside", func() (string, error) {
			return encode(t, floats{[]map[string]float64{{"a": 1}, {"a": math.Inf(1)}}})
		}, "encode plan_test.floats: field list: "},
		{"year 10000", func() (string, error) { return encode(t, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)) }, "year"},
		{"year 10000 in UTC", func() (string, error) {
			return encode(t, time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -3600)))
		}, "year"},
		{"year -1", func() (string, error) { return encode(t, time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)) }, "year"},
		{"text", func() (string, error) { return encode(t, []broken{"ok", ""}) }, "nothing to write"},
		{"cycle", func() (string, error) { return encode(t, cycle) }, "contains itself"},
	} {
		if got, err := c.run(); err == nil || !strings.Contains(err.Error(), c.want) || got != "" {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
	p := compile[[]broken](t, plan.Output)
	v := []broken{"ok", ""}
	if got, err := p.Append([]byte("kept"), reflect.ValueOf(&v).Elem(), nil); err == nil || string(got) != "kept" {
		t.Errorf("after an error: %q, %v", got, err)
	}
	if _, err := p.Append(nil, reflect.ValueOf(3), nil); err == nil {
		t.Error("a value of another type: no error")
	}
}

func TestAppendDepth(t *testing.T) {
	t.Parallel()
	chain := func(n int) *node {
		var top *node
		for range n {
			top = &node{Next: top}
		}
		return top
	}
	if _, err := encode(t, chain(99)); err != nil {
		t.Errorf("99 structs: %v", err)
	}
	if _, err := encode(t, node{Kids: []node{{Named: map[string]node{"x": *chain(98)}}}}); err != nil {
		t.Errorf("100 structs, in lists and maps, too: %v", err)
	}
	if _, err := encode(t, node{Kids: []node{{Named: map[string]node{"x": *chain(99)}}}}); err == nil {
		t.Error("101 structs, in lists and maps, too: no error")
	}
	if _, err := encode(t, chain(101)); err == nil {
		t.Error("101 levels: no error")
	}
}

func TestAppendTakesValuesThatHaveNoAddress(t *testing.T) {
	t.Parallel()
	got, err := compile[color](t, plan.Output).Append(nil, reflect.ValueOf(color{1, 2, 3}), nil)
	if err != nil || string(got) != `"#010203"` {
		t.Errorf("%s, %v", got, err)
	}
}

func TestAppendWritesEqualMapsAlike(t *testing.T) {
	t.Parallel()
	first, err := encode(t, manyNames())
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if again, _ := encode(t, manyNames()); again != first {
			t.Fatalf("%s\n%s", first, again)
		}
	}
}

func manyNames() map[string]map[string]int {
	m := map[string]map[string]int{}
	for i := range 50 {
		m[fmt.Sprint(i)] = map[string]int{"a": 1, "b": 2, "c": 3}
	}
	return m
}

type author struct {
	ID   color  `json:"id"`
	Name string `json:"name"`
}

type product struct {
	ID       color             `json:"id"`
	SKU      string            `json:"sku"`
	Name     string            `json:"name"`
	Price    price             `json:"price"`
	Active   bool              `json:"active"`
	Rating   float64           `json:"rating"`
	Released *time.Time        `json:"released"`
	Tags     []string          `json:"tags"`
	Labels   map[string]string `json:"labels"`
	Author   *author           `json:"author"`
	Photo    []byte            `json:"photo"`
	Created  time.Time         `json:"created_at"`
	Version  int64             `json:"version"`
}

type page struct {
	Next *string `json:"next"`
	Prev *string `json:"prev"`
}

type productList struct {
	Data []product `json:"data"`
	Page page      `json:"page"`
}

func someProducts(n int) productList {
	released := time.Date(2026, 2, 3, 4, 5, 6, 7, time.UTC)
	next := "bmV4dC1wYWdl"
	l := productList{Page: page{Next: &next}}
	for i := range n {
		l.Data = append(l.Data, product{
			ID: color{1, 2, byte(i)}, SKU: fmt.Sprintf("SKU-%06d", i), Name: "A product with a name of usual length", Price: price{1999, "EUR"},
			Active: true, Rating: 4.5, Released: &released, Tags: []string{"new", "blue"}, Labels: map[string]string{"size": "m", "fit": "slim"},
			Author: &author{Name: "Zoë"}, Photo: []byte("photo"), Created: released, Version: int64(i),
		})
	}
	return l
}

func TestAppendDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes pools forget, on purpose")
	}
	// Without the test's own color, whose AppendText allocates.
	type row struct {
		Name     string            `json:"name"`
		Price    price             `json:"price"`
		Active   bool              `json:"active"`
		Rating   float64           `json:"rating"`
		Released *time.Time        `json:"released"`
		Tags     []string          `json:"tags"`
		Labels   map[string]string `json:"labels"`
		Photo    []byte            `json:"photo"`
		Answer   answer            `json:"answer"`
	}
	type rows struct {
		Data []row `json:"data"`
		Page page  `json:"page"`
	}
	var v rows
	for _, p := range someProducts(10).Data {
		v.Data = append(v.Data, row{p.Name + "\n", p.Price, p.Active, p.Rating, p.Released, p.Tags, p.Labels, p.Photo, true})
	}
	p := compile[rows](t, plan.Output)
	mask, _ := p.Mask([]string{"name", "labels"})
	var buf []byte
	for name, m := range map[string]plan.Mask{"all": nil, "masked": mask} {
		if n := testing.AllocsPerRun(100, func() {
			var err error
			if buf, err = p.Append(buf[:0], reflect.ValueOf(&v).Elem(), m); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	l := someProducts(2)
	lists, one := compile[productList](t, plan.Output), compile[product](t, plan.Output)
	pointers, pointer := compile[struct {
		Page page       `json:"page"`
		Data []*product `json:"data"`
	}](t, plan.Output), compile[*product](t, plan.Output)
	for _, p := range []*plan.Type{lists, one, pointers, pointer} {
		if got := strings.Join(p.ResourceFields(), " "); got != "id sku name price active rating released tags labels author photo created_at version" {
			t.Errorf("%s: %s", p.GoType(), got)
		}
	}
	if got := compile[[]int](t, plan.Output).ResourceFields(); got != nil {
		t.Errorf("no struct: %v", got)
	}
	if got := compile[struct {
		Data []int `json:"data"`
	}](t, plan.Output).ResourceFields(); len(got) != 1 || got[0] != "data" {
		t.Errorf("data that is no list of structs: %v", got)
	}

	write := func(p *plan.Type, v any, names ...string) string {
		m, unknown := p.Mask(names)
		if unknown != nil {
			t.Errorf("%v: unknown %v", names, unknown)
		}
		b, err := p.Append(nil, reflect.ValueOf(v).Elem(), m)
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	null := []*product{nil, &l.Data[0]}
	v := reflect.New(pointers.GoType())
	v.Elem().Field(1).Set(reflect.ValueOf(null))
	nobody, somebody := (*product)(nil), &l.Data[1]
	for _, c := range []struct{ got, want string }{
		{write(lists, &l, "version", "sku"), `{"data":[{"sku":"SKU-000000","version":0},{"sku":"SKU-000001","version":1}],"page":{"next":"bmV4dC1wYWdl","prev":null}}`},
		{write(lists, &productList{}, "sku"), `{"data":[],"page":{"next":null,"prev":null}}`},
		{write(one, &l.Data[1], "price"), `{"price":{"amount":1999,"currency":"EUR"}}`},
		{write(one, &l.Data[1], "name", "name"), `{"name":"A product with a name of usual length"}`},
		{write(pointer, &nobody, "name"), `null`},
		{write(pointer, &somebody, "sku"), `{"sku":"SKU-000001"}`},
		{write(pointers, v.Interface(), "sku"), `{"page":{"next":null,"prev":null},"data":[null,{"sku":"SKU-000000"}]}`},
		{write(one, &l.Data[1]), write(one, &l.Data[1], one.ResourceFields()...)},
	} {
		if c.got != c.want {
			t.Errorf("got  %s\nwant %s", c.got, c.want)
		}
	}
	if _, unknown := lists.Mask([]string{"sku", "data", "Name"}); !reflect.DeepEqual(unknown, []string{"data", "Name"}) {
		t.Errorf("unknown: %v", unknown)
	}
	if m, unknown := compile[int](t, plan.Output).Mask([]string{"x"}); m != nil || len(unknown) != 1 {
		t.Errorf("no struct: %v, %v", m, unknown)
	}
	m, _ := one.Mask([]string{"sku"})
	if _, err := compile[price](t, plan.Output).Append(nil, reflect.ValueOf(&price{}).Elem(), m); err == nil {
		t.Error("a mask of another type: no error")
	}
	l.Data[0].Rating = math.NaN()
	m, _ = lists.Mask([]string{"rating"})
	if _, err := lists.Append(nil, reflect.ValueOf(&l).Elem(), m); err == nil || !strings.Contains(err.Error(), "field data: field rating") {
		t.Errorf("NaN behind a mask: %v", err)
	}
}
