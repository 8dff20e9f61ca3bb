package check

import (
	"github.com/banyan-go/banyan/platform/archtest"
	"github.com/banyan-go/banyan/platform/db/migratelint"
)

// Rule is one thing that is looked for. Its ID is stable.
type Rule struct {
	ID       string
	Area     Area
	Severity Severity
	Dialect  migratelint.Dialect // of a rule about migrations that concerns one alone
	Finds    string
	Reason   string
	Fix      string // APP stands for the name of the application
}

// Rules returns every rule, by area.
func Rules() []Rule {
	const own = "each one says its own"
	rules := []Rule{
		{ID: archtest.RuleImport, Area: Imports, Severity: Error, Finds: "an import that crosses a wall: of a module, of a layer, of a library that has one place", Reason: own, Fix: own},
		{
			ID: archtest.RuleModuleCycle, Area: Imports, Severity: Error, Finds: "modules that call each other in a circle",
			Reason: "none of them can be understood, tested or moved without the others", Fix: "let one of them listen to an event of the other, or join them",
		},
		{
			ID: archtest.RuleCapabilityCycle, Area: Imports, Severity: Error, Finds: "capabilities of the framework that import each other in a circle",
			Reason: "none of them can be understood or replaced without the others", Fix: "move what both need into one below them",
		},
		{
			ID: archtest.RuleModuleList, Area: Imports, Severity: Error, Finds: "a module that is not in modules/modules_gen.go",
			Reason: "the program would start without it", Fix: "run banyan sync",
		},
		{
			ID: archtest.RuleSQL, Area: Imports, Severity: Error, Finds: "SQL in the code of a module that is put together at run time",
			Reason: "what a stranger has sent could become a part of it", Fix: "write a constant with ? for each value, or say why it is safe: // banyan:allow sql WHY",
		},
		{
			ID: "derived", Area: Wiring, Severity: Error, Finds: "a derived file that is missing, or not what the folders and files say",
			Reason: "the program is put together by derived files", Fix: "run banyan sync",
		},
		{
			ID: "compile", Area: Build, Severity: Error, Finds: "code that does not compile, tests included",
			Reason: "nothing can be built", Fix: "mend the line",
		},
		{
			ID: "start", Area: Build, Severity: Error, Finds: "a program that ends before it can answer, by a panic for instance",
			Reason: "it does not start anywhere", Fix: "mend what it says",
		},
		{
			ID: "unchecked", Area: Build, Severity: Note, Finds: "configuration and routes that could not be looked at",
			Reason: "the program itself has to tell them", Fix: "mend what is named above, then run it again",
		},
		{
			ID: "setting", Area: Configuration, Severity: Error, Finds: "a key that there is not, a value of another type, a value that breaks a rule, in any profile",
			Reason: "the program refuses to start with it", Fix: "mend the line; banyan config show --origin says where a value comes from",
		},
		{
			ID: "driver", Area: Configuration, Severity: Note, Finds: "a driver that a profile wants and that is not compiled in",
			Reason: "the program refuses to serve this profile", Fix: "list it in cmd/APP/drivers.go before this profile is used",
		},
		{
			ID: "secret", Area: Configuration, Severity: Note, Finds: "a secret that a profile leaves open",
			Reason: "secrets do not stand in files of the tree", Fix: "set it in the environment of the place where it serves",
		},
		{
			ID: "route", Area: Routes, Severity: Error, Finds: "a route that cannot be made", Reason: "the program refuses to start with it", Fix: "mend the line",
		},
		{
			ID: "public-write", Area: Routes, Severity: Error, Finds: "a route that writes, that everybody may call, and that does not say why",
			Reason: "what strangers may change has to be meant", Fix: `say who may: api.Session or api.Token, and whose by Allow; or why all may: api.PublicWrite("why")`,
		},
		{
			ID: "raw", Area: Routes, Severity: Note, Finds: "a route that fiber handles alone",
			Reason: "nothing of it is decoded, checked or documented", Fix: "use api.Get and the like unless it is a stream, an upload or a page",
		},
	}
	for _, r := range migratelint.Rules() {
		rules = append(rules, Rule{ID: r.ID, Area: Migrations, Severity: Error, Dialect: r.Dialect, Finds: r.Finds, Reason: r.Reason, Fix: r.Fix})
	}
	return rules
}

// rule returns the rule with this ID; asking for one that there is not is a defect.
func rule(id string) Rule {
	for _, r := range Rules() {
		if r.ID == id {
			return r
		}
	}
	panic("check: there is no rule " + id)
}
