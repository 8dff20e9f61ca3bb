package archtest

import (
	"path"
	"slices"
	"strings"
)

// judgeLibrary says where libraries may be used: each in one place, so that it can be replaced there.
func judgeLibrary(e edge) (reason, fix string) {
	if e.own || e.test || standard(e.to) {
		return "", ""
	}
	for _, rule := range libraries() {
		if within(e.to, rule.path) && !slices.ContainsFunc(rule.allowed, e.stands) {
			return rule.reason, rule.fix
		}
	}
	return "", ""
}

type libraryRule struct {
	path, reason, fix string
	// allowed are folders, with all that is below, and files; * stands for any part of a name.
	allowed []string
}

func libraries() []libraryRule {
	const handlers, useAPI = "handlers are functions of their types", "use api.Get and the like, or api.Raw in internal/web"
	const driver, useDriver = "drivers are compiled in by cmd alone", "list it in cmd/<application>/drivers.go"
	return []libraryRule{
		{"github.com/spf13/viper", "settings arrive as values of a Config", "add a field to the component's Config", []string{"platform/config"}},
		{"github.com/gofiber/fiber", handlers, useAPI, []string{"platform/api", "platform/httpserver", "platform/app", "modules/*/internal/web", "bench"}},
		{"github.com/valyala/fasthttp", handlers, useAPI, []string{"platform/api", "platform/httpserver", "platform/files", "modules/*/internal/web", "bench"}},
		{"gorm.io/gorm", "only stores speak SQL", "add a method to the module's service", []string{"platform/db", "platform/session/sqlstore", "modules/*/internal", "internal/keep", "bench"}},
		{"github.com/ncruces/go-sqlite3", driver, useDriver, []string{"platform/db/sqlite", "bench"}},
		{"github.com/jackc/pgx", driver, useDriver, []string{"platform/db/postgres", "bench"}},
		{"github.com/redis/go-redis", "its calls have no breaker", "use platform/redis, in a driver", []string{"platform/redis", "platform/*/redisstore", "bench"}},
		{"github.com/eko/gocache", "its chains, its keys and its errors lose data", "use platform/cache", []string{"platform/cache/gocachestore"}},
		{"github.com/maypok86/otter", "what it keeps may be out of date", "use platform/cache", []string{"platform/cache", "platform/httpserver", "bench"}},
		{"github.com/tetratelabs/wazero", driver, useDriver, []string{"platform/images/webp"}},
		{"golang.org/x/image", driver, useDriver, []string{"platform/images/webp"}},
		{"github.com/google/wire", "wiring belongs where it is seen", "move it to the module's wire package", []string{"platform/*/provider.go", "modules/*.go", "modules/*/*wire", "cmd"}},
		{"github.com/wneessen/go-mail", driver, useDriver, []string{"platform/mail/smtp"}},
		{"github.com/prometheus", "metrics are made by telemetry", "use telemetry.Counter and the like", []string{"platform/telemetry"}},
		{"github.com/go-json-experiment/json", "the coming encoding/json is used where every request reads JSON", "use package api, or encoding/json", []string{"platform/api/internal/plan", "platform/cache"}},
	}
}

// stands reports whether the file of an import is the one that a pattern names, or at or below the folder.
func (e edge) stands(pattern string) bool {
	ps, fs := strings.Split(pattern, "/"), strings.Split(e.file, "/")
	if len(fs) < len(ps) {
		return false
	}
	for i, p := range ps {
		if ok, err := path.Match(p, fs[i]); err != nil || !ok {
			return false
		}
	}
	return true
}
