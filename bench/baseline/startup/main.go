// Command startup is the least that answers over fiber: what a start, idle
// memory and a binary cost before an application does anything.
package main

import (
	"flag"

	"github.com/gofiber/fiber/v2"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:9050", "listen")
	flag.Parse()
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/readyz", func(c *fiber.Ctx) error { return c.SendString("ok") })
	panic(app.Listen(*addr))
}
