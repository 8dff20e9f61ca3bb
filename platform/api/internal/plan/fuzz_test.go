package plan_test

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/fault"
)

// loose has every type and no rule, so that our decoder and that of json v2 have to agree on it.
type loose struct {
	S  *string            `json:"s"`
	N  *currency          `json:"n"`
	B  *bool              `json:"b"`
	I  *int               `json:"i"`
	I8 *int8              `json:"i8"`
	U  *uint64            `json:"u"`
	U8 *uint8             `json:"u8"`
	F  *float64           `json:"f"`
	G  *float32           `json:"g"`
	T  *time.Time         `json:"t"`
	Y  *[]byte            `json:"y"`
	L  *[]*loose          `json:"l"`
	A  *[]*string         `json:"a"`
	M  *map[string]*int16 `json:"m"`
	R  *price             `json:"r"`
	P  *loose             `json:"p"`
}

// beyond are the codes for what json v2 accepts into a loose and we do not.
func beyond(f fault.Field) bool {
	switch f.Code {
	case plan.CodeNUL, plan.CodeRequired, plan.CodeNull, plan.CodeMaxItems, plan.CodeMaxProperties:
		return true
	case plan.CodeRange, plan.CodeFormat: // years out of RFC 3339, and a comma in a time
		return strings.HasSuffix(f.Pointer, "/t")
	case plan.CodeEnum, plan.CodeMinimum: // of the price
		return true
	default:
		return false
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"s":"x\u0000\ud83d\ude00","n":"EUR","b":true,"i":-9223372036854775808,"i8":-129,"u":18446744073709551616,"u8":-0}`,
		`{"f":1e400,"g":3.4e38,"t":"2026-02-03T04:05:06.789+02:00","y":"AAH/","l":[null,{"l":[]}],"a":["x",null],"m":{"a":1,"b~/":2}}`,
		`{"r":{"amount":1,"currency":"USD"},"p":{"p":{"p":null}}}`,
		`{"r":{"amount":-1.5,"x":"x"},"x x":[1,{"x":2}],"xxx":null}`,
		`{"name":"xx","tags":["x","x"],"labels":{"x":""},"price":{"amount":0,"currency":"XXX"},"at":"2026-13-03T04:05:06Z","paint":"#00ff7f"}`,
		`{"lines":[{},{},{}],"count":3,"port":1,"id":"x","photo":"x","agreed":"x","children":[{"level":1e3}]}`,
		`{"t":"2026-02-03T04:05:06,5Z","y":"AB==","a":[]}`,
		"{\"s\":\"\xff\"}", `{"s":1,"s":2}`, `[[[[`, ` null `, `{} {}`, "{\n\"x\"", ``,
	} {
		f.Add([]byte(s))
	}
	c := plan.New(plan.Options{})
	free, err := c.Compile(reflect.TypeFor[loose](), plan.Input)
	if err != nil {
		f.Fatal(err)
	}
	strict, err := c.Compile(reflect.TypeFor[order](), plan.Input)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		agreesWithV2(t, free, data)
		decodesSafely(t, strict, data)
		// No text that stands for x may come back: names with it are not ones that an answer shows.
		decodesSafely(t, strict, bytes.ReplaceAll(data, []byte("x"), []byte("§x§")))
		decodesSafely(t, free, bytes.ReplaceAll(data, []byte("x"), []byte("§x§")))
		if !bytes.Equal(data, before) {
			t.Error("the document was changed")
		}
	})
}

// minusZero reads -0 as the whole number that it is, which json v2 does for signed numbers only.
func minusZero[N uint8 | uint64](data []byte, n *N) error {
	if string(data) == "-0" {
		*n = 0
		return nil
	}
	return json.Unmarshal(data, n)
}

func agreesWithV2(t *testing.T, p *plan.Type, data []byte) {
	var want, got loose
	v2 := json.Unmarshal(data, &want, json.RejectUnknownMembers(true),
		json.WithUnmarshalers(json.JoinUnmarshalers(json.UnmarshalFunc(minusZero[uint8]), json.UnmarshalFunc(minusZero[uint64]))))
	err := p.Decode(data, reflect.ValueOf(&got).Elem(), plan.Limits{Depth: 1000})
	if err == nil {
		if v2 != nil {
			t.Fatalf("json v2 refuses what we accept: %v", v2)
		}
		cut(&want)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %s\nwant %s", show(got), show(want))
		}
		return
	}
	fe, ok := err.(*fault.Error)
	if !ok {
		t.Fatalf("not a fault: %v", err)
	}
	if valid := jsontext.Value(data).IsValid(); valid != (fe.Kind == fault.Invalid) && fe.Code != plan.CodeTooDeep {
		t.Fatalf("valid JSON: %v; we say %v", valid, err)
	}
	if fe.Kind == fault.Invalid && v2 == nil {
		for _, x := range fe.Fields {
			if !beyond(x) {
				t.Fatalf("json v2 accepts %s, for us it is %s", x.Pointer, x.Code)
			}
		}
	}
}

// cut brings times into the form that we read them in.
func cut(v *loose) {
	if v == nil {
		return
	}
	if v.T != nil {
		*v.T = v.T.UTC().Truncate(time.Millisecond)
	}
	if v.L != nil {
		for _, x := range *v.L {
			cut(x)
		}
	}
	cut(v.P)
}

func show(v any) string {
	b, err := json.Marshal(v)
	return fmt.Sprintf("%s %v", b, err)
}

func decodesSafely(t *testing.T, p *plan.Type, data []byte) {
	v := reflect.New(p.GoType()).Elem()
	err := p.Decode(data, v, plan.Limits{})
	if err == nil {
		return
	}
	fe, ok := err.(*fault.Error)
	if !ok || fe.Kind != fault.Malformed && fe.Kind != fault.Invalid {
		t.Fatalf("not for the caller: %v", err)
	}
	if strings.Contains(fmt.Sprintf("%+v", fe), "§") {
		t.Fatalf("the error repeats the document: %v", fe)
	}
	if fe.Kind == fault.Invalid && (len(fe.Fields) == 0 || len(fe.Fields) > 20) {
		t.Fatalf("%d fields", len(fe.Fields))
	}
	for _, x := range fe.Fields {
		if !jsontext.Pointer(x.Pointer).IsValid() || x.Code == "" || x.Detail == "" {
			t.Fatalf("a field without meaning: %+v", x)
		}
	}
}

// written has every type that a response may have.
type written struct {
	S string             `json:"s"`
	B bool               `json:"b"`
	I int64              `json:"i"`
	U uint16             `json:"u"`
	F float64            `json:"f"`
	G float32            `json:"g"`
	T time.Time          `json:"t"`
	Y []byte             `json:"y"`
	C color              `json:"c"`
	L []string           `json:"l"`
	M map[string]float64 `json:"m"`
	P *written           `json:"p"`
	Q []written          `json:"q"`
}

func FuzzEncode(f *testing.F) {
	f.Add("plain", true, int64(1), uint16(2), 0.5, float32(1e-7), int64(1770091506), int64(789123456), []byte{0, 255}, uint8(3))
	f.Add("\x00\x1f\"\\/\u2028\xff\U0001f600", false, int64(math.MinInt64), uint16(65535), math.MaxFloat64, float32(math.Inf(1)), int64(-62167219200), int64(0), []byte(nil), uint8(0))
	f.Add("\xed\xa0\x80", false, int64(-1), uint16(0), math.NaN(), float32(0), int64(253402300800), int64(-1), []byte("x"), uint8(7))
	c := plan.New(plan.Options{MaxItems: math.MaxInt})
	out, err := c.Compile(reflect.TypeFor[written](), plan.Output)
	if err != nil {
		f.Fatal(err)
	}
	in, err := c.Compile(reflect.TypeFor[written](), plan.Input)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string, b bool, i int64, u uint16, x float64, g float32, sec, nsec int64, y []byte, n uint8) {
		v := written{S: s, B: b, I: i, U: u, F: x, G: g, T: time.Unix(sec, nsec%1e9).In(time.FixedZone("", int(u))), Y: y, C: color{n, 1, 2}}
		inner := v
		v.P, v.Q = &inner, []written{inner}
		unwritable := notFinite(x) || notFinite(float64(g)) || v.T.UTC().Year() < 0 || v.T.UTC().Year() > 9999
		for k := range n % 8 {
			if v.M == nil {
				v.M = map[string]float64{}
			}
			v.L = append(v.L, strings.Repeat(s, int(k)))
			v.M[s+string(rune('a'+k))] = x * float64(k)
			unwritable = unwritable || notFinite(x*float64(k))
		}
		text, err := out.Append([]byte("before"), reflect.ValueOf(&v).Elem(), nil)
		text, ok := bytes.CutPrefix(text, []byte("before"))
		if !ok {
			t.Fatal("what stood in the buffer is gone")
		}
		if (err != nil) != unwritable {
			t.Fatalf("the error is %v", err)
		}
		if err != nil {
			return
		}
		want := readable(v)
		var back written
		if err := json.Unmarshal(text, &back, json.RejectUnknownMembers(true)); err != nil {
			t.Fatalf("json v2 refuses %s: %v", text, err)
		}
		if !reflect.DeepEqual(back, want) {
			t.Fatalf("json v2 reads %s\nwant %s", show(back), show(want))
		}
		if strings.Contains(s, "\x00") {
			return // which we write and do not read
		}
		back = written{}
		if err := in.Decode(text, reflect.ValueOf(&back).Elem(), plan.Limits{}); err != nil {
			t.Fatalf("we refuse %s: %v", text, err)
		}
		if !reflect.DeepEqual(back, want) {
			t.Fatalf("we read %s\nwant %s", show(back), show(want))
		}
	})
}

func notFinite(f float64) bool { return math.IsNaN(f) || math.IsInf(f, 0) }

// readable returns what has to be read from the text of v: no nil but null, UTC to the millisecond, U+FFFD for what is not UTF-8.
func readable(v written) written {
	utf8 := func(s string) string { return string([]rune(s)) }
	v.S, v.T = utf8(v.S), v.T.UTC().Truncate(time.Millisecond)
	v.Y = append([]byte{}, v.Y...)
	list := []string{}
	for _, s := range v.L {
		list = append(list, utf8(s))
	}
	members := map[string]float64{}
	for k, x := range v.M {
		members[utf8(k)] = x
	}
	inner := []written{}
	for _, x := range v.Q {
		inner = append(inner, readable(x))
	}
	v.L, v.M, v.Q = list, members, inner
	if v.P != nil {
		p := readable(*v.P)
		v.P = &p
	}
	return v
}
