package cache

import (
	"encoding/json"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/id"
)

type inner struct {
	Note  string
	Count *int `json:"count,omitempty"`
}

// kept has a field of every kind that encoding/json reads in a way of its own.
type kept struct {
	inner
	ID       id.ID             `json:"id"`
	Name     string            `json:"name"`
	Hidden   string            `json:"-"`
	Quoted   int64             `json:"quoted,string"`
	Took     time.Duration     `json:"took"`
	At       time.Time         `json:"at"`
	Until    *time.Time        `json:"until"`
	None     []string          `json:"none"`
	Empty    []string          `json:"empty"`
	Bytes    []byte            `json:"bytes"`
	Sum      [4]byte           `json:"sum"`
	Labels   map[string]int    `json:"labels"`
	ByNumber map[int]string    `json:"by_number"`
	Any      any               `json:"any"`
	Raw      json.RawMessage   `json:"raw"`
	Huge     *big.Int          `json:"huge"`
	Number   json.Number       `json:"number"`
	Deep     map[string][]kept `json:"deep"`
	Float    float32           `json:"float"`
}

func whole() kept {
	one, at := 1, time.Date(2026, 11, 27, 3, 0, 0, 123_000_000, time.UTC)
	k := kept{
		inner: inner{"note", &one}, ID: id.ID{1, 2, 3}, Name: "a \"name\" of <b>\u2028 \U0001F333", Hidden: "hidden", Quoted: -7, Took: time.Minute, At: at, Until: &at,
		Empty: []string{}, Bytes: []byte{0, 255}, Sum: [4]byte{1, 2}, Labels: map[string]int{"a": 1, "": 2}, ByNumber: map[int]string{-1: "x"},
		Any: map[string]any{"a": []any{1.5, nil, true, "x"}}, Raw: json.RawMessage(`{"a":1}`), Huge: big.NewInt(0).Lsh(big.NewInt(1), 100), Number: "1e3", Float: 0.1,
	}
	k.Deep = map[string][]kept{"a": {k}, "b": nil}
	return k
}

// What is read is what encoding/json would read, whatever reads it: values do not change in Redis.
func TestJSONIsThatOfTheLibrary(t *testing.T) {
	t.Parallel()
	same(t, whole())
	same(t, new(whole()))
	same(t, (*kept)(nil))
	same(t, []kept{whole(), {}})
	same(t, map[id.ID]inner{{9}: {Note: "x"}})
	same(t, "text\xff")
	same(t, []any{nil, 1.0, "x"})
	same(t, any(nil))
	for _, text := range []string{
		"", "null", "{}", "[]", `{"NAME":"a","unknown":[1,{}]}`, `{"name":"a","name":"b"}`, `{"name":1}`, `{"count":1.5}`, `{"quoted":"x"}`, `{"quoted":7}`, `{"name":"a"} `, `{"name":"a"}x`,
		`{"name":"a"`, `{"name":"\ud800"}`, "{\"name\":\"\xff\"}", `{"labels":{"a":1,"a":2}}`, `{"labels":null}`, `{"sum":[1,2,3,4,5]}`, `{"sum":[1]}`, `{"bytes":"!"}`, `{"took":1e3}`,
		`{"at":"yesterday"}`, `{"huge":1e999}`, `{"float":1e999}`, `{"any":1e999}`, `{"id":"x"}`, `{"none":[null,"a"]}`, `{"Name":"a"}`, `{"deep":{"a":[{"deep":null}]}}`,
		strings.Repeat(`{"any":`, 200) + "1" + strings.Repeat("}", 200), strings.Repeat("[", 20_000),
	} {
		read[kept](t, []byte(text))
		read[any](t, []byte(text))
	}
}

// same fails unless a value comes back as encoding/json returns it.
func same[T any](t *testing.T, value T) {
	t.Helper()
	payload, err := newJSONCodec[T]().Encode(value)
	if err != nil {
		t.Fatal(err)
	}
	read[T](t, payload)
}

func read[T any](t *testing.T, payload []byte) {
	t.Helper()
	var want T
	wantErr := json.Unmarshal(payload, &want)
	got, err := newJSONCodec[T]().Decode(payload)
	if (err == nil) != (wantErr == nil) {
		t.Errorf("%.100s: %v, want %v", payload, err, wantErr)
	}
	if err == nil && !reflect.DeepEqual(got, want) {
		t.Errorf("%.100s:\n%#v, want\n%#v", payload, got, want)
	}
}
