package api_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
)

func shown(c *fiber.Ctx) error { return c.SendString("shown") }

// A page is where people look for it, in no document for programs, and beside the operations of its module.
func TestAPageIsWhereItSays(t *testing.T) {
	t.Parallel()
	a := newAPI(t, slog.New(slog.DiscardHandler))
	if err := a.Mount("shop", api.Page("/shop", shown, op("showShop")), route("GET", "/things", "listThings")); err != nil {
		t.Fatal(err)
	}
	m := a.Mounted()
	if m[0].FullPath != "/shop" || !m[0].IsPage() || !m[0].IsRaw() || m[1].FullPath != "/api/v1/shop/things" || m[1].IsPage() {
		t.Errorf("%+v", m)
	}
	if !strings.Contains(m[0].At(), "page_test.go:") {
		t.Errorf("it is said to stand at %s", m[0].At())
	}
	document, err := a.Document(api.Info{Title: "Shop"})
	if err != nil || bytes.Contains(document, []byte("showShop")) || !bytes.Contains(document, []byte("listThings")) {
		t.Errorf("%v in %s", err, document)
	}
	if err := a.Mount("front", api.Page("/", shown, op("showHome"))); err != nil {
		t.Errorf("the first page of all: %v", err)
	}
	if err := a.Mount("other", api.Page("/shop", shown, op("showOther"))); err == nil || !strings.Contains(err.Error(), "cannot be told from GET /shop of showShop") {
		t.Errorf("two modules have one page: %v", err)
	}
	for _, path := range []string{"/api/v1/x", "/assets", "/readyz", "/files/{id}"} {
		first := strings.Split(path, "/")[1]
		if err := a.Mount("other", api.Page(path, shown, op("taken"))); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("what is below /%s is the platform's", first)) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
