package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/keyring"
)

// AddItem is what a client says: which cart, and what to put into it.
type AddItem struct {
	Cart int64 `path:"cart" minimum:"1"`
	Body struct {
		Name     string `json:"name" minLength:"1" maxLength:"40" doc:"What it is."`
		Quantity int    `json:"quantity" minimum:"1" maximum:"99" default:"1"`
	}
}

// ItemAdded is what the client gets.
type ItemAdded struct {
	Location string `header:"Location"`
	Body     struct {
		Line     int    `json:"line"`
		Name     string `json:"name"`
		Quantity int    `json:"quantity"`
	}
}

var errFull = fault.New(fault.Conflict, "cart_full", "The cart is full.")

// addItem is the operation: it gets what is right already, and says what went wrong by an error.
func addItem(_ context.Context, in *AddItem) (*ItemAdded, error) {
	if in.Cart == 7 {
		return nil, errFull
	}
	out := &ItemAdded{Location: fmt.Sprintf("/api/v1/shop/carts/%d/items/1", in.Cart)}
	out.Body.Line, out.Body.Name, out.Body.Quantity = 1, in.Body.Name, in.Body.Quantity
	return out, nil
}

// An operation is a function of two types. From them come its parameters, the checks, the answer and the document.
func Example() {
	route := api.Post("/carts/{cart}/items", addItem, api.Op{
		ID: "addItem", Summary: "Put something into a cart", Auth: api.PublicWrite("a cart belongs to whoever knows its number"),
		Errors: []*fault.Error{errFull},
	})

	// A program mounts the routes of its modules, and package httpserver serves the endpoints. Here the requests come by hand.
	keys, err := keyring.Parse(keyring.NewKey())
	if err != nil {
		panic(err)
	}
	operations := api.New(api.Limits{Body: 1 << 20}, keys, slog.New(slog.DiscardHandler))
	if err := operations.Mount("shop", route); err != nil {
		panic(err)
	}
	ask := func(path, body string) {
		var fctx fasthttp.RequestCtx
		request := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
		if err := fctx.Request.Read(bufio.NewReader(strings.NewReader(request))); err != nil {
			panic(err)
		}
		if err := operations.Endpoints()[0].Serve(context.Background(), &fctx); err != nil {
			operations.WriteProblem(context.Background(), &fctx, err)
		}
		answer := fctx.Response.Body()
		if fctx.Response.StatusCode() < 400 {
			fmt.Printf("%d %s\n  %s\n", fctx.Response.StatusCode(), fctx.Response.Header.Peek("Location"), answer)
			return
		}
		var p api.Problem
		if err := json.Unmarshal(answer, &p); err != nil {
			panic(err)
		}
		fmt.Println(p.Status, p.Code+":", p.Detail)
		for _, e := range p.Errors {
			fmt.Printf("  %s %s\n", e.Pointer, e.Detail)
		}
	}
	ask("/api/v1/shop/carts/3/items", `{"name":"Lamp"}`)
	ask("/api/v1/shop/carts/7/items", `{"name":"Lamp"}`)
	ask("/api/v1/shop/carts/3/items", `{"name":"","quantity":100,"price":0}`)
	// Output:
	// 201 /api/v1/shop/carts/3/items/1
	//   {"line":1,"name":"Lamp","quantity":1}
	// 409 cart_full: The cart is full.
	// 422 invalid: Some values are not allowed.
	//   /name must be at least 1 character long
	//   /quantity must be at most 99
	//   /price is not a known field
}
