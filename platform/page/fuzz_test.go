package page_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/keyring"
	"github.com/banyan-go/banyan/platform/page"
)

// someID is any id, always the same.
var someID = id.ID{6: 0x70, 8: 0x80, 15: 1}

// FuzzParse: whatever the query string, the answer is a query within all limits or an error of kind invalid.
func FuzzParse(f *testing.F) {
	l := mustList(f, wide())
	for _, seed := range []string{
		"", "limit=10&sort=-name&q=x&count=exact", "filter[name]=a&filter[count][in]=1,2,3&filter[day_null][null]=true",
		"filter[at][gte]=2026-02-03T04:05:06.789Z&filter[weight][lt]=-1.50", "filter[ratio]=1e-7&filter[owner]=01977f2e-8c00-7abc-8def-0123456789ab",
		"filter[state]=draft&filter[active][ne]=true", "filter[", "filter[name][", "sort=-", "limit=+1", "q=\xff", "after=x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		q, err := l.Parse(params(query), noCursor)
		if err != nil {
			fe, ok := errors.AsType[*fault.Error](err)
			if strings.Contains(query, "after=") || strings.Contains(query, "before=") {
				return
			}
			if !ok || fe.Kind != fault.Invalid || len(fe.Fields) == 0 {
				t.Fatalf("%q: %v", query, err)
			}
			for _, field := range fe.Fields {
				if !utf8.ValidString(field.Pointer + field.Detail) {
					t.Fatalf("%q: %+v holds bytes of the caller", query, field)
				}
			}
			return
		}
		if q.Limit < 1 || q.Limit > page.MaxLimit || len(q.Filters) > page.MaxFilters || utf8.RuneCountInString(q.Search) > page.MaxSearch || q.Sort.Field == nil {
			t.Fatalf("%q: %+v", query, q)
		}
		for _, filter := range q.Filters {
			if len(filter.Values) == 0 || len(filter.Values) > page.MaxValues || !filter.Field.Filter {
				t.Fatalf("%q: %+v", query, filter)
			}
		}
		if q.Sort.Field.Name != "id" {
			return
		}
		k := page.Key{Value: someID, ID: someID}
		if back, err := reopen(l, query, q.Encode(&k)); err != nil || *back.From != k {
			t.Fatalf("%q: a cursor of its own comes back as %+v, %v", query, back.From, err)
		}
	})
}

// FuzzCursor: a token that this process has not signed never opens, and one that it has signed never does more than say a place, whatever
// was signed. It goes the way of package api: path and cursor are signed together.
func FuzzCursor(f *testing.F) {
	secret := sha256.Sum256([]byte("the key of this target, always the same so that an input does the same again"))
	ring, err := keyring.Parse(base64.RawURLEncoding.EncodeToString(secret[:]))
	if err != nil {
		f.Fatal(err)
	}
	signer := ring.Signer("api.cursor")
	const path = "/api/v1/catalog/products\x00"
	open := func(token string) ([]byte, error) {
		b, err := signer.OpenText(token)
		if err != nil {
			return nil, page.ErrCursor
		}
		rest, ok := bytes.CutPrefix(b, []byte(path))
		if !ok {
			return nil, page.ErrCursor
		}
		return rest, nil
	}
	l := mustList(f, wide())
	sorts := append([]page.Field{}, l.Sorts()...)
	for i, s := range sorts {
		f.Add(uint8(i), "\x00\x01\x97\x7f\x2e\x8c\x00\x7a\xbc\x8d\xef\x01\x23\x45\x67\x89\xab", "AAAA")
		f.Add(uint8(i), "\x00\x01\x97\x7f\x2e\x8c\x00\x7a\xbc\x8d\xef\x01\x23\x45\x67\x89\xab2026-02-03", s.Name)
		f.Add(uint8(i), "\x01\x01\x97\x7f\x2e\x8c\x00\x7a\xbc\x8d\xef\x01\x23\x45\x67\x89\xab", signer.SignText([]byte("another")))
	}
	f.Fuzz(func(t *testing.T, sort uint8, body, token string) {
		words := []page.Param{{Name: "sort", Value: sorts[int(sort)%len(sorts)].Name}}
		after := func(token string) (page.Query, error) {
			return l.Parse(append(words, page.Param{Name: "after", Value: token}), open)
		}
		if q, err := after(token); err == nil || q.From != nil {
			t.Fatalf("a token that was never signed: %q, %+v", token, q.From)
		}
		first, err := l.Parse(words, open)
		if err != nil {
			t.Fatal(err)
		}
		// Version and binding as they have to be: without them nothing else would be looked at.
		cursor := append(first.Encode(&page.Key{ID: someID})[:9], body...)
		q, err := after(signer.SignText(append([]byte(path), cursor...)))
		if err != nil {
			if !errors.Is(err, page.ErrCursor) && fault.KindOf(err) != fault.Invalid { // invalid: longer than a cursor may be
				t.Fatalf("%q: %v", cursor, err)
			}
			return
		}
		again, err := after(signer.SignText(append([]byte(path), q.Encode(q.From)...)))
		if err != nil || !reflect.DeepEqual(again.From, q.From) {
			t.Fatalf("%q leads to %+v, and that to %+v, %v", cursor, q.From, again.From, err)
		}
	})
}
