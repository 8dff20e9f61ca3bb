package web

import (
	"context"
	"time"

	"example.com/shop/modules/sale"
	"example.com/shop/modules/sale/internal/order"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/money"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/patch"
)

// Orders is the table of operations on orders.
func Orders(s *order.Service) []api.Route {
	h := orderHandler{s}
	open := api.PublicWrite("the generator does not know who may; decide before this goes public")
	failures := []*fault.Error{sale.ErrOrderTaken}
	return []api.Route{
		api.Get("/orders", h.list, api.Op{ID: "listSaleOrders", Summary: "List orders", Auth: api.Public, List: order.Listing()}),
		api.Post("/orders", h.create, api.Op{ID: "createSaleOrder", Summary: "Create an order", Auth: open, Errors: failures}),
		api.Get("/orders/{id}", h.get, api.Op{ID: "getSaleOrder", Summary: "Get an order", Auth: api.Public}),
		api.Patch("/orders/{id}", h.update, api.Op{ID: "updateSaleOrder", Summary: "Change an order", Auth: open, Errors: failures}),
		api.Delete("/orders/{id}", h.remove, api.Op{ID: "deleteSaleOrder", Summary: "Delete an order", Auth: open}),
	}
}

// Order is an order as clients see it.
type Order struct {
	ID        id.ID            `json:"id"`
	Number    string           `json:"number"`
	Status    sale.OrderStatus `json:"status" enum:"draft,placed"`
	Placed    *time.Time       `json:"placed"`
	Total     money.Amount     `json:"total"`
	Version   int64            `json:"version" doc:"Counts the changes; the entity tag is made of it."`
	CreatedAt time.Time        `json:"created_at"`
	UpdatedAt time.Time        `json:"updated_at"`
}

// OrderDraft is the body of a request for a new order.
type OrderDraft struct {
	Number string           `json:"number" minLength:"1" maxLength:"255"`
	Status sale.OrderStatus `json:"status" enum:"draft,placed" default:"draft"`
	Placed *time.Time       `json:"placed"`
	Total  money.Amount     `json:"total"`
}

// OrderChange is the body of a request that changes an order: the fields that it holds.
type OrderChange struct {
	Number patch.Change[string]           `json:"number" minLength:"1" maxLength:"255"`
	Status patch.Change[sale.OrderStatus] `json:"status" enum:"draft,placed"`
	Placed patch.Change[*time.Time]       `json:"placed"`
	Total  patch.Change[money.Amount]     `json:"total"`
}

type (
	listOrders struct {
		Query page.Query
	}
	createOrder struct {
		Body OrderDraft
	}
	getOrder struct {
		ID id.ID `path:"id"`
	}
	updateOrder struct {
		ID      id.ID       `path:"id"`
		IfMatch api.IfMatch `header:"If-Match"`
		Body    OrderChange
	}
	deleteOrder struct {
		ID      id.ID       `path:"id"`
		IfMatch api.IfMatch `header:"If-Match"`
	}
	createdOrder struct {
		Location string   `header:"Location" doc:"Where the new order is."`
		ETag     api.ETag `header:"ETag" doc:"The version, for If-Match and If-None-Match."`
		Body     Order
	}
	oneOrder struct {
		ETag api.ETag `header:"ETag" doc:"The version, for If-Match and If-None-Match."`
		Body Order
	}
)

type orderHandler struct{ service *order.Service }

func (h orderHandler) list(ctx context.Context, in *listOrders) (*api.List[Order], error) {
	p, err := h.service.List(ctx, in.Query)
	if err != nil {
		return nil, err
	}
	return api.NewList(in.Query, page.Map(p, presentOrder)), nil
}

func (h orderHandler) create(ctx context.Context, in *createOrder) (*createdOrder, error) {
	made, err := h.service.Create(ctx, order.Draft(in.Body))
	if err != nil {
		return nil, err
	}
	return &createdOrder{
		Location: api.Prefix + "/sale/orders/" + made.ID.String(),
		ETag:     api.Version(made.Version),
		Body:     presentOrder(made),
	}, nil
}

func (h orderHandler) get(ctx context.Context, in *getOrder) (*oneOrder, error) {
	found, err := h.service.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &oneOrder{ETag: api.Version(found.Version), Body: presentOrder(found)}, nil
}

func (h orderHandler) update(ctx context.Context, in *updateOrder) (*oneOrder, error) {
	changed, err := h.service.Update(ctx, in.ID, in.IfMatch.Versions(), order.Change(in.Body))
	if err != nil {
		return nil, err
	}
	return &oneOrder{ETag: api.Version(changed.Version), Body: presentOrder(changed)}, nil
}

func (h orderHandler) remove(ctx context.Context, in *deleteOrder) (*api.Nothing, error) {
	return nil, h.service.Delete(ctx, in.ID, in.IfMatch.Versions())
}

func presentOrder(p sale.Order) Order { return Order(p) }
