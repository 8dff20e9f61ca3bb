// Package web is the HTTP face of the module: requests, responses, and the table of operations.
package web

import (
	"context"
	"time"

	"github.com/banyan-go/banyan/modules/catalog"
	"github.com/banyan-go/banyan/modules/catalog/internal/product"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/money"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/patch"
)

// Products returns the operations on products.
func Products(s *product.Service) []api.Route {
	h := products{s}
	open := api.PublicWrite("generated without --auth; say here who may write, or why everybody may")
	return []api.Route{
		api.Get("/products", h.list, api.Op{ID: "listProducts", Summary: "List products", Auth: api.Public, List: product.Listing()}),
		api.Post("/products", h.create, api.Op{ID: "createProduct", Summary: "Create a product", Auth: open, Errors: []*fault.Error{catalog.ErrProductTaken}}),
		api.Get("/products/{id}", h.get, api.Op{ID: "getProduct", Summary: "Get a product", Auth: api.Public}),
		api.Patch("/products/{id}", h.update, api.Op{ID: "updateProduct", Summary: "Change a product", Auth: open, Errors: []*fault.Error{catalog.ErrProductTaken}}),
		api.Delete("/products/{id}", h.remove, api.Op{ID: "deleteProduct", Summary: "Delete a product", Auth: open}),
	}
}

// Product is a product as clients see it.
type Product struct {
	ID        id.ID        `json:"id"`
	Sku       string       `json:"sku"`
	Name      string       `json:"name"`
	Price     money.Amount `json:"price"`
	Active    bool         `json:"active"`
	Released  *clock.Date  `json:"released"`
	Version   int64        `json:"version" doc:"Counts the changes; the entity tag is made of it."`
	CreatedAt time.Time    `json:"created_at"`
	UpdatedAt time.Time    `json:"updated_at"`
}

func present(p catalog.Product) Product { return Product(p) }

// ProductDraft is the body of a request for a new product.
type ProductDraft struct {
	Sku      string       `json:"sku" minLength:"1" maxLength:"64"`
	Name     string       `json:"name" minLength:"1" maxLength:"255"`
	Price    money.Amount `json:"price"`
	Active   bool         `json:"active" default:"true"`
	Released *clock.Date  `json:"released"`
}

// ProductChange is the body of a request that changes a product: the fields that are in it.
type ProductChange struct {
	Sku      patch.Change[string]       `json:"sku" minLength:"1" maxLength:"64"`
	Name     patch.Change[string]       `json:"name" minLength:"1" maxLength:"255"`
	Price    patch.Change[money.Amount] `json:"price"`
	Active   patch.Change[bool]         `json:"active"`
	Released patch.Change[*clock.Date]  `json:"released"`
}

type (
	listProducts struct {
		Query page.Query
	}
	createProduct struct {
		Body ProductDraft
	}
	getProduct struct {
		ID id.ID `path:"id"`
	}
	updateProduct struct {
		ID      id.ID       `path:"id"`
		IfMatch api.IfMatch `header:"If-Match"`
		Body    ProductChange
	}
	deleteProduct struct {
		ID      id.ID       `path:"id"`
		IfMatch api.IfMatch `header:"If-Match"`
	}
	productCreated struct {
		Location string   `header:"Location"`
		ETag     api.ETag `header:"ETag"`
		Body     Product
	}
	productFound struct {
		ETag api.ETag `header:"ETag"`
		Body Product
	}
)

type products struct{ service *product.Service }

func (h products) list(ctx context.Context, in *listProducts) (*api.List[Product], error) {
	p, err := h.service.List(ctx, in.Query)
	if err != nil {
		return nil, err
	}
	return api.NewList(in.Query, page.Map(p, present)), nil
}

func (h products) create(ctx context.Context, in *createProduct) (*productCreated, error) {
	p, err := h.service.Create(ctx, product.Draft(in.Body))
	if err != nil {
		return nil, err
	}
	return &productCreated{Location: "/api/v1/catalog/products/" + p.ID.String(), ETag: api.Version(p.Version), Body: present(p)}, nil
}

func (h products) get(ctx context.Context, in *getProduct) (*productFound, error) {
	return found(h.service.Get(ctx, in.ID))
}

func (h products) update(ctx context.Context, in *updateProduct) (*productFound, error) {
	return found(h.service.Update(ctx, in.ID, in.IfMatch.Versions(), product.Change(in.Body)))
}

func (h products) remove(ctx context.Context, in *deleteProduct) (*struct{}, error) {
	return nil, h.service.Delete(ctx, in.ID, in.IfMatch.Versions())
}

func found(p catalog.Product, err error) (*productFound, error) {
	if err != nil {
		return nil, err
	}
	return &productFound{ETag: api.Version(p.Version), Body: present(p)}, nil
}
