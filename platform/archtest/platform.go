package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// layer returns the layer of a capability of the platform, -1 for one that has none yet. Those that do not exist yet have their place.
func layer(capability string) int {
	return slices.IndexFunc([][]string{
		{"fault", "lifecycle", "clock", "id", "money", "decimal", "unit", "keyring", "password", "page", "patch", "blob"},
		{"config", "telemetry", "cli"},
		{"db", "redis", "cache", "api", "assets"},
		{"httpserver", "session", "ratelimit", "queue", "idempotency", "files", "cdn"},
		{"events", "projection", "mail", "images"},
		{"module", "console"},
		{"app", "apptest", "archtest", "leaktest", "servertest"},
	}, func(names []string) bool { return slices.Contains(names, capability) })
}

// judgePlatform keeps the layers of the platform: a capability imports those below it and, without a cycle, those beside it.
func judgePlatform(e edge, from string) (reason, fix string) {
	fromCap, fromRest, _ := strings.Cut(from, "/")
	if !e.own {
		return judgeLeaf(e, fromCap)
	}
	if e.test && !within(e.to, "modules", "cmd", "generator") {
		return "", ""
	}
	if within(e.to, "modules", "cmd", "generator", "configs", "templates", "bench") {
		return "the platform knows no application", "turn the dependency round: take an interface or a value"
	}
	to, ok := strings.CutPrefix(e.to, "platform/")
	if !ok {
		return "", ""
	}
	toCap, toRest, _ := strings.Cut(to, "/")
	switch {
	case layer(fromCap) < 0:
		return noLayer(fromCap)
	case layer(toCap) < 0:
		return noLayer(toCap)
	case fromCap == toCap && isDriver(toCap, toRest) && !within(fromRest, driverOf(toRest)):
		return "a capability does not know its drivers", "let the caller hand them in"
	case layer(fromCap) < layer(toCap):
		return fmt.Sprintf("%s is in layer %d and %s in layer %d: imports go down", fromCap, layer(fromCap), toCap, layer(toCap)), "move the code, or take an interface"
	}
	return "", ""
}

func noLayer(capability string) (reason, fix string) {
	return "the capability " + capability + " stands in no layer", "add it to archtest and to the table in CONTRIBUTING"
}

// judgeLeaf keeps layer 0 to the standard library. Three leaves wrap one library each.
func judgeLeaf(e edge, capability string) (reason, fix string) {
	if layer(capability) != 0 || e.test || standard(e.to) ||
		capability == "id" && within(e.to, "github.com/google/uuid") || capability == "decimal" && within(e.to, "github.com/shopspring/decimal") ||
		capability == "password" && within(e.to, "golang.org/x/crypto") {
		return "", ""
	}
	return "a leaf is what everything stands on: it needs the standard library and no other", "write what is needed, or move the code up"
}

// drivers are the packages of each capability that one program has and another has not.
func drivers(capability string) []string {
	switch capability {
	case "db":
		return []string{"sqlite", "postgres"}
	case "cache":
		return []string{"redisstore", "gocachestore"}
	case "files":
		return []string{"disk"}
	case "images":
		return []string{"webp"}
	case "mail":
		return []string{"smtp"}
	case "session":
		return []string{"memory", "sqlstore", "redisstore"}
	default:
		return nil
	}
}

// isDriver reports whether a package below a capability is one of its drivers, or a part of one.
func isDriver(capability, rest string) bool {
	return slices.Contains(drivers(capability), driverOf(rest))
}

// driverOf returns the driver that a package is a part of.
func driverOf(rest string) string {
	driver, _, _ := strings.Cut(rest, "/")
	return driver
}

// isTestPackage reports whether a package of the platform is for tests: the suite that drivers have to pass, db/dbtest for instance, or
// apptest, which links every driver.
func isTestPackage(path string) bool {
	elem := strings.Split(path, "/")
	if elem[0] != "platform" || len(elem) < 2 {
		return false
	}
	return elem[1] == "apptest" || len(elem) > 2 && elem[2] == elem[1]+"test"
}

// judgePrograms is for every package: what is compiled into a program is decided by the program.
func judgePrograms(e edge) (reason, fix string) {
	to, ok := strings.CutPrefix(e.to, "platform/")
	if !e.own || !ok || e.test || e.from == "internal/keep" { // which is never built: it keeps packages in vendor
		return "", ""
	}
	capability, rest, _ := strings.Cut(to, "/")
	switch {
	case isTestPackage(e.to) && !isTestPackage(e.from):
		return "only tests use test packages", "move the code into a _test.go file"
	case isDriver(capability, rest) && !within(e.from, "platform/"+capability, "platform/apptest", "cmd", "bench"):
		return "drivers are compiled in by cmd alone", "take the driver as a parameter"
	}
	return "", ""
}
