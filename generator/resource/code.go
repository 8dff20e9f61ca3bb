package resource

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/name"
)

// code writes the Go of one field.
type code struct {
	field.Field
	v  *View
	at string // the expression of the value; empty for that in a variable of the contract's type
}

func (v *View) code(f field.Field) code { return code{Field: f, v: v} }

// value is the expression of the field's value.
func (c code) value() string { return cmp.Or(c.at, c.v.Var+"."+c.Name.Pascal) }

func (c code) enumType(qualified bool) string {
	t := c.v.Type + c.Name.Pascal
	if qualified {
		t = c.v.Module + "." + t
	}
	return t
}

// plainType is the type without null.
func (c code) plainType(qualified bool) string {
	switch c.Type {
	case field.Int:
		return "int32"
	case field.Int64:
		return "int64"
	case field.Float:
		return "float64"
	case field.Decimal:
		return "decimal.Decimal"
	case field.Bool:
		return "bool"
	case field.Date:
		return "clock.Date"
	case field.Time:
		return "time.Time"
	case field.UUID, field.Ref, field.XRef:
		return "id.ID"
	case field.Money:
		return "money.Amount"
	case field.Enum:
		return c.enumType(qualified)
	case field.JSON:
		return "json.RawMessage"
	case field.Bytes:
		return "[]byte"
	case field.Image:
		return "blob.Picture"
	case field.File:
		return "blob.File"
	default:
		return "string"
	}
}

// contractType is the type in the contract, which has of what is guarded only what is kept.
func (c code) contractType() string {
	switch {
	case !c.Guarded():
		return c.goType(false)
	case c.Null:
		return "*" + c.kept()
	default:
		return c.kept()
	}
}

func (c code) goType(qualified bool) string {
	if c.Null {
		return "*" + c.plainType(qualified)
	}
	return c.plainType(qualified)
}

// literal is a value of the plain type as a Go expression.
func (c code) literal(s string) string {
	switch c.Type {
	case field.Int, field.Int64, field.Float, field.Bool:
		return s
	case field.Decimal:
		units := strings.ReplaceAll(padded(s, c.Scale), ".", "")
		n, _ := strconv.ParseInt(units, 10, 64) // checked
		return fmt.Sprintf("decimal.FromScaled(%d, %d)", n, c.Scale)
	case field.Enum:
		return c.enumType(true) + name.New(s).Pascal
	case field.Date:
		t, _ := time.Parse(time.DateOnly, s) // checked
		return fmt.Sprintf("clock.Date{Year: %d, Month: %d, Day: %d}", t.Year(), t.Month(), t.Day())
	case field.Time:
		t, _ := time.Parse(time.RFC3339, s) // checked
		t = t.UTC()
		hour, minute, second := t.Clock()
		const form = "time.Date(%d, %d, %d, %d, %d, %d, %d, time.UTC)"
		return fmt.Sprintf(form, t.Year(), t.Month(), t.Day(), hour, minute, second, t.Nanosecond())
	case field.UUID:
		b, _ := hex.DecodeString(strings.ReplaceAll(s, "-", "")) // checked
		return strings.Replace(fmt.Sprintf("%#v", b), "[]byte", "id.ID", 1)
	default:
		return quote(s)
	}
}

// padded writes a decimal with exactly scale digits behind the point.
func padded(s string, scale int) string {
	whole, behind, _ := strings.Cut(s, ".")
	return whole + "." + behind + strings.Repeat("0", max(0, scale-len(behind)))
}

// hiddenValue is what a new resource has in a hidden field.
func (c code) hiddenValue() string {
	if !c.Hidden || c.Default == nil {
		return ""
	}
	return c.literal(*c.Default)
}

// Tags.

// constraints are the words of JSON Schema that the type and the modifiers mean.
func (c code) constraints() string {
	var tags strings.Builder
	add := func(word, value string) { fmt.Fprintf(&tags, " %s:%q", word, value) }
	pattern, matches := c.Pattern()
	switch {
	case c.Type.Textual(), c.Type == field.Password:
		if least := c.minLength(); least > 0 {
			add("minLength", strconv.Itoa(least))
		}
		add("maxLength", strconv.Itoa(c.MaxLength()))
		if matches {
			add("pattern", pattern.Expression)
		}
	case c.Type == field.Bytes: // of the text in base64
		if least := c.minLength(); least > 0 {
			add("minLength", strconv.Itoa(base64Length(least)))
		}
		add("maxLength", strconv.Itoa(base64Length(c.MaxLength())))
	case c.Type == field.Int || c.Type == field.Int64 || c.Type == field.Float:
		if c.Min != nil {
			add("minimum", *c.Min)
		}
		if c.Max != nil {
			add("maximum", *c.Max)
		}
	case c.Type == field.Enum:
		add("enum", strings.Join(c.Words, ","))
	}
	switch c.Type {
	case field.Email:
		add("format", "email")
	case field.URL:
		add("format", "uri")
	case field.Slug:
		add("format", "slug")
	}
	return tags.String()
}

func (c code) minLength() int {
	if c.Min != nil {
		n, _ := strconv.Atoi(*c.Min) // checked
		return n
	}
	switch {
	case c.Type == field.Password:
		return 8
	case c.Match == nil && c.Required && (c.Type == field.String || c.Type == field.Text || c.Type == field.Bytes):
		return 1
	default:
		return 0
	}
}

func (c code) draftTags() string {
	tags := c.constraints()
	switch {
	case c.Default != nil:
		tags += fmt.Sprintf(" default:%q", *c.Default)
	case !c.MustBeGiven() && !c.Null:
		tags += fmt.Sprintf(" default:%q", c.zero())
	}
	return tags
}

// zero is the value of a field that may be left out, as the tag default has it.
func (c code) zero() string {
	switch c.Type {
	case field.Bool:
		return "false"
	case field.Int, field.Int64, field.Float, field.Decimal:
		return "0"
	default:
		return ""
	}
}

func (c code) changeTags() string { return c.constraints() }

func (c code) outputTags() string {
	switch c.Type {
	case field.Enum:
		return fmt.Sprintf(" enum:%q", strings.Join(c.Words, ","))
	case field.Email:
		return ` format:"email"`
	case field.URL:
		return ` format:"uri"`
	}
	return ""
}

// Rows.

func (c code) columns() []Column {
	column := func(end, goType, from string) Column {
		n := name.New(c.Name.Snake + end)
		return Column{Go: n.Pascal, GoType: goType, From: from, Tag: columnTag(n)}
	}
	if c.Type.Uploaded() {
		return []Column{c.uploadColumn()}
	}
	if as, _ := c.storedAs(); as != "" {
		return []Column{column("", c.pointer()+as, convert(c.pointer()+as, c.value()))}
	}
	switch {
	case c.Type == field.Money && c.Null:
		amount, currency := c.splitVars()
		return []Column{column("_amount", "*int64", amount), column("_currency", "*money.Currency", currency)}
	case c.Type == field.Money:
		return []Column{
			column("_amount", "int64", c.value()+".Minor"),
			column("_currency", "money.Currency", c.value()+".Currency"),
		}
	case c.Type == field.Decimal && c.Null:
		return []Column{column("", "*db.Decimal", fmt.Sprintf("db.NewNullDecimal(%s, %d)", c.value(), c.Scale))}
	case c.Type == field.Decimal:
		return []Column{column("", "db.Decimal", fmt.Sprintf("db.NewDecimal(%s, %d)", c.value(), c.Scale))}
	default:
		return []Column{column("", c.goType(true), c.value())}
	}
}

// storedAs returns the type of the column in the row struct where it is another name for the type in the contract; as is empty where it is not.
func (c code) storedAs() (as, contract string) {
	switch {
	case c.Secret:
		return "[]byte", c.kept()
	case c.Type == field.Password:
		return "string", c.kept()
	case c.Type == field.JSON:
		return "db.JSON", c.plainType(true)
	default:
		return "", ""
	}
}

func (c code) pointer() string {
	if c.Null {
		return "*"
	}
	return ""
}

// convert is the conversion of a value to a type.
func convert(to, value string) string {
	if strings.HasPrefix(to, "*") {
		to = "(" + to + ")"
	}
	return to + "(" + value + ")"
}

// columnTag names the column where gorm might not find it by the name in Go: Line2 leads it to line2, TCPUDP to tcpudp, UIDesign to uidesign.
// Plain words it takes apart as they were put together, and the last one may be ID or URL.
func columnTag(n name.Name) string {
	words, spelled := strings.Split(n.Snake, "_"), strings.Split(n.Words, " ")
	for i, w := range words {
		last := i == len(words)-1
		switch {
		case last && (w == "id" || w == "url"), len(n.Snake) == 1:
		case len(w) == 1 || strings.IndexByte("0123456789", w[0]) >= 0 || strings.IndexByte("0123456789", w[1]) >= 0 || w != spelled[i]:
			return " `gorm:\"column:" + n.Snake + "\"`"
		}
	}
	return ""
}

// splits take an amount that may be null apart.
func (c code) splits() []string {
	if c.Type != field.Money || !c.Null {
		return nil
	}
	amount, currency := c.splitVars()
	return []string{fmt.Sprintf("%s, %s := money.Split(%s)", amount, currency, c.value())}
}

// splitVars are the variables that the parts of such an amount stand in, beside that of the whole.
func (c code) splitVars() (amount, currency string) {
	return c.Name.Camel + "Amount", c.Name.Camel + "Currency"
}

func (c code) fromRow() string {
	column := "r." + c.Name.Pascal
	if as, contract := c.storedAs(); as != "" {
		return convert(c.pointer()+contract, column)
	}
	switch {
	case c.Type == field.Image:
		return fmt.Sprintf("%s.Upload(%sVariants())", column, c.Name.Camel)
	case c.Type == field.File:
		return column + ".Upload()"
	case c.Type == field.Money && c.Null:
		return fmt.Sprintf("money.Join(%[1]sAmount, %[1]sCurrency)", column)
	case c.Type == field.Money:
		return fmt.Sprintf("money.Amount{Minor: %[1]sAmount, Currency: %[1]sCurrency}", column)
	case c.Type == field.Decimal && c.Null:
		return fmt.Sprintf("db.NullExact(%s, %d)", column, c.Scale)
	case c.Type == field.Decimal:
		return fmt.Sprintf("%s.Exact(%d)", column, c.Scale)
	default:
		return column
	}
}

// listed is the field's entry among those that lists are filtered and sorted by.
func (c code) listed() string {
	var b strings.Builder
	fmt.Fprintf(&b, "{Name: %q, Type: %s", c.Name.Snake, c.pageType())
	for _, f := range []struct {
		name string
		set  bool
	}{{"Filter", c.Filter}, {"Sort", c.Sort}, {"Null", c.Null}} {
		if f.set {
			fmt.Fprintf(&b, ", %s: true", f.name)
		}
	}
	return b.String() + "}"
}

func (c code) pageType() string {
	switch c.Type {
	case field.Int:
		return "page.Int32()"
	case field.Int64:
		return "page.Int()"
	case field.Float:
		return "page.Float()"
	case field.Decimal:
		return fmt.Sprintf("page.Decimal(%d, %d)", c.Precision, c.Scale)
	case field.Bool:
		return "page.Bool()"
	case field.Date:
		return "page.Date()"
	case field.Time:
		return "page.Time()"
	case field.UUID, field.Ref, field.XRef:
		return "page.ID()"
	case field.Enum:
		quoted := ""
		for _, w := range c.Words {
			quoted = join(quoted, quote(w))
		}
		return "page.Enum(" + quoted + ")"
	default:
		return "page.String()"
	}
}
