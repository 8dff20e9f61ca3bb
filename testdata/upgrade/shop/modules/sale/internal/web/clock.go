package web

import (
	"net/http"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/clock"
)

// Clock is an operation that fiber answers alone.
func Clock(c clock.Clock) api.Route {
	now := func(ctx *fiber.Ctx) error { return ctx.JSON(fiber.Map{"time": c.Now()}) }
	return api.Raw(http.MethodGet, "/clock", now, api.Op{ID: "getSaleClock", Summary: "Get the time", Auth: api.Public})
}
