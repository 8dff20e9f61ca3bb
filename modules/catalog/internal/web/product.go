package web

import (
	"context"
	"time"

	"github.com/banyan-go/banyan/modules/catalog"
	"github.com/banyan-go/banyan/modules/catalog/internal/product"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/money"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/patch"
)

// Products is the table of operations on products. Who may call which stands in productPolicy.
func Products(s *product.Service) []api.Route {
	h := productHandler{s}
	may := productPolicy{}
	missing, taken := catalog.ErrProductNotFound, catalog.ErrProductTaken
	return []api.Route{
		api.Get("/products", h.list, api.Op{ID: "listCatalogProducts", Summary: "List products", Auth: api.Session, Allow: may.list(), List: product.Listing()}),
		api.Post("/products", h.create, api.Op{ID: "createCatalogProduct", Summary: "Create a product", Auth: api.Session, Allow: may.create(), Errors: []*fault.Error{taken}}),
		api.Get("/products/{id}", h.get, api.Op{ID: "getCatalogProduct", Summary: "Get a product", Auth: api.Session, Allow: may.get(), Errors: []*fault.Error{missing}}),
		api.Patch("/products/{id}", h.update, api.Op{ID: "updateCatalogProduct", Summary: "Change a product", Auth: api.Session, Allow: may.update(), Errors: []*fault.Error{missing, taken}}),
		api.Delete("/products/{id}", h.remove, api.Op{ID: "deleteCatalogProduct", Summary: "Delete a product", Auth: api.Session, Allow: may.remove(), Errors: []*fault.Error{missing, db.ErrReferenced}}),
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

// ProductDraft is the body of a request for a new product.
type ProductDraft struct {
	Sku      string       `json:"sku" minLength:"1" maxLength:"64"`
	Name     string       `json:"name" minLength:"1" maxLength:"255"`
	Price    money.Amount `json:"price"`
	Active   bool         `json:"active" default:"true"`
	Released *clock.Date  `json:"released"`
}

// ProductChange is the body of a request that changes a product: the fields that it holds.
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
	createdProduct struct {
		Location string   `header:"Location" doc:"Where the new product is."`
		ETag     api.ETag `header:"ETag" doc:"The version, for If-Match and If-None-Match."`
		Body     Product
	}
	oneProduct struct {
		ETag api.ETag `header:"ETag" doc:"The version, for If-Match and If-None-Match."`
		Body Product
	}
)

type productHandler struct{ service *product.Service }

func (h productHandler) list(ctx context.Context, in *listProducts) (*api.List[Product], error) {
	p, err := h.service.List(ctx, in.Query)
	if err != nil {
		return nil, err
	}
	return api.NewList(in.Query, page.Map(p, presentProduct)), nil
}

func (h productHandler) create(ctx context.Context, in *createProduct) (*createdProduct, error) {
	made, err := h.service.Create(ctx, product.Draft(in.Body))
	if err != nil {
		return nil, err
	}
	return &createdProduct{
		Location: api.Prefix + "/catalog/products/" + made.ID.String(),
		ETag:     api.Version(made.Version),
		Body:     presentProduct(made),
	}, nil
}

func (h productHandler) get(ctx context.Context, in *getProduct) (*oneProduct, error) {
	found, err := h.service.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &oneProduct{ETag: api.Version(found.Version), Body: presentProduct(found)}, nil
}

func (h productHandler) update(ctx context.Context, in *updateProduct) (*oneProduct, error) {
	changed, err := h.service.Update(ctx, in.ID, in.IfMatch.Versions(), product.Change(in.Body))
	if err != nil {
		return nil, err
	}
	return &oneProduct{ETag: api.Version(changed.Version), Body: presentProduct(changed)}, nil
}

func (h productHandler) remove(ctx context.Context, in *deleteProduct) (*api.Nothing, error) {
	return nil, h.service.Delete(ctx, in.ID, in.IfMatch.Versions())
}

func presentProduct(p catalog.Product) Product { return Product(p) }
