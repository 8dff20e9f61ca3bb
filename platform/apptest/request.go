package apptest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Get sends GET. Headers are given as pairs of name and value, here and below.
func (a *App) Get(path string, headers ...string) *Response {
	a.t.Helper()
	return a.Do(http.MethodGet, path, "", headers...)
}

// Post sends POST with a JSON body.
func (a *App) Post(path, body string, headers ...string) *Response {
	a.t.Helper()
	return a.Do(http.MethodPost, path, body, headers...)
}

// Patch sends PATCH with a JSON body.
func (a *App) Patch(path, body string, headers ...string) *Response {
	a.t.Helper()
	return a.Do(http.MethodPatch, path, body, headers...)
}

// Put sends PUT with a JSON body.
func (a *App) Put(path, body string, headers ...string) *Response {
	a.t.Helper()
	return a.Do(http.MethodPut, path, body, headers...)
}

// Delete sends DELETE.
func (a *App) Delete(path string, headers ...string) *Response {
	a.t.Helper()
	return a.Do(http.MethodDelete, path, "", headers...)
}

// Do sends one request and reads the whole answer. It fails the test when there is none. It may be used in a Cleanup of the test.
// Behind a request that may write, every instance of the application knows what was written: what one keeps of it, it reads anew.
func (a *App) Do(method, path, body string, headers ...string) *Response {
	a.t.Helper()
	if len(headers)%2 != 0 {
		a.t.Fatalf("%s %s: a header without a value", method, path)
	}
	req, err := http.NewRequestWithContext(context.WithoutCancel(a.t.Context()), method, a.next()+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	headers = slices.Concat(a.headers, headers)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := a.client.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatalf("%s %s: %v", method, path, err)
	}
	if method != http.MethodGet && method != http.MethodHead {
		a.settled()
	}
	return &Response{Status: resp.StatusCode, Header: resp.Header, Body: data, app: a, what: method + " " + path}
}

// Response is one answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte

	app  *App
	what string
}

// Want fails the test unless the answer has this status.
func (r *Response) Want(status int) *Response {
	r.app.t.Helper()
	if r.Status != status {
		r.app.t.Fatalf("%s: status %d, want %d\n%s", r.what, r.Status, status, r.Body)
	}
	return r
}

// At returns the value at a JSON Pointer (RFC 6901) of the body: a string, a json.Number, a bool, nil, a []any or a map[string]any. It fails
// the test when there is none.
func (r *Response) At(pointer string) any {
	r.app.t.Helper()
	d := json.NewDecoder(bytes.NewReader(r.Body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		r.app.t.Fatalf("%s: the body is not JSON: %v\n%s", r.what, err, r.Body)
	}
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if pointer == "" {
			break
		}
		name = strings.NewReplacer("~1", "/", "~0", "~").Replace(name)
		var ok bool
		switch in := v.(type) {
		case map[string]any:
			v, ok = in[name]
		case []any:
			i, err := strconv.Atoi(name)
			if ok = err == nil && i >= 0 && i < len(in); ok {
				v = in[i]
			}
		}
		if !ok {
			r.app.t.Fatalf("%s: nothing at %s\n%s", r.what, pointer, r.Body)
		}
	}
	return v
}

// Text returns the string at a JSON Pointer, and fails the test when it is none.
func (r *Response) Text(pointer string) string {
	r.app.t.Helper()
	s, ok := r.At(pointer).(string)
	if !ok {
		r.app.t.Fatalf("%s: no text at %s\n%s", r.what, pointer, r.Body)
	}
	return s
}

// Texts returns the strings at a JSON Pointer below each element of the list at another.
func (r *Response) Texts(list, pointer string) []string {
	r.app.t.Helper()
	items, ok := r.At(list).([]any)
	if !ok {
		r.app.t.Fatalf("%s: no list at %s\n%s", r.what, list, r.Body)
	}
	texts := make([]string, len(items))
	for i := range items {
		texts[i] = r.Text(fmt.Sprintf("%s/%d%s", list, i, pointer))
	}
	return texts
}

// WantAt fails the test unless the value at a JSON Pointer is the one that want says, which is JSON: 2, null, "a text" with its quotes.
func (r *Response) WantAt(pointer, want string) *Response {
	r.app.t.Helper()
	d := json.NewDecoder(strings.NewReader(want))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		r.app.t.Fatalf("what is wanted at %s is not JSON: %v\n%s\nIf it is meant as a text, write it with its quotes: `%s`", pointer, err, want, strconv.Quote(want))
	}
	if got := r.At(pointer); !reflect.DeepEqual(got, v) {
		text, _ := json.Marshal(got) // it was JSON
		r.app.t.Errorf("%s: %s is %s, want %s", r.what, pointer, text, want)
	}
	return r
}

// WantMembers fails the test unless the body is a JSON object that has each member of the JSON object want, with its value.
func (r *Response) WantMembers(want string) *Response {
	r.app.t.Helper()
	for name, value := range object(want) {
		r.WantAt("/"+name, string(value))
	}
	return r
}

// WantBody fails the test unless the body is this, byte by byte.
func (r *Response) WantBody(want []byte) *Response {
	r.app.t.Helper()
	if !bytes.Equal(r.Body, want) {
		r.app.t.Errorf("%s: the body is\n%s\nwant\n%s", r.what, r.Body, want)
	}
	return r
}

// WantHeader fails the test unless the answer has a header with this value.
func (r *Response) WantHeader(name, want string) *Response {
	r.app.t.Helper()
	if got := r.Header.Get(name); got != want {
		r.app.t.Errorf("%s: the header %s is %q, want %q", r.what, name, got, want)
	}
	return r
}

// WantProblem fails the test unless the answer is a problem of this status and code, and, with a pointer, points at it.
func (r *Response) WantProblem(status int, code string, pointers ...string) *Response {
	r.app.t.Helper()
	r.Want(status)
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		r.app.t.Errorf("%s: content type %q, want application/problem+json", r.what, got)
	}
	if got := r.Text("/code"); got != code {
		r.app.t.Errorf("%s: code %q, want %q\n%s", r.what, got, code, r.Body)
	}
	have := map[string]bool{}
	for _, p := range r.Texts("/errors", "/pointer") {
		have[p] = true
	}
	for _, p := range pointers {
		if !have[p] {
			r.app.t.Errorf("%s: nothing is said of %s\n%s", r.what, p, r.Body)
		}
	}
	return r
}
