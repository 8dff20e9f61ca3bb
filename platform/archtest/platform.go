package archtest

import (
	"fmt"
	"strings"
)

// layer returns the layer of a capability of the platform, -1 for one that has none yet.
func layer(capability string) int {
	layers := [][]string{
		{"fault", "lifecycle", "clock", "id", "money", "decimal", "unit", "keyring", "page", "patch", "servertest"},
		{"config", "telemetry"},
		{"db", "api"},
		{"httpserver"},
		{},
		{"module"},
		{"app", "apptest", "archtest"},
	}
	for i, names := range layers {
		for _, name := range names {
			if name == capability {
				return i
			}
		}
	}
	return -1
}

// judgePlatform keeps the layers of the platform: a capability imports those below it and, without a cycle, those beside it; the go command
// refuses the cycles.
func judgePlatform(e edge, from string) (reason, fix string) {
	if !e.own || e.test && !within(e.to, "modules", "cmd", "generator") {
		return "", ""
	}
	if within(e.to, "modules", "cmd", "generator", "configs", "templates") {
		return "the platform knows no application", "turn the dependency round: take an interface or a value"
	}
	to, ok := strings.CutPrefix(e.to, "platform/")
	if !ok {
		return "", ""
	}
	fromCap, fromRest, _ := strings.Cut(from, "/")
	toCap, toRest, _ := strings.Cut(to, "/")
	switch {
	case layer(fromCap) < 0:
		return "the capability " + fromCap + " stands in no layer", "add it to archtest and to the table in CONTRIBUTING"
	case fromCap == toCap && isDriver(toRest) && fromRest == "":
		return "a capability does not know its drivers", "let the caller hand them in"
	case toCap == "apptest" || strings.HasSuffix(to, "test") && toCap != "archtest":
		return "only tests use test packages", "move the code into a _test.go file"
	case fromCap != "apptest" && fromCap != toCap && isDriver(toRest):
		return "drivers are compiled in by cmd alone", "take the driver as a parameter"
	case layer(fromCap) < layer(toCap):
		return fmt.Sprintf("%s is in layer %d and %s in layer %d: imports go down", fromCap, layer(fromCap), toCap, layer(toCap)), "move the code, or take an interface"
	}
	return "", ""
}

// isDriver reports whether a package below a capability is one of its drivers.
func isDriver(rest string) bool { return rest == "sqlite" || rest == "postgres" }
