package web

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/modules/storefront"
	"github.com/banyan-go/banyan/modules/storefront/internal/picture"
	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/assets"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/images"
)

//go:embed catalogue.html assets
var content embed.FS

// Assets are the files that the page loads.
func Assets() fs.FS {
	sub, _ := fs.Sub(content, "assets") // the name is a good one
	return sub
}

// sizes says how wide a picture is on the page: see .card in storefront.css.
const sizes = "(min-width: 66rem) 15rem, (min-width: 34rem) 45vw, 92vw"

// eager is how many pictures are seen without scrolling on most screens.
const eager = 4

// Catalogue returns the page of the catalogue, and the operation that gives a product its picture.
func Catalogue(s *picture.Service, a *assets.Assets) []api.Route {
	h := catalogue{
		service: s, assets: a,
		page: template.Must(template.New("catalogue.html").Funcs(template.FuncMap{"asset": a.URL, "picture": show}).ParseFS(content, "catalogue.html")),
	}
	return []api.Route{
		api.Page("/catalog", h.show, api.Op{
			ID: "showCatalogue", Summary: "The catalogue, for everybody", Auth: api.Public,
			Cache: api.Caching{SMaxAge: 30 * time.Second, StaleWhileRevalidate: time.Minute},
		}),
		api.Upload("/products/{id}/picture", api.UploadLimit{Size: picture.Rule().Size + 64<<10, Time: time.Minute}, h.receive, api.Op{
			ID: "setStorefrontPicture", Summary: "Give a product its picture", Auth: api.Session, Allow: api.Roles("admin"),
			Doc:    "A form (multipart/form-data) with the file and the field alt, which says what there is to see.",
			Errors: []*fault.Error{storefront.ErrNoProduct, storefront.ErrAlt, files.ErrTooLarge, files.ErrType, images.ErrFormat, images.ErrPixels, images.ErrBusy},
		}),
	}
}

// show is how the page shows a picture, the n-th one of it.
func show(n int, i picture.Item) template.HTML {
	return i.Picture.HTML(images.Show{Alt: i.Alt, Sizes: sizes, Eager: n < eager})
}

type catalogue struct {
	service *picture.Service
	assets  *assets.Assets
	page    *template.Template
}

func (h catalogue) show(c *fiber.Ctx) error {
	items, err := h.service.Page(c.UserContext())
	if err != nil {
		return err
	}
	var page bytes.Buffer
	if err := h.page.Execute(&page, items); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderContentSecurityPolicy, h.assets.Policy())
	return c.Send(page.Bytes())
}

func (h catalogue) receive(c *fiber.Ctx) error {
	productID, err := id.Parse(c.Params("id"))
	if err != nil {
		return storefront.ErrNoProduct
	}
	p, err := h.service.Receive(c.UserContext(), productID, c.Get(fiber.HeaderContentType), c.Context().RequestBodyStream())
	if err != nil {
		return err
	}
	return c.Status(http.StatusCreated).JSON(struct {
		Width  int    `json:"width"`
		Height int    `json:"height"`
		WebP   string `json:"webp"`
		JPEG   string `json:"jpeg"`
	}{p.Width, p.Height, p.Srcset("webp"), p.Srcset("jpg")})
}
