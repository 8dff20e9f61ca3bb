package archtest

import (
	"cmp"
	"slices"
	"strings"
)

// judge applies the rules to one import.
func judge(e edge) (Finding, bool) {
	for _, rule := range []func(edge) (reason, fix string){judgeInternal, judgePlace, judgePrograms, judgeLibrary} {
		if reason, fix := rule(e); reason != "" {
			from := cmp.Or(e.from, "the root package")
			return Finding{Rule: RuleImport, File: e.file, Line: e.line, What: from + " imports " + e.to, Reason: reason, Fix: fix}, true
		}
	}
	return Finding{}, false
}

// judgePlace asks the rules of the place where a file stands. Some places are the framework's own: an application may call a folder as it
// likes.
func judgePlace(e edge) (reason, fix string) {
	elem := strings.Split(e.from, "/")
	switch {
	case elem[0] == "modules" && len(elem) == 1:
		return judgeList(e)
	case elem[0] == "modules":
		return judgeModule(e, elem[1], elem[2:])
	case elem[0] == "platform" && e.home:
		return judgePlatform(e, strings.Join(elem[1:], "/"))
	case within(e.from, "generator", "cmd/banyan") && e.home:
		return judgeGenerator(e)
	case elem[0] == "internal" && e.own && within(e.to, "modules", "cmd"):
		return "code that belongs to no module knows none", "move it into the module, or hand it what it needs"
	case elem[0] == "configs" && !isStandard(e):
		return "configuration files need no code", "move the code to where it is used"
	}
	return "", ""
}

func isStandard(e edge) bool { return !e.own && standard(e.to) }

// within reports whether a path is at or below one of these.
func within(path string, roots ...string) bool {
	return slices.ContainsFunc(roots, func(root string) bool { return path == root || strings.HasPrefix(path, root+"/") })
}

// judgeInternal repeats the rule of the go command: it also holds for files that a build tag hides from it.
func judgeInternal(e edge) (reason, fix string) {
	i := strings.LastIndex("/"+e.to+"/", "/internal/")
	if !e.own || i < 1 || within(e.from, e.to[:i-1]) { // what is below internal at the root is for everybody here
		return "", ""
	}
	return "what is below internal belongs to the module around it", "use the module's contract, the package at its root"
}

// leaves are the packages of the platform that a contract may use: values without behaviour of their own. Of keyring and password these are what
// stands in the place of a secret, of blob what stands in that of an upload.
func leaves() []string {
	return []string{"platform/fault", "platform/id", "platform/money", "platform/decimal", "platform/clock", "platform/keyring", "platform/password", "platform/blob"}
}

// judgeList is for the package modules itself.
func judgeList(e edge) (reason, fix string) {
	if elem := strings.Split(e.to, "/"); !e.own || elem[0] != "modules" || len(elem) == 3 && elem[2] == elem[1]+"wire" {
		return "", ""
	}
	return "the list of modules knows their wiring only", "run banyan sync: the file is derived"
}

// judgeModule is for the packages of one module.
func judgeModule(e edge, module string, below []string) (reason, fix string) {
	if e.own && within(e.to, "cmd", "configs", "generator", "templates", "bench") {
		return "a module does not know the program it is in", "hand it what it needs through its Config"
	}
	if e.own && e.to == "modules" {
		return "a module does not know which others there are", "in a test, boot the wiring of the module and of those that it uses"
	}
	if e.own && within(e.to, "platform/app", "platform/archtest", "platform/apptest", "platform/console") && !e.test {
		return "a module does not run itself", "only tests may start an application"
	}
	if other, foreign := otherModule(e, module); foreign {
		if reason, fix := judgeForeign(e, other); reason != "" {
			return reason, fix
		}
	}
	switch {
	case len(below) == 0 || below[0] == module+"event":
		return judgeContract(e)
	case below[0] == "migrations" && !isStandard(e):
		return "migrations are files, embedded and nothing else", "move the code to where it is used"
	case below[0] == "internal" && !e.test && e.own && within(e.to, "modules/"+module+"/"+module+"wire", "modules/"+module+"/migrations"):
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

// judgeContract is for the package at the root of a module and for that of its events: two leaves, which do not need each other.
func judgeContract(e edge) (reason, fix string) {
	if e.test || isStandard(e) || e.own && within(e.to, leaves()...) {
		return "", ""
	}
	return "a contract is types, errors and interfaces, which every module can afford to know", "keep to the standard library and the leaves fault, id, money, decimal, clock, keyring, password, blob"
}

// judgeGenerator keeps the command banyan small: it has to start on a machine where nothing has been compiled yet.
func judgeGenerator(e edge) (reason, fix string) {
	if e.test || !e.own || !within(e.to, "platform", "modules", "cmd") || within(e.to, "platform/archtest", "platform/db/migratelint", "platform/servertest") ||
		e.to == "platform/cli" || e.to == "platform/images/spec" {
		return "", ""
	}
	return "the generator links nothing of the platform, so that it builds in seconds", "write the text into a template instead"
}
