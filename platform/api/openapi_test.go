package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/page"
)

// document returns the document of the routes, each in its module.
func document(tb testing.TB, info api.Info, modules map[string][]api.Route, order ...string) []byte {
	tb.Helper()
	a := newAPI(tb, slog.New(slog.DiscardHandler))
	for _, m := range order {
		if err := a.Mount(m, modules[m]...); err != nil {
			tb.Fatal(err)
		}
	}
	doc, err := a.Document(info)
	if err != nil {
		tb.Fatal(err)
	}
	if again, err := a.Document(info); err != nil || !bytes.Equal(again, doc) {
		tb.Errorf("the second document is another one: %v", err)
	}
	return doc
}

func sampleDocument(tb testing.TB) []byte {
	tb.Helper()
	info := api.Info{
		Title: "Shop", Version: "1.2.3", Description: "A sample.", License: "MIT", Contact: "The shop", ContactURL: "https://shop.example",
		Modules: map[string]string{"shop": "Things & more."},
	}
	return document(tb, info, map[string][]api.Route{"shop": sample()}, "shop")
}

// TestDocument compares the document of the sample with testdata/openapi.json. BANYAN_UPDATE=1 writes it.
func TestDocument(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	if err := json.Indent(&got, sampleDocument(t), "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	path := filepath.Join("testdata", "openapi.json")
	if os.Getenv("BANYAN_UPDATE") == "1" {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(got.Bytes(), want) {
		return
	}
	gotLines, wantLines := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Errorf("%s:%d: the document has\n%s\ninstead of\n%s\nwrite it with BANYAN_UPDATE=1", path, i+1, gotLines[i], wantLines[i])
			return
		}
	}
	t.Errorf("%s has %d lines, the document has %d; write it with BANYAN_UPDATE=1", path, len(wantLines), len(gotLines))
}

// The bytes may be an entity tag, a file in a repository, the input of a comparison.
func TestTheSameOperationsGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	want := sampleDocument(t)
	for range 5 { // maps are walked in another order each time
		if got := sampleDocument(t); !bytes.Equal(got, want) {
			t.Fatal("another document of the same operations")
		}
	}
}

func TestDocumentOfNothingSaid(t *testing.T) {
	t.Parallel()
	var doc struct {
		Info struct {
			Title, Version, Description string
			License, Contact            map[string]string
		}
		Tags []struct{ Name, Description string }
	}
	b := document(t, api.Info{Title: "Shop"}, map[string][]api.Route{"b": {route("GET", "/x", "b")}, "a": {route("GET", "/x", "a")}}, "b", "a")
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	i := doc.Info
	if i.Title != "Shop" || i.Version != "0.0.0" || i.Description != "The API of Shop." || i.License["name"] != "UNLICENSED" || i.License["identifier"] != "LicenseRef-UNLICENSED" ||
		len(i.Contact) != 1 || i.Contact["name"] != "Shop" {
		t.Errorf("%+v", i)
	}
	if len(doc.Tags) != 2 || doc.Tags[0].Name != "a" || doc.Tags[0].Description != "Operations of the module a." {
		t.Errorf("tags %+v", doc.Tags)
	}
}

// A program in which two types have one name ends where it is built, and says which operation is the second.
func TestDocumentNamesTheOperationThatDoesNotFit(t *testing.T) {
	t.Parallel()
	var gets, posts []api.Route
	{
		type Item struct {
			A int `json:"a"`
		}
		gets = append(gets, api.Get("/a", gives[struct{ Body Item }](), op("getA")))
		posts = append(posts, api.Post("/a", takes[struct{ Body Item }](), op("postA")))
	}
	{
		type Item struct {
			B int `json:"b"`
		}
		gets = append(gets, api.Get("/b", gives[struct{ Body Item }](), op("getB")))
		posts = append(posts, api.Post("/b", takes[struct{ Body Item }](), op("postB")))
	}
	for want, routes := range map[string][]api.Route{"describe getB: ": gets, "describe postB: ": posts} {
		doc, err := serve(t, routes...).api.Document(api.Info{})
		if err == nil || doc != nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "name Api_testItem of api_test.Item is taken by another type") {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// The names of components are those that a client's types get.
func TestComponentNames(t *testing.T) {
	t.Parallel()
	type Local struct {
		A int `json:"a"`
	}
	list := func(_ context.Context, in *paged) (*api.List[Local], error) {
		return api.NewList(in.Query, page.Page[Local]{}), nil
	}
	var doc struct {
		Components struct{ Schemas map[string]any }
	}
	routes := append(sample(), api.Get("/local", list, op("listLocal")))
	if err := json.Unmarshal(document(t, api.Info{}, map[string][]api.Route{"shop": routes}, "shop"), &doc); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Api_testLocal", "Api_testLocalFields", "Api_testLocalList", "Api_testLocalListFields", // a list of them, with some of their fields
		"Api_testPart", "Api_testPartInput", // an answer has the plain name, a question of the same type another
		"Api_testThing", "Api_testThingChange", "Api_testThingFields", "Api_testThingInput", "Api_testThingList", "Api_testThingListFields",
		"Api_testUploaded", "File", "ListPage", "MoneyAmount", "MoneyAmountInput", "Picture", "PictureVariant", "Problem", "ProblemField",
	}
	if got := slices.Sorted(maps.Keys(doc.Components.Schemas)); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
