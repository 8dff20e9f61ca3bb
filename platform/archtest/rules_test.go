package archtest_test

import (
	"fmt"
	"strings"
	"testing"
)

// rule is one import, and the reason why it is refused; empty where it is allowed.
type rule struct{ file, imports, reason string }

func checkRules(t *testing.T, module string, rules []rule) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.file+" imports "+r.imports, func(t *testing.T) {
			t.Parallel()
			files := tree{"modules/modules_gen.go": "modules/shop/shopwire"}
			files[r.file] = r.imports
			got := find(t, module, files)
			from := "the root package"
			if i := strings.LastIndexByte(r.file, '/'); i >= 0 {
				from = r.file[:i]
			}
			want := fmt.Sprintf("%s:4: %s imports %s: %s; ", r.file, from, r.imports, r.reason)
			switch {
			case r.reason == "" && len(got) > 0:
				t.Errorf("it is refused: %q", got)
			case r.reason != "" && (len(got) != 1 || !strings.HasPrefix(got[0], want) || got[0] == want):
				t.Errorf("got  %q\nwant %q and what to do", got, want)
			}
		})
	}
}

// The reasons, each with the rule in its words.
const (
	contract   = "a contract is types, errors and interfaces, which every module can afford to know"
	contracts  = "modules meet at their contracts"
	internal   = "what is below internal belongs to the module around it"
	wiring     = "the wiring knows the module, not the other way round"
	itself     = "a module does not run itself"
	others     = "a module does not know which others there are"
	program    = "a module does not know the program it is in"
	migrations = "migrations are files, embedded and nothing else"
	list       = "the list of modules knows their wiring only"
	noModule   = "code that belongs to no module knows none"
	files      = "configuration files need no code"
	testsOnly  = "only tests use test packages"
	driver     = "drivers are compiled in by cmd alone"
	handlers   = "handlers are functions of their types"
	stores     = "only stores speak SQL"
	settings   = "settings arrive as values of a Config"
	seen       = "wiring belongs where it is seen"
	metrics    = "metrics are made by telemetry"
	oneJSON    = "the coming encoding/json is used where every request reads JSON"
	gocache    = "its chains, its keys and its errors lose data"
	small      = "the generator links nothing of the platform, so that it builds in seconds"
	noApp      = "the platform knows no application"
	ownDriver  = "a capability does not know its drivers"
	leaf       = "a leaf is what everything stands on: it needs the standard library and no other"
)

// TestRulesOfAnApplication is the table of who may import whom, as far as an application has it.
func TestRulesOfAnApplication(t *testing.T) {
	t.Parallel()
	checkRules(t, "example.com/shop", []rule{
		// The contract of a module, and its events: leaves that everybody can afford to know.
		{"modules/catalog/product.go", "context", ""},
		{"modules/catalog/product.go", "database/sql", ""},
		{"modules/catalog/product.go", "platform/fault", ""},
		{"modules/catalog/product.go", "platform/id", ""},
		{"modules/catalog/product.go", "platform/money", ""},
		{"modules/catalog/product.go", "platform/decimal", ""},
		{"modules/catalog/product.go", "platform/clock", ""},
		{"modules/catalog/product.go", "platform/db", contract},
		{"modules/catalog/product.go", "platform/api", contract},
		{"modules/catalog/product.go", "platform/page", contract},
		{"modules/catalog/product.go", "gorm.io/gorm", contract},
		{"modules/catalog/product.go", "github.com/gofiber/fiber/v2", contract},
		{"modules/catalog/product.go", "github.com/spf13/viper", contract},
		{"modules/catalog/product.go", "github.com/google/uuid", contract},
		{"modules/catalog/product.go", "internal/mailer", contract},
		{"modules/catalog/product.go", "modules/catalog/internal/product", contract},
		{"modules/catalog/product.go", "modules/catalog/catalogwire", contract},
		{"modules/catalog/product.go", "modules/catalog/catalogevent", contract},
		{"modules/catalog/product.go", "modules/shop", contract},
		{"modules/catalog/product.go", "modules/shop/shopevent", contract},
		{"modules/catalog/catalogevent/event.go", "platform/id", ""},
		{"modules/catalog/catalogevent/event.go", "time", ""},
		{"modules/catalog/catalogevent/event.go", "modules/catalog", contract},
		{"modules/catalog/catalogevent/event.go", "platform/db", contract},

		// What is internal to a module.
		{"modules/shop/internal/order/service.go", "modules/shop", ""},
		{"modules/shop/internal/order/service.go", "modules/shop/shopevent", ""},
		{"modules/shop/internal/order/service.go", "modules/shop/internal/cart", ""},
		{"modules/shop/internal/order/service.go", "modules/catalog", ""},
		{"modules/shop/internal/order/service.go", "modules/catalog/catalogevent", ""},
		{"modules/shop/internal/order/service.go", "internal/mailer", ""},
		{"modules/shop/internal/order/service.go", "platform/db", ""},
		{"modules/shop/internal/order/service.go", "platform/api", ""},
		{"modules/shop/internal/order/store.go", "gorm.io/gorm/clause", ""},
		{"modules/shop/internal/order/service.go", "github.com/stripe/stripe-go", ""},
		{"modules/shop/internal/order/service.go", "modules/catalog/catalogwire", contracts},
		{"modules/shop/internal/order/service.go", "modules/catalog/migrations", contracts},
		{"modules/shop/internal/order/service.go", "modules/catalog/catalogevent/deep", contracts},
		{"modules/shop/internal/order/service.go", "modules/catalog/shopevent", contracts},
		{"modules/shop/internal/order/service.go", "modules/catalog/internal/product", internal},
		{"modules/shop/internal/order/service.go", "modules/shop/shopwire", wiring},
		{"modules/shop/internal/order/service.go", "modules/shop/migrations", wiring},
		{"modules/shop/internal/order/service.go", "modules", others},
		{"modules/shop/internal/order/service.go", "cmd/shop", program},
		{"modules/shop/internal/order/service.go", "configs", program},
		{"modules/shop/internal/order/service.go", "platform/app", itself},
		{"modules/shop/internal/order/service.go", "platform/archtest", itself},
		{"modules/shop/internal/order/service.go", "platform/apptest", itself},
		{"modules/shop/internal/order/service.go", "platform/console", itself},
		{"modules/shop/internal/order/service.go", "platform/db/dbtest", testsOnly},
		{"modules/shop/internal/order/service.go", "platform/db/sqlite", driver},
		{"modules/shop/internal/order/service.go", "platform/api/internal/plan", internal},
		{"modules/shop/internal/order/deep/x.go", "modules/shop/internal/cart/internal/price", internal},
		{"modules/shop/internal/cart/deep/x.go", "modules/shop/internal/cart/internal/price", ""},

		// Libraries in modules.
		{"modules/shop/internal/web/raw.go", "github.com/gofiber/fiber/v2", ""},
		{"modules/shop/internal/web/raw.go", "github.com/valyala/fasthttp", ""},
		{"modules/shop/internal/web/deep/raw.go", "github.com/gofiber/fiber/v2", ""},
		{"modules/shop/internal/order/x.go", "github.com/gofiber/fiber/v2", handlers},
		{"modules/shop/internal/order/x.go", "github.com/valyala/fasthttp", handlers},
		{"modules/shop/internal/webhook/x.go", "github.com/gofiber/fiber/v2", handlers},
		{"modules/shop/shopwire/wire.go", "github.com/gofiber/fiber/v2", handlers},
		{"modules/shop/shopwire/wire.go", "gorm.io/gorm", stores},
		{"modules/shop/internal/order/x.go", "github.com/spf13/viper", settings},
		{"modules/shop/internal/order/x.go", "github.com/google/wire", seen},
		{"modules/shop/internal/web/provider.go", "github.com/google/wire", seen},
		{"modules/shop/internal/order/x.go", "github.com/ncruces/go-sqlite3", driver},
		{"modules/shop/internal/order/x.go", "github.com/jackc/pgx/v5", driver},
		{"modules/shop/internal/order/x.go", "github.com/prometheus/client_golang/prometheus", metrics},
		{"modules/shop/internal/order/x.go", "github.com/go-json-experiment/json", oneJSON},
		{"modules/shop/internal/order/x.go", "github.com/eko/gocache/lib/v4/cache", gocache},
		{"modules/shop/internal/order/x.go", "gorm.io/gormish", ""}, // another library

		// The wiring of a module.
		{"modules/shop/shopwire/wire.go", "modules/shop", ""},
		{"modules/shop/shopwire/wire.go", "modules/shop/internal/web", ""},
		{"modules/shop/shopwire/wire.go", "modules/shop/migrations", ""},
		{"modules/shop/shopwire/wire.go", "modules/catalog", ""},
		{"modules/shop/shopwire/wire.go", "modules/catalog/catalogevent", ""},
		{"modules/shop/shopwire/wire.go", "platform/module", ""},
		{"modules/shop/shopwire/wire.go", "github.com/google/wire", ""},
		{"modules/shop/shopwire/wire.go", "modules/catalog/catalogwire", contracts},
		{"modules/shop/shopwire/wire.go", "modules/catalog/internal/product", internal},
		{"modules/shop/shopwire/wire.go", "platform/app", itself},
		{"modules/shop/shopwire/wire.go", "platform/db/sqlite", driver},

		// Migrations.
		{"modules/shop/migrations/migrations.go", "embed", ""},
		{"modules/shop/migrations/migrations.go", "platform/db", migrations},
		{"modules/shop/migrations/migrations.go", "github.com/pressly/goose/v3", migrations},

		// The tests of a module boot it and those that it uses.
		{"modules/shop/order_test.go", "modules/shop/shopwire", ""},
		{"modules/shop/order_test.go", "modules/catalog/catalogwire", ""},
		{"modules/shop/order_test.go", "platform/apptest", ""},
		{"modules/shop/order_test.go", "platform/db/sqlite", ""},
		{"modules/shop/order_test.go", "gorm.io/gorm", ""},
		{"modules/shop/internal/order/order_test.go", "modules/shop/shopwire", ""},
		{"modules/shop/internal/order/order_test.go", "platform/db/dbtest", ""},
		{"modules/shop/order_test.go", "modules", others},
		{"modules/shop/order_test.go", "cmd/shop", program},
		{"modules/shop/order_test.go", "modules/catalog/internal/product", internal},
		{"modules/shop/order_test.go", "modules/catalog/migrations", contracts},

		// The list of modules.
		{"modules/modules_gen.go", "platform/module", ""},
		{"modules/modules_gen.go", "github.com/google/wire", ""},
		{"modules/modules_gen.go", "modules/shop", list},
		{"modules/modules_gen.go", "modules/shop/catalogwire", list},
		{"modules/modules_gen.go", "modules/shop/deep/shopwire", list},
		{"modules/modules_gen.go", "modules/shop/internal/shopwire", internal},

		// The program, and what belongs to no module.
		{"cmd/shop/main.go", "modules", ""},
		{"cmd/shop/main.go", "modules/shop/shopwire", ""},
		{"cmd/shop/main.go", "configs", ""},
		{"cmd/shop/main.go", "platform/app", ""},
		{"cmd/shop/wire.go", "github.com/google/wire", ""},
		{"cmd/shop/drivers.go", "platform/db/sqlite", ""},
		{"cmd/shop/main.go", "modules/shop/internal/order", internal},
		{"cmd/shop/main.go", "platform/apptest", testsOnly},
		{"cmd/shop/main.go", "github.com/gofiber/fiber/v2", handlers},
		{"internal/mailer/mailer.go", "platform/config", ""},
		{"internal/mailer/mailer.go", "internal/text", ""},
		{"internal/mailer/mailer.go", "modules/shop", noModule},
		{"internal/mailer/mailer_test.go", "modules/shop", noModule},
		{"internal/mailer/mailer.go", "cmd/shop", noModule},
		{"internal/mailer/mailer.go", "gorm.io/gorm", stores},
		{"internal/mailer/mailer.go", "platform/db/sqlite", driver},
		{"configs/configs.go", "embed", ""},
		{"configs/configs.go", "platform/config", files},
		{"configs/configs.go", "go.yaml.in/yaml/v3", files},
		{"shop.go", "github.com/spf13/viper", settings},
		{"shop.go", "platform/db/sqlite", driver},
		{"arch_test.go", "platform/archtest", ""},

		// What is never built and keeps packages in vendor.
		{"internal/keep/keep.go", "platform/db/sqlite", ""},
		{"internal/keep/keep.go", "platform/apptest", ""},
		{"internal/keep/keep.go", "gorm.io/gorm", ""},

		// Folders that have rules in the framework mean nothing in particular elsewhere.
		{"generator/generator.go", "platform/db", ""},
		{"platform/kubernetes/x.go", "platform/db", ""},
		{"cmd/banyan/main.go", "platform/app", ""},
	})
}

// TestRulesOfTheFramework is the rest of the table: the layers of the platform, and the generator.
func TestRulesOfTheFramework(t *testing.T) {
	t.Parallel()
	down := func(from string, low int, to string, high int) string {
		return fmt.Sprintf("%s is in layer %d and %s in layer %d: imports go down", from, low, to, high)
	}
	checkRules(t, framework, []rule{
		// Layers: down, or beside.
		{"platform/id/id.go", "platform/fault", ""},
		{"platform/page/page.go", "platform/clock", ""},
		{"platform/config/x.go", "platform/unit", ""},
		{"platform/api/x.go", "platform/keyring", ""},
		{"platform/api/x.go", "platform/telemetry", ""},
		{"platform/cache/x.go", "platform/db", ""},
		{"platform/httpserver/x.go", "platform/api", ""},
		{"platform/queue/x.go", "platform/db", ""},
		{"platform/events/x.go", "platform/queue", ""},
		{"platform/console/x.go", "platform/module", ""},
		{"platform/app/x.go", "platform/httpserver", ""},
		{"platform/apptest/x.go", "platform/app", ""},
		{"platform/api/apidocs/x.go", "platform/api", ""},
		{"platform/api/x.go", "platform/api/internal/plan", ""},
		{"platform/clock/x.go", "platform/config", down("clock", 0, "config", 1)},
		{"platform/config/x.go", "platform/db", down("config", 1, "db", 2)},
		{"platform/telemetry/x.go", "platform/api", down("telemetry", 1, "api", 2)},
		{"platform/db/deep/x.go", "platform/session", down("db", 2, "session", 3)},
		{"platform/cache/x.go", "platform/ratelimit", down("cache", 2, "ratelimit", 3)},
		{"platform/api/x.go", "platform/httpserver", down("api", 2, "httpserver", 3)},
		{"platform/queue/x.go", "platform/events", down("queue", 3, "events", 4)},
		{"platform/idempotency/x.go", "platform/mail", down("idempotency", 3, "mail", 4)},
		{"platform/projection/x.go", "platform/module", down("projection", 4, "module", 5)},
		{"platform/images/x.go", "platform/console", down("images", 4, "console", 5)},
		{"platform/module/x.go", "platform/app", down("module", 5, "app", 6)},
		{"platform/console/x.go", "platform/archtest", down("console", 5, "archtest", 6)},
		{"platform/db/x.go", "platform/api/internal/plan", internal},
		{"platform/weather/x.go", "platform/db", "the capability weather stands in no layer"},
		{"platform/app/x.go", "platform/weather", "the capability weather stands in no layer"},
		{"platform/api/x_test.go", "platform/app", ""}, // a test may look down from above

		// Leaves: the standard library, and two libraries that are wrapped.
		{"platform/money/x.go", "math/bits", ""},
		{"platform/id/x.go", "github.com/google/uuid", ""},
		{"platform/decimal/x.go", "github.com/shopspring/decimal", ""},
		{"platform/money/x.go", "github.com/shopspring/decimal", leaf},
		{"platform/decimal/x.go", "github.com/google/uuid", leaf},
		{"platform/clock/x.go", "golang.org/x/text/language", leaf},
		{"platform/clock/x_test.go", "go.uber.org/goleak", ""},
		{"platform/config/x.go", "go.yaml.in/yaml/v3", ""},

		// The platform and applications.
		{"platform/app/x.go", "modules", noApp},
		{"platform/app/x.go", "modules/catalog", noApp},
		{"platform/app/x_test.go", "modules/catalog", noApp},
		{"platform/app/x.go", "cmd/app", noApp},
		{"platform/app/x.go", "configs", noApp},
		{"platform/app/x_test.go", "configs", ""},
		{"platform/app/x.go", "generator", noApp},
		{"platform/app/x.go", "templates", noApp},
		{"platform/app/x.go", "bench", noApp},

		// Drivers.
		{"platform/db/sqlite/x.go", "platform/db/driver", ""},
		{"platform/db/sqlite/x.go", "platform/db/sqlite/vfs", ""},
		{"platform/db/x.go", "platform/db/driver", ""},
		{"platform/db/x_test.go", "platform/db/sqlite", ""},
		{"platform/apptest/x.go", "platform/db/sqlite", ""},
		{"cmd/app/drivers.go", "platform/db/postgres", ""},
		{"bench/stack/main.go", "platform/db/sqlite", ""},
		{"bench/door/sides.go", "gorm.io/gorm", ""},
		{"bench/door/sides.go", "github.com/ncruces/go-sqlite3/driver", ""},
		{"bench/door/sides.go", "github.com/jackc/pgx/v5/stdlib", ""},
		{"platform/db/x.go", "platform/db/sqlite", ownDriver},
		{"platform/db/x.go", "platform/db/postgres/copy", ownDriver},
		{"platform/db/deep/x.go", "platform/db/sqlite", ownDriver},
		{"platform/db/dbtest/x.go", "platform/db/sqlite", ownDriver},
		{"platform/db/postgres/x.go", "platform/db/sqlite", ownDriver},
		{"platform/cache/x.go", "platform/cache/gocachestore", ownDriver},
		{"platform/app/x.go", "platform/db/sqlite", driver},
		{"platform/app/x.go", "platform/cache/gocachestore", driver},
		{"modules/catalog/internal/product/x.go", "platform/db/postgres", driver},

		// Test packages: the public type, the driver, testing.
		{"platform/db/dbtest/x.go", "testing", ""},
		{"platform/db/dbtest/x.go", "platform/db", ""},
		{"platform/db/dbtest/x.go", "platform/db/driver", ""},
		{"platform/db/dbtest/x.go", "platform/db/dbtest/schema", ""},
		{"platform/db/sqlite/x_test.go", "platform/db/dbtest", ""},
		{"platform/cache/cachetest/x.go", "platform/cache", ""},
		{"platform/db/x.go", "platform/db/dbtest", testsOnly},
		{"platform/db/sqlite/x.go", "platform/db/dbtest", testsOnly},
		{"platform/app/x.go", "platform/apptest", testsOnly},
		{"cmd/app/main.go", "platform/db/dbtest", testsOnly},
		{"bench/main.go", "platform/apptest", testsOnly},

		// Libraries in the platform.
		{"platform/config/x.go", "github.com/spf13/viper", ""},
		{"platform/db/x.go", "github.com/spf13/viper", settings},
		{"platform/api/apidocs/x.go", "github.com/gofiber/fiber/v2", ""},
		{"platform/httpserver/x.go", "github.com/valyala/fasthttp", ""},
		{"platform/telemetry/x.go", "github.com/gofiber/fiber/v2", handlers},
		{"platform/app/x.go", "github.com/valyala/fasthttp", handlers},
		{"platform/db/x.go", "gorm.io/gorm", ""},
		{"platform/db/sqlite/x.go", "gorm.io/gorm", ""},
		{"platform/app/x.go", "gorm.io/gorm", stores},
		{"platform/db/sqlite/x.go", "github.com/ncruces/go-sqlite3", ""},
		{"platform/db/x.go", "github.com/ncruces/go-sqlite3", driver},
		{"platform/db/postgres/x.go", "github.com/jackc/pgx/v5", ""},
		{"platform/db/x.go", "github.com/jackc/pgx/v5", driver},
		{"platform/cache/gocachestore/x.go", "github.com/eko/gocache/lib/v4/store", ""},
		{"platform/cache/x.go", "github.com/eko/gocache/lib/v4/store", gocache},
		{"platform/module/provider.go", "github.com/google/wire", ""},
		{"platform/module/module.go", "github.com/google/wire", seen},
		{"platform/db/sqlite/provider.go", "github.com/google/wire", seen},
		{"platform/telemetry/x.go", "github.com/prometheus/client_golang/prometheus", ""},
		{"platform/httpserver/x.go", "github.com/prometheus/client_golang/prometheus", metrics},
		{"platform/api/internal/plan/x.go", "github.com/go-json-experiment/json/jsontext", ""},
		{"platform/cache/x.go", "github.com/go-json-experiment/json/v1", ""},
		{"platform/api/x.go", "github.com/go-json-experiment/json", oneJSON},

		// The command banyan.
		{"generator/x.go", "templates", ""},
		{"generator/x.go", "generator/derive", ""},
		{"generator/x.go", "go/ast", ""},
		{"generator/x.go", "golang.org/x/mod/modfile", ""},
		{"generator/x.go", "platform/archtest", ""},
		{"cmd/banyan/x.go", "platform/cli", ""},
		{"generator/x.go", "platform/cli/clitest", small},
		{"generator/deep/x.go", "platform/db/migratelint", ""},
		{"generator/x_test.go", "platform/db", ""},
		{"generator/x.go", "platform/db", small},
		{"generator/deep/x.go", "platform/fault", small},
		{"generator/x.go", "modules/catalog", small},
		{"generator/x.go", "cmd/app", small},
		{"generator/x.go", "gorm.io/gorm", stores},
		{"generator/x.go", "github.com/jackc/pgx/v5", driver},
		{"cmd/banyan/main.go", "generator", ""},
		{"cmd/banyan/main.go", "github.com/spf13/cobra", ""},
		{"cmd/banyan/main.go", "platform/app", small},
		{"modules/catalog/internal/product/x.go", "generator", program},
		{"modules/catalog/internal/product/x.go", "templates", program},
		{"modules/catalog/internal/product/x.go", "bench", program},
	})
}
