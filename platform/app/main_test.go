package app_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/app"
	"github.com/banyan-go/banyan/platform/db/postgres"
	"github.com/banyan-go/banyan/platform/db/sqlite"
	"github.com/banyan-go/banyan/platform/leaktest"
)

// asProgram is the variable with which the binary of these tests is the program under test, as a process of its own.
const asProgram = "RUN_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		v := variant{routes: []api.Route{
			api.Raw("GET", "/environ", environ, api.Op{ID: "environ", Summary: "Names of variables", Auth: api.Public}),
		}}
		if stage := os.Getenv(diesAt); stage != "" {
			v.driver, v.server = dying{sqlite.Driver{}, sqlite.Driver{}, stage}, dying{postgres.Driver{}, postgres.Driver{}, stage}
		}
		app.Main(program(v))
	}
	leaktest.Main(m)
}

// environ answers the names of the variables that processes get which the program starts.
func environ(c *fiber.Ctx) error {
	names := []string{}
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	return c.SendString(strings.Join(names, " "))
}
