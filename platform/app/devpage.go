package app

import (
	"bytes"
	_ "embed"
	"html/template"
	"io"
	"net/http"
	"os"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/mail"
)

//go:embed devpage.html
var devPageText string

// brokenFile is the variable that names the file of Env.Broken.
const brokenFile = "BANYAN_BROKEN"

// maxBroken is how much of that file is shown.
const maxBroken = 64 << 10

// broken returns why the newest source does not run, empty when it does.
func (e Env) broken() string {
	f, err := os.Open(e.Broken)
	if err != nil {
		return "" // no file, no failure
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, maxBroken)) // what can be read
	return string(text)
}

// devPage is what a developer sees at / in mode dev: what there is, and what to type next.
func (a *App) devPage() api.Endpoint {
	type operation struct{ Method, Path, Summary string }
	type moduleView struct {
		Name       string
		Operations []operation
	}
	var modules []moduleView
	for _, m := range a.modules {
		view := moduleView{Name: m.Name()}
		for _, r := range a.operations.Mounted() {
			if r.Module == m.Name() {
				view.Operations = append(view.Operations, operation{r.Method, r.FullPath, r.Op.Summary})
			}
		}
		modules = append(modules, view)
	}
	page := template.Must(template.New("devpage").Parse(devPageText)) // a wrong template fails the first test that builds an application
	handler := func(c *fiber.Ctx) error {
		var body bytes.Buffer
		if err := page.Execute(&body, map[string]any{
			"Broken": a.platform.env.broken(), "Name": a.platform.env.Name, "Profile": a.platform.env.Profile, "Modules": modules,
			"Mailbox": a.platform.Mail.Mailbox() != nil, "Docs": a.platform.cfg.API.docs(a.platform.env.Mode), "Ops": "http://" + hostOf(a.server.OpsAddr()),
		}); err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
		c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		return c.Send(body.Bytes())
	}
	return api.Endpoint{Method: http.MethodGet, Path: "/", FiberPath: "/", Handler: handler, Op: api.Op{Auth: api.Public}}
}

// mailboxPage shows the mails that the application would have sent.
func (a *App) mailboxPage(box *mail.Mailbox) api.Endpoint {
	handler := func(c *fiber.Ctx) error {
		page, err := box.Page(a.platform.env.Name)
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
		c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		return c.Send(page)
	}
	return api.Endpoint{Method: http.MethodGet, Path: mail.PagePath, FiberPath: mail.PagePath, Handler: handler, Op: api.Op{Auth: api.Public}}
}
