package page

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/decimal"
	"github.com/banyan-go/banyan/platform/id"
)

// text is a Query in JSON.
type text struct {
	Sort     string     `json:"sort"`
	Limit    int        `json:"limit"`
	Search   string     `json:"q,omitempty"`
	Filters  [][]string `json:"filter,omitempty"` // name, operator, values
	Place    [][]string `json:"place,omitempty"`
	From     []byte     `json:"from,omitempty"`
	Backward bool       `json:"back,omitempty"`
	Count    bool       `json:"count,omitempty"`
}

// Text returns the query as text, by which its page can be kept: two queries of one list have the same text when they ask for the same in the same way. List.Query
// reads it.
func (q Query) Text() string {
	t := text{Sort: q.Sort.String(), Limit: q.Limit, Search: q.Search, Filters: filterTexts(q.Filters), Place: filterTexts(q.Place), Backward: q.Backward, Count: q.Count}
	if q.From != nil {
		t.From = q.Encode(q.From)
	}
	b, _ := json.Marshal(t) // texts, numbers and bools
	return string(b)
}

func filterTexts(filters []Filter) (texts [][]string) {
	for _, f := range filters {
		words := []string{f.Field.Name, string(f.Op)}
		for _, v := range f.Values {
			words = append(words, f.Field.Type.format(v))
		}
		texts = append(texts, words)
	}
	return texts
}

// errText means that a text is not that of a query of the list.
var errText = errors.New("page: the text is not that of a query of this list")

// Query reads what Query.Text has returned for a query of a list of the same Spec. The error says that it was another one.
func (l *List) Query(written string) (Query, error) {
	var t text
	strict := json.NewDecoder(bytes.NewReader([]byte(written)))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&t); err != nil {
		return Query{}, fmt.Errorf("%w: %w", errText, err)
	}
	sort, ok := l.sort(t.Sort)
	if !ok || t.Limit < 1 || t.Limit > MaxLimit {
		return Query{}, errText
	}
	q := Query{List: l, Sort: sort, Limit: t.Limit, Search: t.Search, Backward: t.Backward, Count: t.Count}
	var err error
	if q.Filters, err = l.filters(t.Filters); err != nil {
		return Query{}, err
	}
	if q.Place, err = l.filters(t.Place); err != nil {
		return Query{}, err
	}
	if t.From != nil {
		if q.From, err = q.decode(t.From); err != nil {
			return Query{}, fmt.Errorf("%w: %w", errText, err)
		}
	}
	return q, nil
}

// filters reads what filterTexts has written.
func (l *List) filters(texts [][]string) (filters []Filter, err error) {
	for _, words := range texts {
		if len(words) < 2 || l.byName[words[0]] == nil {
			return nil, errText
		}
		f := Filter{Field: l.byName[words[0]], Op: Op(words[1])}
		typ := f.Field.Type
		if f.Op == Null {
			typ = Bool()
		}
		for _, word := range words[2:] {
			v, ok := typ.read(word)
			if !ok {
				return nil, errText
			}
			f.Values = append(f.Values, v)
		}
		filters = append(filters, f)
	}
	return filters, nil
}

// keyText is a Key in JSON. The type of the value is said beside it: not every type has a JSON of its own.
type keyText struct {
	ID    id.ID  `json:"id"`
	Type  string `json:"type,omitempty"` // empty for null
	Value string `json:"value,omitempty"`
}

// MarshalJSON writes the key so that UnmarshalJSON reads the same value, of the same Go type: a page can be kept. It is not what a client gets, which is a cursor.
func (k Key) MarshalJSON() ([]byte, error) {
	t := keyText{ID: k.ID}
	if k.Value != nil {
		name, ok := typeName(k.Value)
		if !ok {
			return nil, fmt.Errorf("page: a key has no value of type %T", k.Value)
		}
		t.Type, t.Value = name, Type{}.format(k.Value)
	}
	return json.Marshal(t)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (k *Key) UnmarshalJSON(b []byte) error {
	var t keyText
	if err := json.Unmarshal(b, &t); err != nil {
		return err
	}
	*k = Key{ID: t.ID}
	if t.Type == "" {
		return nil
	}
	typ, ok := keyTypes()[t.Type]
	if !ok {
		return fmt.Errorf("page: a key has no value of type %q", t.Type)
	}
	if k.Value, ok = typ.read(t.Value); !ok {
		return fmt.Errorf("page: %q is not the %s of a key", t.Value, t.Type)
	}
	return nil
}

func typeName(v any) (string, bool) {
	switch v.(type) {
	case string:
		return "string", true
	case int64:
		return "int", true
	case float64:
		return "float", true
	case bool:
		return "bool", true
	case time.Time:
		return "time", true
	case clock.Date:
		return "date", true
	case id.ID:
		return "id", true
	case decimal.Decimal:
		return "decimal", true
	default:
		return "", false
	}
}

// keyTypes are the types by the names that typeName gives them.
func keyTypes() map[string]Type {
	return map[string]Type{
		"string": String(), "int": Int(), "float": Float(), "bool": Bool(), "time": Time(), "date": Date(), "id": ID(), "decimal": Decimal(2*MaxValue, MaxValue),
	}
}
