package resource

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/banyan-go/banyan/generator/field"
)

// normal brings values that have several spellings into one: e-mail addresses into lower case, times to milliseconds in UTC.
func (c code) normal() []Normal {
	n := Normal{Go: c.Name.Pascal}
	var function string
	switch c.Type {
	case field.Email:
		function, n.Raw, n.Clean = "strings.ToLower", `"Anna@Example.com"`, `"anna@example.com"`
	case field.Time:
		function, n.Raw = "clock.Cut", `time.Date(2026, 1, 2, 4, 4, 5, 6_789_000, time.FixedZone("", 3600))`
		n.Clean = "time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)"
	default:
		return nil
	}
	if c.Null {
		n.Raw, n.Clean = "new("+n.Raw+")", "new("+n.Clean+")"
		n.Statement = fmt.Sprintf("if %[1]s != nil {\n%[1]s = new(%[2]s(*%[1]s))\n}", c.value(), function)
	} else {
		n.Statement = fmt.Sprintf("%[1]s = %[2]s(%[1]s)", c.value(), function)
	}
	return []Normal{n}
}

// rules are what every value of the field obeys.
func (c code) rules() RuleGroup {
	var group RuleGroup
	if c.Guarded() {
		return group // before it is hashed or encrypted: see plainRules
	}
	if c.Null {
		group.Guard = c.value() + " != nil"
	}
	switch {
	case c.Type.Textual():
		group.Rules = c.textRules()
	case c.Type.Sized():
		group.Rules = c.sizeRules()
	case c.Type == field.Decimal:
		group.Rules = c.decimalRules()
	case c.Type == field.Money:
		group.Rules = append(group.Rules, c.rule("%s.Currency != \"\"", "/currency", "required", "must be given", "money.Amount{}"))
		group.Rules = append(group.Rules, c.boundRules("%s.Minor %s %s", "/amount", func(number string) string {
			return "money.Amount{Minor: " + number + ", Currency: \"EUR\"}"
		})...)
	case c.Type == field.Enum:
		group.Rules = []Rule{c.rule("%s.Known()", "", "enum", "must be one of the words that are allowed", c.enumType(true)+`("no such word")`)}
	case c.Type == field.Date, c.Type == field.Time, c.Type == field.UUID, c.Type.Refers():
		group.Rules = []Rule{c.rule("!%s.IsZero()", "", "required", "must be given", c.plainType(true)+"{}")}
	case c.Type.Numeric():
		group.Rules = c.boundRules("%s %s %s", "", func(number string) string {
			if c.Null { // new makes a variable of the value's type
				return c.plainType(true) + "(" + number + ")"
			}
			return number
		})
	}
	return group
}

// rule is one check of the value, whose place in holds is %s, and a value that breaks it.
func (c code) rule(holds, at, code, detail, bad string) Rule {
	value := c.value()
	if c.Null {
		if !strings.HasPrefix(holds, "%s.") && !strings.HasPrefix(holds, "!%s.") { // a selector reaches through the pointer by itself
			value = "*" + value
		}
		if strings.HasSuffix(bad, "}") {
			bad = "&" + bad
		} else {
			bad = "new(" + bad + ")"
		}
	}
	return Rule{
		Holds: fmt.Sprintf(holds, value), Pointer: "/" + c.Name.Snake + at, Code: code, Detail: detail,
		Bad: bad, Broken: "v." + c.Name.Pascal + " = " + bad,
	}
}

func (c code) textRules() []Rule {
	var rules []Rule
	length := func(holds string, n int, code, detail string, bad int) {
		text := fmt.Sprintf(`strings.Repeat("x", %d)`, bad)
		rules = append(rules, c.rule("utf8.RuneCountInString(%s) "+fmt.Sprintf(holds, n), "", code, fmt.Sprintf(detail, n), text))
	}
	switch least := c.minLength(); {
	case least > 1:
		length(">= %d", least, "min_length", "must be at least %d characters long", least-1)
	case least == 1, c.Type != field.Password && !c.Type.HasZero():
		rules = append(rules, c.rule(`%s != ""`, "", "required", "must not be empty", `""`))
	}
	length("<= %d", c.MaxLength(), "max_length", "must be at most %d characters long", c.MaxLength()+1)
	if p, ok := c.Pattern(); ok {
		rules = append(rules, c.rule(c.patternVar()+".MatchString(%s)", "", "pattern", p.Means, `"-"`))
	}
	return rules
}

// patternVar is the variable that holds the field's pattern.
func (c code) patternVar() string { return c.Name.Camel + "Pattern" }

// pattern declares it.
func (c code) pattern() []Pattern {
	p, ok := c.Pattern()
	if !ok {
		return nil
	}
	return []Pattern{{Var: c.patternVar(), Expression: p.Expression, Words: c.Name.Words}}
}

func (c code) decimalRules() []Rule {
	tooFine := fmt.Sprintf("decimal.FromScaled(1, %d)", c.Scale+1)
	if c.Scale == maxScale {
		tooFine = "decimal.FromScaled(1, 0)" // there is no finer one: too great then, since all digits are behind the point
	}
	fits := c.rule(fmt.Sprintf("%%s.Fits(%d, %d)", c.Precision, c.Scale), "", "decimal",
		fmt.Sprintf("must have at most %d digits, %d of them behind the point", c.Precision, c.Scale), tooFine)
	rules := []Rule{fits}
	for _, b := range c.bounds() {
		holds := fmt.Sprintf("%%s.Compare(%s) %s 0", c.literal(b.text), b.operator)
		bad := fmt.Sprintf("decimal.FromScaled(%s, %d)", b.beyond, c.Scale)
		rules = append(rules, c.rule(holds, "", b.code, b.detail, bad))
	}
	return rules
}

// maxScale is the most digits that a decimal has behind the point.
const maxScale = 18

// boundRules compare the value, the operator and the bound by form; bad makes a value out of a number.
func (c code) boundRules(form, at string, bad func(number string) string) []Rule {
	var rules []Rule
	for _, b := range c.bounds() {
		rules = append(rules, c.rule(fmt.Sprintf(form, "%s", b.operator, b.text), at, b.code, b.detail, bad(shortest(b.beyond, c.scale()))))
	}
	return rules
}

// bound is min or max.
type bound struct {
	text                   string
	operator, code, detail string
	beyond                 *big.Int // the first number of units that breaks it
}

func (c code) bounds() []bound {
	var list []bound
	if c.Min != nil {
		list = append(list, bound{*c.Min, ">=", "minimum", "must be at least " + *c.Min, new(big.Int).Sub(c.units(*c.Min), big.NewInt(1))})
	}
	if c.Max != nil {
		list = append(list, bound{*c.Max, "<=", "maximum", "must be at most " + *c.Max, new(big.Int).Add(c.units(*c.Max), big.NewInt(1))})
	}
	return list
}
