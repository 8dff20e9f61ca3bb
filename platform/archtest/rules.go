package archtest

import (
	"slices"
	"strings"
)

// judge applies the rules to one import.
func judge(e edge) (Finding, bool) {
	elem := strings.Split(e.from, "/")
	var reason, fix string
	switch {
	case e.own && underInternal(e):
		reason, fix = "what is below internal belongs to the module around it", "use the module's contract, the package at its root"
	case elem[0] == "modules" && len(elem) == 1:
		reason, fix = judgeList(e)
	case elem[0] == "modules":
		reason, fix = judgeModule(e, elem[1], elem[2:])
	case elem[0] == "platform":
		reason, fix = judgePlatform(e, strings.Join(elem[1:], "/"))
	case elem[0] == "internal" && e.own && within(e.to, "modules", "cmd"):
		reason, fix = "code that belongs to no module knows none", "move it into the module, or hand it what it needs"
	case elem[0] == "configs" && !isStandard(e):
		reason, fix = "configuration files need no code", "move the code to where it is used"
	case elem[0] == "generator":
		reason, fix = judgeGenerator(e)
	}
	if reason == "" {
		reason, fix = judgeThirdParty(e)
	}
	if reason == "" {
		return Finding{}, false
	}
	from := e.from
	if from == "" {
		from = "the root package"
	}
	return Finding{File: e.file, Line: e.line, What: from + " imports " + e.to, Reason: reason, Fix: fix}, true
}

func isStandard(e edge) bool { return !e.own && standard(e.to) }

// within reports whether a path is at or below one of these.
func within(path string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(root string) bool { return path == root || strings.HasPrefix(path, root+"/") })
}

// underInternal repeats the rule of the go command: it also holds for files that a build tag hides from it.
func underInternal(e edge) bool {
	i := strings.Index("/"+e.to+"/", "/internal/")
	if i < 0 {
		return false
	}
	parent := strings.TrimSuffix(e.to[:max(i-1, 0)], "/")
	return parent != "" && !within(e.from, parent)
}

// leaves are the packages of the platform that a contract may use: values without behaviour of their own.
var leaves = []string{"platform/fault", "platform/id", "platform/money", "platform/decimal", "platform/clock"}

// judgeList is for the package modules itself.
func judgeList(e edge) (reason, fix string) {
	if e.own && within(e.to, "modules") && !strings.HasSuffix(e.to, "wire") {
		return "the list of modules knows their wiring only", "run banyan sync: the file is derived"
	}
	return "", ""
}

// judgeModule is for the packages of one module.
func judgeModule(e edge, module string, below []string) (reason, fix string) {
	if e.own && within(e.to, "cmd", "configs") {
		return "a module does not know the program it is in", "hand it what it needs through its Config"
	}
	if e.own && within(e.to, "platform/app", "platform/archtest", "platform/apptest") && !e.test {
		return "a module does not run itself", "only tests may start an application"
	}
	if other, foreign := otherModule(e, module); foreign {
		if reason, fix := judgeForeign(e, other); reason != "" {
			return reason, fix
		}
	}
	switch {
	case len(below) == 0 || below[0] == module+"event":
		return judgeContract(e, module)
	case below[0] == "migrations" && !isStandard(e):
		return "migrations are files, embedded and nothing else", "move the code to where it is used"
	case below[0] == "internal" && e.own && within(e.to, "modules/"+module+"/"+module+"wire"):
		return "the wiring knows the module, not the other way round", "take what is needed as a parameter of the constructor"
	}
	return "", ""
}

// otherModule returns the module that an import leads to, when it is not this one.
func otherModule(e edge, module string) (string, bool) {
	elem := strings.Split(e.to, "/")
	if !e.own || elem[0] != "modules" || len(elem) < 2 {
		return "", false
	}
	return elem[1], elem[1] != module
}

// judgeForeign allows another module's contract and its events. The wiring of another module is for tests, which boot both.
func judgeForeign(e edge, other string) (reason, fix string) {
	switch e.to {
	case "modules/" + other, "modules/" + other + "/" + other + "event":
		return "", ""
	case "modules/" + other + "/" + other + "wire":
		if e.test {
			return "", ""
		}
	}
	return "modules meet at their contracts", "import modules/" + other + " and take its interface as a parameter"
}

func judgeContract(e edge, module string) (reason, fix string) {
	if e.test || isStandard(e) {
		return "", ""
	}
	if e.own && (within(e.to, leaves...) || e.to == "modules/"+module || e.to == "modules/"+module+"/"+module+"event") {
		return "", ""
	}
	return "a contract is types, errors and interfaces, which every module can afford to know", "keep to the standard library and the leaves fault, id, money, decimal, clock"
}

// judgeGenerator keeps the command banyan small: it has to start on a machine where nothing has been compiled yet.
func judgeGenerator(e edge) (reason, fix string) {
	if e.test || !e.own || !within(e.to, "platform", "modules", "cmd") || within(e.to, "platform/archtest") {
		return "", ""
	}
	return "the generator links nothing of the platform, so that it builds in seconds", "write the text into a template instead"
}

// judgeThirdParty says where libraries may be used: each in one place, so that it can be replaced there.
func judgeThirdParty(e edge) (reason, fix string) {
	if e.own || e.test || standard(e.to) {
		return "", ""
	}
	for _, rule := range thirdParty() {
		if within(e.to, rule.path) && !slices.ContainsFunc(rule.allowed, func(pattern string) bool { return match(pattern, e.from) }) {
			return rule.reason, rule.fix
		}
	}
	return "", ""
}

type libraryRule struct {
	path, reason, fix string
	allowed           []string // patterns of folders; * stands for one element, and what is below an allowed folder is allowed
}

func thirdParty() []libraryRule {
	return []libraryRule{
		{"github.com/spf13/viper", "settings arrive as values of a Config", "add a field to the component's Config", []string{"platform/config"}},
		{"github.com/gofiber/fiber", "handlers are functions of their types", "use api.Get and the like, or api.Raw in internal/web", []string{"platform/api", "platform/httpserver", "platform/app", "modules/*/internal/web", "bench"}},
		{"github.com/valyala/fasthttp", "handlers are functions of their types", "use api.Get and the like, or api.Raw in internal/web", []string{"platform/api", "platform/httpserver", "modules/*/internal/web", "bench"}},
		{"gorm.io/gorm", "only stores speak SQL", "add a method to the module's service", []string{"platform/db", "modules/*/internal", "internal/keep"}},
		{"github.com/ncruces/go-sqlite3", "drivers are compiled in by cmd alone", "list it in cmd/<application>/drivers.go", []string{"platform/db/sqlite"}},
		{"github.com/google/wire", "wiring belongs where it is seen", "move it to the module's wire package", []string{"platform/module", "platform/app", "modules", "modules/*/*", "cmd"}},
		{"github.com/prometheus", "metrics are made by telemetry", "use telemetry.Counter and the like", []string{"platform/telemetry"}},
		{"github.com/go-json-experiment/json", "the coming encoding/json is used in one place", "use package api", []string{"platform/api/internal/plan"}},
	}
}

// match reports whether a folder is at or below a pattern.
func match(pattern, folder string) bool {
	ps, fs := strings.Split(pattern, "/"), strings.Split(folder, "/")
	if len(fs) < len(ps) {
		return false
	}
	for i, p := range ps {
		if p != "*" && p != fs[i] {
			return false
		}
	}
	return true
}
