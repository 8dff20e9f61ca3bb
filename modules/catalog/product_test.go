package catalog_test

import (
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
)

const (
	productPath = "/api/v1/catalog/products"
	// productBody is the body of a request for a product that obeys every rule.
	productBody = `{"sku":"Sku a","name":"Name a","price":{"amount":0,"currency":"EUR"},"active":true,"released":"2026-01-02"}`
	// productChange changes something about it.
	productChange = `{"sku":"Sku b","name":"Name b","price":{"amount":1,"currency":"EUR"},"active":false,"released":"2026-02-02"}`
)

func TestProductLifecycle(t *testing.T) {
	t.Parallel()
	a := boot(t)
	made := a.Post(productPath, productBody).Want(201)
	at := made.Header.Get("Location")
	if at != productPath+"/"+made.Text("/id") || made.Header.Get("ETag") != `"1"` {
		t.Errorf("Location %q, ETag %s", at, made.Header.Get("ETag"))
	}
	got := a.Get(at).Want(200)
	if string(got.Body) != string(made.Body) {
		t.Errorf("read %s\nwrote %s", got.Body, made.Body)
	}
	got.WantAt("/sku", `"Sku a"`)
	got.WantAt("/name", `"Name a"`)
	got.WantAt("/price", `{"amount":0,"currency":"EUR"}`)
	got.WantAt("/active", `true`)
	got.WantAt("/released", `"2026-01-02"`)
	a.Get(at, "If-None-Match", `"1"`).Want(304)

	a.Patch(at, productChange, "If-Match", `"2"`).WantProblem(412, "version_mismatch")
	changed := a.Patch(at, productChange, "If-Match", `"1"`).Want(200)
	changed.WantAt("/version", "2")
	changed.WantAt("/sku", `"Sku b"`)
	changed.WantAt("/name", `"Name b"`)
	changed.WantAt("/price", `{"amount":1,"currency":"EUR"}`)
	changed.WantAt("/active", `false`)
	changed.WantAt("/released", `"2026-02-02"`)

	a.Delete(at, "If-Match", `"1"`).WantProblem(412, "version_mismatch")
	a.Delete(at, "If-Match", `"2"`).Want(204)
	a.Get(at).WantProblem(404, "product_not_found")
	a.Patch(at, `{}`).WantProblem(404, "product_not_found")
	a.Delete(at).WantProblem(404, "product_not_found")
}

func TestProductRefusals(t *testing.T) {
	t.Parallel()
	a := boot(t)
	at := a.Post(productPath, productBody).Want(201).Header.Get("Location")
	a.Post(productPath, `{"no_such_field":1}`).WantProblem(422, "invalid", "/no_such_field")
	a.Patch(at, `{"version":7}`).WantProblem(422, "invalid", "/version")
	for _, c := range []struct{ name, value, pointer string }{
		{"sku", `null`, "/sku"},
		{"sku", `""`, "/sku"},
		{"sku", `"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`, "/sku"},
		{"name", `null`, "/name"},
		{"name", `""`, "/name"},
		{"name", `"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`, "/name"},
		{"price", `null`, "/price"},
		{"price", `{"amount":1}`, "/price/currency"},
		{"price", `{"amount":1.5,"currency":"EUR"}`, "/price/amount"},
		{"price", `{"amount":1,"currency":"euro"}`, "/price/currency"},
		{"active", `null`, "/active"},
		{"active", `"yes"`, "/active"},
		{"released", `"2026-02-30"`, "/released"},
	} {
		a.Post(productPath, apptest.With(productBody, c.name, c.value)).WantProblem(422, "invalid", c.pointer)
	}
	for _, name := range []string{"sku", "name", "price"} {
		a.Post(productPath, apptest.Without(productBody, name)).WantProblem(422, "invalid", "/"+name)
	}
}

func TestProductTaken(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Post(productPath, productBody).Want(201)
	a.Post(productPath, productBody).WantProblem(409, "product_taken", "/sku")
}

func TestProductList(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Get(productPath).Want(200).WantAt("/data", `[]`)
	a.Seed(8)
	if ids := a.Walk(productPath, 3); len(ids) != 8 {
		t.Errorf("the pages hold %d products, want 8", len(ids))
	}
	a.WantSorted(productPath, "id")
	a.WantFilter(productPath, "active")
	a.WantSearch(productPath, "name")
	a.Get(productPath+"?count=exact&limit=1").Want(200).WantAt("/page/total", "8")
	a.Get(productPath+"?limit=0").WantProblem(422, "invalid", "/limit")
	a.Get(productPath+"?sort=nothing").WantProblem(422, "invalid", "/sort")
	a.Get(productPath+"?after=nowhere").WantProblem(400, "bad_cursor")
}
