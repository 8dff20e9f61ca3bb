package api_test

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/decimal"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/money"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/patch"
)

// The sample is a small API that has everything once: the document of it is testdata/openapi.json, and a request is checked against that.

// Part is a struct inside others.
type Part struct {
	Name  string `json:"name" minLength:"1" maxLength:"8"`
	Count int    `json:"count" minimum:"1" default:"1"`
}

// Thing has a field of each kind that a body may have. It is question and answer.
type Thing struct {
	Name     string            `json:"name" minLength:"2" maxLength:"5" doc:"What people call it." example:"Lamp"`
	Code     string            `json:"code" pattern:"^[a-z]+$" default:"none"`
	Mail     string            `json:"mail" format:"email"`
	Site     string            `json:"site" format:"uri"`
	Host     string            `json:"host" format:"hostname"`
	Slug     string            `json:"slug" format:"slug" maxLength:"12"`
	Since    string            `json:"since" format:"date"`
	Seen     string            `json:"seen" format:"date-time"`
	Key      *string           `json:"key" format:"uuid"`
	State    string            `json:"state" enum:"draft,published" default:"draft"`
	Color    *string           `json:"color" enum:"red,green"`
	Count    int32             `json:"count" minimum:"1" maximum:"99"`
	Total    int64             `json:"total" default:"0"`
	Even     int               `json:"even" multipleOf:"2" default:"2"`
	Between  int               `json:"between" exclusiveMinimum:"0" exclusiveMaximum:"10" default:"5"`
	Level    int               `json:"level" enum:"1,2,3" default:"1"`
	Small    uint8             `json:"small" default:"0"`
	Port     *uint16           `json:"port"`
	Ratio    float64           `json:"ratio" minimum:"0.5" maximum:"1.5" default:"1"`
	Part     float32           `json:"part" exclusiveMinimum:"0" exclusiveMaximum:"1" default:"0.5"`
	Active   bool              `json:"active" default:"true"`
	Made     time.Time         `json:"made"`
	Released *clock.Date       `json:"released"`
	Owner    id.ID             `json:"owner"`
	Weight   *decimal.Decimal  `json:"weight"`
	Price    money.Amount      `json:"price"`
	Discount *money.Amount     `json:"discount"`
	Image    []byte            `json:"image" maxLength:"16" default:""`
	Tags     []string          `json:"tags" minItems:"1" maxItems:"3" uniqueItems:"true" maxLength:"4"`
	Maybe    *[]*int32         `json:"maybe" maxItems:"2" minimum:"0"`
	Labels   map[string]string `json:"labels" minProperties:"1" maxProperties:"2" minLength:"1"`
	Parts    []Part            `json:"parts" default:"[]"`
	Spare    *Part             `json:"spare" doc:"What it is mended with." example:"{\"name\":\"bulb\"}"`
}

// ThingChange is the body of a merge-patch.
type ThingChange struct {
	Name   patch.Change[string]     `json:"name" minLength:"2" maxLength:"5"`
	Count  patch.Change[*int32]     `json:"count" minimum:"1"`
	State  patch.Change[string]     `json:"state" enum:"draft,published"`
	Tags   patch.Change[[]string]   `json:"tags" maxItems:"3"`
	Parts  patch.Change[[]Part]     `json:"parts"`
	Price  patch.Change[*Part]      `json:"price"`
	Weight patch.Change[*time.Time] `json:"weight"`
}

type (
	listThings struct {
		Query page.Query
		Shelf string `query:"shelf" enum:"top,bottom" default:"top" doc:"Where to look."`
	}
	createThing struct{ Body Thing }
	getThing    struct {
		ID     id.ID     `path:"id" doc:"Of the thing."`
		Number int       `path:"number" minimum:"1" maximum:"9"`
		Name   string    `query:"name" minLength:"2" maxLength:"4" pattern:"^[a-z]+$"`
		Size   *int      `query:"size" multipleOf:"5"`
		Must   bool      `query:"must" required:"true"`
		Words  []string  `query:"words" minItems:"2" maxItems:"3" uniqueItems:"true" maxLength:"3"`
		Since  time.Time `query:"since"`
		Ratio  float64   `query:"ratio" exclusiveMaximum:"1" default:"0.25"`
		Tenant string    `header:"X-Tenant" enum:"a,b" required:"true" doc:"Whose thing it is."`
		Depth  uint8     `header:"X-Depth" default:"3"`
	}
	changeThing struct {
		ID      id.ID       `path:"id"`
		IfMatch api.IfMatch `header:"If-Match" required:"true"`
		Body    ThingChange
	}
	deleteThing struct {
		ID      id.ID       `path:"id"`
		IfMatch api.IfMatch `header:"If-Match" doc:"Delete no other version."`
	}
	renameThing struct {
		ID   id.ID `path:"id"`
		Body struct {
			Name string `json:"name"`
		}
	}
	thingMade struct {
		Location string   `header:"Location" doc:"Where it is." example:"/api/v1/shop/things/1"`
		ETag     api.ETag `header:"ETag"`
		Body     Thing
	}
	thingFound struct {
		Left int `header:"X-Left"`
		Body Thing
	}
)

func sampleList() page.Spec {
	return page.Spec{Sort: "-made", Search: []string{"name", "code"}, Fields: []page.Field{
		{Name: "name", Type: page.String(), Filter: true, Sort: true},
		{Name: "count", Type: page.Int(), Filter: true, Sort: true, Null: true},
		{Name: "ratio", Type: page.Float(), Filter: true},
		{Name: "active", Type: page.Bool(), Filter: true},
		{Name: "made", Type: page.Time(), Filter: true, Sort: true},
		{Name: "released", Type: page.Date(), Filter: true, Null: true},
		{Name: "owner", Type: page.ID(), Filter: true},
		{Name: "weight", Type: page.Decimal(6, 2), Filter: true},
		{Name: "state", Type: page.Enum("draft", "published"), Filter: true},
		{Name: "hidden", Type: page.String()},
	}}
}

// sample returns the routes of the sample. What is created is given back, the rest is always the same thing.
func sample() []api.Route {
	thing := Thing{
		Name: "Lamp", State: "draft", Since: "2026-02-28", Seen: "2026-02-28T12:00:00Z", Mail: "ann@shop.example", Site: "https://shop.example", Host: "shop", Slug: "lamp",
		Level: 1, Owner: id.New(), Price: money.Amount{Minor: 1999, Currency: "EUR"},
	}
	list := func(_ context.Context, in *listThings) (*api.List[Thing], error) {
		return api.NewList(in.Query, page.Page[Thing]{Items: []Thing{thing}}), nil
	}
	create := func(_ context.Context, in *createThing) (*thingMade, error) {
		return &thingMade{Location: "/api/v1/shop/things/1", ETag: api.Version(1), Body: in.Body}, nil
	}
	get := func(context.Context, *getThing) (*thingFound, error) { return &thingFound{Left: 1, Body: thing}, nil }
	raw := func(c *fiber.Ctx) error { return c.SendString("raw") }
	open := api.PublicWrite("it is a sample.")
	taken, gone := fault.New(fault.Conflict, "taken", "Taken."), fault.New(fault.NotFound, "gone", "Gone.")
	files := receiver(api.UploadLimit{Size: 1 << 20, Time: time.Minute, Types: []string{"image/png"}, Form: map[string]string{"alt": "What there is to see."}})
	return append(files,
		api.Get("/things", list, api.Op{ID: "listThings", Summary: "List things", Doc: "All of them, a page at a time.", Auth: api.Public, List: sampleList()}),
		api.Post("/things", create, api.Op{ID: "createThing", Summary: "Create a thing", Auth: open, Errors: []*fault.Error{taken}}),
		api.Get("/things/{id}/{number}", get, api.Op{ID: "getThing", Summary: "Get a thing", Auth: api.Public, Errors: []*fault.Error{gone}}),
		api.Patch("/things/{id}", takes[changeThing](), api.Op{ID: "changeThing", Summary: "Change a thing", Auth: open, Deprecated: true}),
		api.Delete("/things/{id}", takes[deleteThing](), api.Op{ID: "deleteThing", Summary: "Delete a thing", Auth: open}),
		api.Put("/things/{id}/name", takes[renameThing](), api.Op{ID: "renameThing", Summary: "Rename a thing", Auth: open, Status: 202}),
		api.Raw("GET", "/things/{id}/image", raw, api.Op{ID: "getImage", Summary: "Get the image of a thing", Auth: api.Public}),
		api.Raw("POST", "/import", raw, api.Op{ID: "importThings", Summary: "Import things", Auth: open}),
	)
}
