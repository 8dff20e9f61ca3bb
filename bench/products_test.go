package main

import "testing"

func TestSameJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, a, b string
		same       bool
	}{
		{"the order of names does not count", `{"id": "1", "price": {"amount": 2, "currency": "EUR"}}`, `{"price": {"currency": "EUR", "amount": 2}, "id": "1"}`, true},
		{"another value", `{"version": 1}`, `{"version": 2}`, false},
		{"a field more", `{"version": 1}`, `{"version": 1, "released": null}`, false},
		{"another cursor", `{"data": [1], "page": {"next": "signed", "prev": null}}`, `{"data": [1], "page": {"next": "plain", "prev": null}}`, true},
		{"no cursor", `{"data": [1], "page": {"next": "signed", "prev": null}}`, `{"data": [1], "page": {"next": null, "prev": null}}`, false},
		{"other rows", `{"data": [1], "page": {"next": "a"}}`, `{"data": [2], "page": {"next": "a"}}`, false},
		{"a row less", `{"data": [1, 2], "page": {"next": "a"}}`, `{"data": [1], "page": {"next": "a"}}`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if same, err := sameJSON([]byte(c.a), []byte(c.b)); same != c.same || err != nil {
				t.Errorf("sameJSON() = %v, %v, want %v", same, err, c.same)
			}
		})
	}
	if same, err := sameJSON([]byte(`{}`), []byte(`Not Found`)); same || err == nil {
		t.Errorf("sameJSON() of what is no JSON = %v, %v, want an error", same, err)
	}
}
