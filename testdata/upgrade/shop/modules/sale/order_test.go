package sale_test

import (
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/id"
)

const (
	orderPath = "/api/v1/sale/orders"
	// orderBody is a request for an order that obeys every rule.
	orderBody = `{"number":"Number a","status":"draft","placed":"2026-01-02T03:04:05.006Z","total":{"amount":0,"currency":"EUR"}}`
	// orderChange changes whatever may change.
	orderChange = `{"number":"Number b","status":"placed","placed":null,"total":{"amount":1,"currency":"EUR"}}`
)

func TestOrderLifecycle(t *testing.T) {
	t.Parallel()
	a := boot(t)
	made := a.Post(orderPath, orderBody).Want(201).WantMembers(orderBody)
	at := orderPath + "/" + made.Text("/id")
	made.WantHeader("Location", at).WantHeader("ETag", `"1"`)
	a.Get(at).Want(200).WantHeader("ETag", `"1"`).WantBody(made.Body)
	a.Get(at, "If-None-Match", `"1"`).Want(304)

	a.Patch(at, orderChange, "If-Match", `"2"`).WantProblem(412, "version_mismatch")
	changed := a.Patch(at, orderChange, "If-Match", `"1"`).Want(200).WantMembers(orderChange)
	changed.WantHeader("ETag", `"2"`).WantAt("/version", "2")
	a.Get(at, "If-None-Match", `"1"`).Want(200).WantHeader("ETag", `"2"`).WantBody(changed.Body)

	a.Delete(at, "If-Match", `"1"`).WantProblem(412, "version_mismatch")
	a.Delete(at, "If-Match", `"2"`).Want(204)
	a.Patch(at, `{}`).WantProblem(404, "order_not_found")
	a.Get(at).WantProblem(404, "order_not_found")
	a.Delete(at).WantProblem(404, "order_not_found")
}

func TestOrderDefaults(t *testing.T) {
	t.Parallel()
	boot(t).Post(orderPath, `{"number":"Number a","total":{"amount":0,"currency":"EUR"}}`).Want(201).WantMembers(`{"status":"draft","placed":null}`)
}

func TestOrderRefusals(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Post(orderPath, `{"no_such_field":1}`).WantProblem(422, "invalid", "/no_such_field")
	for _, c := range []struct{ name, value, pointer string }{
		{"number", `null`, "/number"},
		{"number", `7`, "/number"},
		{"number", `""`, "/number"},
		{"number", `"` + strings.Repeat("x", 256) + `"`, "/number"},
		{"status", `null`, "/status"},
		{"status", `"no such word"`, "/status"},
		{"placed", `"yesterday"`, "/placed"},
		{"total", `null`, "/total"},
		{"total", `{"amount":1}`, "/total/currency"},
		{"total", `{"amount":1.5,"currency":"EUR"}`, "/total/amount"},
		{"total", `{"amount":1,"currency":"euro"}`, "/total/currency"},
	} {
		a.Post(orderPath, apptest.With(orderBody, c.name, c.value)).WantProblem(422, "invalid", c.pointer)
	}
	for _, name := range []string{"number", "total"} {
		a.Post(orderPath, apptest.Without(orderBody, name)).WantProblem(422, "invalid", "/"+name)
	}
	at := a.Post(orderPath, orderBody).Want(201).Header.Get("Location")
	for _, name := range []string{"id", "version"} {
		a.Patch(at, apptest.With(`{}`, name, "null")).WantProblem(422, "invalid", "/"+name)
	}
}

func TestOrderTaken(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Post(orderPath, orderBody).Want(201)
	a.Post(orderPath, orderBody).WantProblem(409, "order_taken", "/number")
	other := a.Post(orderPath, apptest.With(orderBody, "number", `"Number b"`)).Want(201).Header.Get("Location")
	a.Patch(other, `{"number":"Number a"}`).WantProblem(409, "order_taken", "/number")
}

func TestOrderList(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Get(orderPath).Want(200).WantAt("/data", `[]`)
	a.Seed(8)
	if ids := a.Walk(orderPath, 3); len(ids) != 8 {
		t.Errorf("the pages hold %d orders, want 8", len(ids))
	}
	a.WantSorted(orderPath, "id")
	a.WantSorted(orderPath, "placed")
	a.WantFilter(orderPath, "status")
	a.Get(orderPath+"?count=exact&limit=1").Want(200).WantAt("/page/total", "8")
	a.Get(orderPath+"?limit=0").WantProblem(422, "invalid", "/limit")
	a.Get(orderPath+"?sort=nothing").WantProblem(422, "invalid", "/sort")
	a.Get(orderPath+"?after=nowhere").WantProblem(400, "bad_cursor")
}

func TestOrdersByIDs(t *testing.T) {
	t.Parallel()
	a := boot(t)
	a.Seed(1)
	known, err := id.Parse(a.Post(orderPath, orderBody).Want(201).Text("/id"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := a.module.Order.Orders.ByIDs(t.Context(), []id.ID{known, id.New()})
	if err != nil || len(found) != 1 || found[known].ID != known {
		t.Errorf("found %+v, error %v", found, err)
	}
}
