package catalog_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	contract "github.com/banyan-go/banyan/modules/catalog"
	usecase "github.com/banyan-go/banyan/modules/catalog/internal/product"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
)

const (
	productPath = "/api/v1/catalog/products"
	// productBody is a request for a product that obeys every rule.
	productBody = `{"sku":"Sku a","name":"Name a","price":{"amount":0,"currency":"EUR"},"active":true,"released":"2026-01-02"}`
	// productChange changes whatever may change.
	productChange = `{"sku":"Sku b","name":"Name b","price":{"amount":1,"currency":"EUR"},"active":false,"released":null}`
)

// bootProduct starts the module, for somebody who may do everything with products.
func bootProduct(t *testing.T) application {
	t.Helper()
	a := boot(t)
	a.App = a.As("ada", "admin")
	return a
}

func TestProductLifecycle(t *testing.T) {
	t.Parallel()
	a := bootProduct(t)
	made := a.Post(productPath, productBody).Want(201).WantMembers(productBody)
	at := productPath + "/" + made.Text("/id")
	made.WantHeader("Location", at).WantHeader("ETag", `"1"`)
	a.Get(at).Want(200).WantHeader("ETag", `"1"`).WantBody(made.Body)
	a.Get(at, "If-None-Match", `"1"`).Want(304)

	a.Patch(at, productChange, "If-Match", `"2"`).WantProblem(412, "version_mismatch")
	changed := a.Patch(at, productChange, "If-Match", `"1"`).Want(200).WantMembers(productChange)
	changed.WantHeader("ETag", `"2"`).WantAt("/version", "2")
	a.Get(at, "If-None-Match", `"1"`).Want(200).WantHeader("ETag", `"2"`).WantBody(changed.Body)

	a.Delete(at, "If-Match", `"1"`).WantProblem(412, "version_mismatch")
	a.Delete(at, "If-Match", `"2"`).Want(204)
	a.Patch(at, `{}`).WantProblem(404, "product_not_found")
	a.Get(at).WantProblem(404, "product_not_found")
	a.Delete(at).WantProblem(404, "product_not_found")
}

// Who may do what with products: whoever is signed in reads, and the role admin writes. Whoever is refused has changed nothing.
func TestProductPolicy(t *testing.T) {
	t.Parallel()
	a := boot(t)
	editor, reader := a.As("ada", "admin"), a.As("ben")
	made := editor.Post(productPath, productBody).Want(201)
	at := made.Header.Get("Location")
	for _, path := range []string{productPath, at} {
		a.Get(path).WantProblem(401, "unauthenticated")
		reader.Get(path).Want(200)
	}
	for _, c := range []struct{ method, path, body string }{
		{"POST", productPath, productBody},
		{"PATCH", at, productChange},
		{"DELETE", at, ""},
	} {
		a.Do(c.method, c.path, c.body).WantProblem(401, "unauthenticated")
		reader.Do(c.method, c.path, c.body).WantProblem(403, "forbidden")
	}
	editor.Get(at).Want(200).WantBody(made.Body)
	editor.Get(productPath+"?count=exact").Want(200).WantAt("/page/total", "1")
}

// An id that no product has stands for none of them, and never for all.
func TestProductUnknownID(t *testing.T) {
	t.Parallel()
	a := bootProduct(t)
	made := a.Post(productPath, productBody).Want(201)
	for _, unknown := range []string{id.New().String(), id.ID{}.String(), "0", "-1", "*", "%25", ""} {
		at := productPath + "/" + unknown
		a.Get(at).Want(404)
		a.Patch(at, productChange).Want(404)
		a.Delete(at).Want(404)
	}
	a.Get(made.Header.Get("Location")).Want(200).WantBody(made.Body)
}

func TestProductDefaults(t *testing.T) {
	t.Parallel()
	bootProduct(t).Post(productPath, `{"sku":"Sku a","name":"Name a","price":{"amount":0,"currency":"EUR"}}`).Want(201).WantMembers(`{"active":true,"released":null}`)
}

func TestProductRefusals(t *testing.T) {
	t.Parallel()
	a := bootProduct(t)
	a.Post(productPath, `{"no_such_field":1}`).WantProblem(422, "invalid", "/no_such_field")
	for _, c := range []struct{ name, value, pointer string }{
		{"sku", `null`, "/sku"},
		{"sku", `7`, "/sku"},
		{"sku", `""`, "/sku"},
		{"sku", `"` + strings.Repeat("x", 65) + `"`, "/sku"},
		{"name", `null`, "/name"},
		{"name", `7`, "/name"},
		{"name", `""`, "/name"},
		{"name", `"` + strings.Repeat("x", 256) + `"`, "/name"},
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
	for _, name := range []string{"id", "version", "created_at", "updated_at"} {
		a.Post(productPath, apptest.With(productBody, name, "null")).WantProblem(422, "invalid", "/"+name)
	}
	at := a.Post(productPath, productBody).Want(201).Header.Get("Location")
	for _, name := range []string{"id", "version", "created_at", "updated_at"} {
		a.Patch(at, apptest.With(`{}`, name, "null")).WantProblem(422, "invalid", "/"+name)
	}
}

func TestProductTaken(t *testing.T) {
	t.Parallel()
	a := bootProduct(t)
	a.Post(productPath, productBody).Want(201)
	a.Post(productPath, productBody).WantProblem(409, "product_taken", "/sku")
	other := a.Post(productPath, apptest.With(productBody, "sku", `"Sku b"`)).Want(201).Header.Get("Location")
	a.Patch(other, `{"sku":"Sku a"}`).WantProblem(409, "product_taken", "/sku")
}

func TestProductList(t *testing.T) {
	t.Parallel()
	a := bootProduct(t)
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

func TestProductsByIDs(t *testing.T) {
	t.Parallel()
	a := bootProduct(t)
	a.Seed(1)
	known, err := id.Parse(a.Post(productPath, productBody).Want(201).Text("/id"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := a.module.Product.Products.ByIDs(t.Context(), []id.ID{known, id.New()})
	if err != nil || len(found) != 1 || found[known].ID != known {
		t.Errorf("found %+v, error %v", found, err)
	}
	if latest, err := a.module.Product.Products.Latest(t.Context(), 2); err != nil || len(latest) != 2 || !slices.Contains(latest, known) {
		t.Errorf("the latest two are %v, error %v", latest, err)
	}
}

// What was read of products is kept, and behind a change it is read anew.
func TestProductCache(t *testing.T) {
	t.Parallel()
	a := bootProduct(t)
	a.Get(productPath+"?count=exact").Want(200).WantAt("/page/total", "0")
	made := a.Post(productPath, productBody).Want(201)
	at := made.Header.Get("Location")
	a.Get(productPath+"?count=exact").Want(200).WantAt("/page/total", "1")
	a.Get(at).Want(200).WantBody(made.Body)
	changed := a.Patch(at, productChange).Want(200)
	a.Get(at).Want(200).WantBody(changed.Body)
	a.Get(productPath).Want(200).WantAt("/data/0/version", "2")

	known, err := id.Parse(made.Text("/id"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		n := apptest.Statements(t.Context(), func(ctx context.Context) {
			if found, err := a.module.Product.Products.ByIDs(ctx, []id.ID{known}); err != nil || len(found) != 1 {
				t.Errorf("found %+v, error %v", found, err)
			}
		})
		if i > 0 && n > 0 {
			t.Errorf("%d statements for what has just been read", n)
		}
	}
	a.Delete(at).Want(204)
	a.Get(at).Want(404)
	a.Get(productPath).Want(200).WantAt("/data", `[]`)
}

// A transaction sees what it has done, and nobody else sees it before the end.
func TestProductCacheInATransaction(t *testing.T) {
	t.Parallel()
	a := bootProduct(t)
	known, err := id.Parse(a.Post(productPath, productBody).Want(201).Text("/id"))
	if err != nil {
		t.Fatal(err)
	}
	inside, ok := a.module.Product.Products.(*usecase.Service)
	if !ok {
		t.Fatalf("the contract is kept by a %T", a.module.Product.Products)
	}
	wantThere := func(ctx context.Context, who string, want bool) {
		if _, err := inside.Get(ctx, known); (err == nil) != want || !want && !errors.Is(err, contract.ErrProductNotFound) {
			t.Errorf("%s: error %v", who, err)
		}
	}
	wantThere(t.Context(), "before", true)
	err = a.Tx("catalog", db.Global, func(ctx context.Context) error {
		err := inside.Delete(ctx, known, nil)
		wantThere(ctx, "the transaction", false)
		wantThere(t.Context(), "others", true)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	wantThere(t.Context(), "behind it", false)
}
