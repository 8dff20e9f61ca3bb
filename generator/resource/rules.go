package resource

import (
	"fmt"

	"github.com/banyan-go/banyan/generator/field"
)

// normal brings values that have several spellings into one: e-mail addresses into lower case, times to milliseconds in UTC.
func (c code) normal() []string {
	var statement string
	switch {
	case c.Type == field.Email && c.Null:
		statement = fmt.Sprintf("if %[1]s != nil {\n%[1]s = new(strings.ToLower(*%[1]s))\n}", c.value())
	case c.Type == field.Email:
		statement = fmt.Sprintf("%[1]s = strings.ToLower(%[1]s)", c.value())
	case c.Type == field.Time && c.Null:
		statement = fmt.Sprintf("if %[1]s != nil {\n%[1]s = new(clock.Cut(*%[1]s))\n}", c.value())
	case c.Type == field.Time:
		statement = fmt.Sprintf("%[1]s = clock.Cut(%[1]s)", c.value())
	default:
		return nil
	}
	return []string{statement}
}

// rules are what every value of the field obeys.
func (c code) rules() RuleGroup {
	var group RuleGroup
	value := c.value()
	if c.Null {
		group.Guard = value + " != nil"
		if c.Type.Textual() || c.Type == field.Int || c.Type == field.Int64 || c.Type == field.Float {
			value = "*" + value // a selector reaches through the pointer by itself
		}
	}
	rule := func(holds, at, code, detail string, args ...any) Rule {
		return Rule{Holds: fmt.Sprintf(holds, value), Pointer: "/" + c.Name.Snake + at, Code: code, Detail: fmt.Sprintf(detail, args...)}
	}
	switch {
	case c.Type.Textual():
		group.Rules = c.textRules(rule)
	case c.Type == field.Decimal:
		group.Rules = c.decimalRules(rule)
	case c.Type == field.Money:
		group.Rules = c.moneyRules(rule)
	case c.Type == field.Enum:
		group.Rules = []Rule{rule("%s.Known()", "", "enum", "must be one of the words that are allowed")}
	case c.Type == field.Date, c.Type == field.Time, c.Type == field.UUID:
		group.Rules = []Rule{rule("!%s.IsZero()", "", "required", "must be given")}
	case c.Type.Numeric():
		group.Rules = c.numberRules(rule)
	}
	return group
}

type ruleFunc func(holds, at, code, detail string, args ...any) Rule

func (c code) textRules(rule ruleFunc) []Rule {
	var rules []Rule
	if least := c.minLength(); least == 1 || least == 0 && c.MustBeGiven() {
		rules = append(rules, rule(`%s != ""`, "", "required", "must not be empty"))
	} else if least > 1 {
		rules = append(rules, rule(fmt.Sprintf("utf8.RuneCountInString(%%s) >= %d", least), "", "min_length", "must be at least %d characters long", least))
	}
	return append(rules, rule(fmt.Sprintf("utf8.RuneCountInString(%%s) <= %d", c.MaxLength()), "", "max_length", "must be at most %d characters long", c.MaxLength()))
}

func (c code) decimalRules(rule ruleFunc) []Rule {
	rules := []Rule{rule(fmt.Sprintf("%%s.Fits(%d, %d)", c.Precision, c.Scale), "", "decimal", "must have at most %d digits, %d of them behind the point", c.Precision, c.Scale)}
	if c.Min != nil {
		rules = append(rules, rule(fmt.Sprintf("%%s.Compare(%s) >= 0", c.literal(*c.Min)), "", "minimum", "must be at least %s", *c.Min))
	}
	if c.Max != nil {
		rules = append(rules, rule(fmt.Sprintf("%%s.Compare(%s) <= 0", c.literal(*c.Max)), "", "maximum", "must be at most %s", *c.Max))
	}
	return rules
}

func (c code) moneyRules(rule ruleFunc) []Rule {
	rules := []Rule{rule(`%s.Currency != ""`, "/currency", "required", "must be given")}
	if c.Min != nil {
		rules = append(rules, rule("%s.Minor >= "+*c.Min, "/amount", "minimum", "must be at least %s", *c.Min))
	}
	if c.Max != nil {
		rules = append(rules, rule("%s.Minor <= "+*c.Max, "/amount", "maximum", "must be at most %s", *c.Max))
	}
	return rules
}

func (c code) numberRules(rule ruleFunc) []Rule {
	var rules []Rule
	if c.Min != nil {
		rules = append(rules, rule("%s >= "+*c.Min, "", "minimum", "must be at least %s", *c.Min))
	}
	if c.Max != nil {
		rules = append(rules, rule("%s <= "+*c.Max, "", "maximum", "must be at most %s", *c.Max))
	}
	return rules
}
