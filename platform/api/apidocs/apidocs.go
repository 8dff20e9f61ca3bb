// Package apidocs serves what people and programs read about an API: the OpenAPI document, a page to browse it that needs nothing from
// elsewhere, and a page for each sort of problem.
package apidocs

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
)

// Swagger UI 5.35.0 (Apache-2.0, see swagger/LICENSE), compressed. CONTRIBUTING says how to renew it.
//
//go:embed page.html docs.js problem.html swagger/*.gz
var files embed.FS

// The page loads everything from this server. Swagger UI writes style attributes.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Document returns the endpoints that show the OpenAPI document: /openapi.json, and /docs, a page to browse it.
func Document(title string, document []byte) []api.Endpoint {
	page := render("page.html", struct{ Title string }{title})
	return []api.Endpoint{
		get("/openapi.json", func(c *fiber.Ctx) error {
			c.Set(fiber.HeaderAccessControlAllowOrigin, "*") // any browser tool may read it: it says nothing that is secret
			return send(c, "application/json", document)
		}),
		get("/docs", func(c *fiber.Ctx) error {
			c.Set(fiber.HeaderContentSecurityPolicy, contentSecurityPolicy)
			return send(c, "text/html; charset=utf-8", page())
		}),
		get("/docs/docs.js", asset("docs.js", "text/javascript; charset=utf-8")),
		get("/docs/swagger-ui.js", asset("swagger/swagger-ui-bundle.js.gz", "text/javascript; charset=utf-8")),
		get("/docs/swagger-ui.css", asset("swagger/swagger-ui.css.gz", "text/css; charset=utf-8")),
	}
}

// Problems returns the endpoints that explain errors: /problems, and one below it for each sort, which is the type of its problem bodies.
func Problems() []api.Endpoint {
	types := api.ProblemTypes()
	endpoints := []api.Endpoint{get("/problems", problemPage(types...))}
	for _, t := range types {
		endpoints = append(endpoints, get("/problems/"+t.Slug, problemPage(t)))
	}
	return endpoints
}

func problemPage(types ...api.ProblemType) fiber.Handler {
	page := render("problem.html", types)
	return func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		return send(c, "text/html; charset=utf-8", page())
	}
}

func get(path string, h fiber.Handler) api.Endpoint {
	return api.Endpoint{Method: http.MethodGet, Path: path, FiberPath: path, Handler: h, Op: api.Op{Auth: api.Public}}
}

func send(c *fiber.Ctx, contentType string, body []byte) error {
	c.Set(fiber.HeaderContentType, contentType)
	return c.Send(body)
}

// asset serves an embedded file, a compressed one as it is to those who take gzip.
func asset(name, contentType string) fiber.Handler {
	data := read(name)
	if !strings.HasSuffix(name, ".gz") {
		return func(c *fiber.Ctx) error { return send(c, contentType, data) }
	}
	return func(c *fiber.Ctx) error {
		c.Vary(fiber.HeaderAcceptEncoding)
		if api.Weight(c.Get(fiber.HeaderAcceptEncoding), "gzip") > 0 {
			c.Set(fiber.HeaderContentEncoding, "gzip")
			return send(c, contentType, data)
		}
		r, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		plain, err := io.ReadAll(r)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		return send(c, contentType, plain)
	}
}

// read returns an embedded file.
func read(name string) []byte {
	data, err := files.ReadFile(name)
	if err != nil {
		panic("apidocs: " + err.Error()) // the name is not in the list above
	}
	return data
}

// render returns a page that is made when it is asked for the first time: few are, and a start has better things to do.
func render(name string, data any) func() []byte {
	return sync.OnceValue(func() []byte {
		var b bytes.Buffer
		if err := template.Must(template.New(name).Parse(string(read(name)))).Execute(&b, data); err != nil {
			panic("apidocs: " + err.Error()) // the template does not fit its data
		}
		return b.Bytes()
	})
}
