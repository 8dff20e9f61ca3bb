package resource

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/banyan-go/banyan/generator/field"
)

// Guard is a field of whose value something else is kept: a hash of a password, a ciphertext of a secret.
type Guard struct {
	Go, JSON, Words string
	GoType          string // in requests
	Kept            string // the type of what is kept
	Contract        string // that with null
	Basic           string // the type that it is made of, with null
	Invented        string // a Go expression of a value of Contract
	Null            bool
	Password        bool // hashed, and not encrypted
	Changed         bool // by requests
	Sealer          string
	Purpose         string // of the sealer
	Map             string // how a slot is turned into one of the other type
	Plain           string // GoType without null
	Bytes, Back     string // Go expressions: v, of type Plain, as bytes, and the bytes b as a Plain
	Zero            string // of GoType
	Rules           []Rule

	// For the tests, quoted: the bytes of the values in Body and in Change, and what of the first an answer must not hold, empty for one that is
	// anywhere.
	Raw, Other, Needle string
	Read               string // a Go expression: v, of type GoType, as text
}

func (v *View) guard(f field.Field) Guard {
	c := v.code(f)
	g := Guard{
		Go: f.Name.Pascal, JSON: f.Name.Snake, Words: f.Name.Words, GoType: c.goType(true), Kept: c.kept(), Null: f.Null,
		Password: f.Type == field.Password, Changed: !f.Immutable, Sealer: f.Name.Camel + "Sealer", Purpose: v.Table + "." + f.Name.Snake,
		Map: "patch.Map", Plain: c.plainType(true), Bytes: "v", Back: "b", Zero: "nil", Read: c.pointer() + "v", Rules: c.plainRules(),
	}
	text := g.Plain == "string"
	if text {
		g.Bytes = "[]byte(v)"
	} else {
		g.Read = "string(" + g.Read + ")"
	}
	pointer, basic, invented := c.pointer(), "[]byte", `keyring.Sealed("sealed")`
	if g.Password {
		basic, invented = "string", `password.Hash("hashed")`
	}
	g.Contract, g.Basic, g.Invented = pointer+g.Kept, pointer+basic, invented
	if f.Null {
		g.Invented = "new(" + invented + ")"
	}
	if g.Plain != "[]byte" {
		g.Back = g.Plain + "(b)"
	}
	switch {
	case f.Null:
		g.Map, g.Back = "patch.MapNull", "new("+g.Back+")"
	case text:
		g.Zero = `""`
	}
	raw := c.plainText(0)
	g.Raw, g.Other = quote(raw), quote(c.plainText(1))
	if len(raw) >= findable {
		g.Needle = quote(strings.Trim(c.json(0), `"`))
	}
	return g
}

// findable is how long a value has to be so that it is in no answer and no log line by chance.
const findable = 6

// kept is the type of what is kept of a guarded field.
func (c code) kept() string {
	if c.Type == field.Password {
		return "password.Hash"
	}
	return "keyring.Sealed"
}

// plainRules are the rules of a guarded field over v, its value.
func (c code) plainRules() []Rule {
	c.at = "v"
	switch {
	case c.Type == field.Password:
		return c.textRules()
	case c.Type.Sized():
		return c.sizeRules()
	default:
		return c.textRules()
	}
}

// sizeRules are those of what has a size in bytes.
func (c code) sizeRules() []Rule {
	var rules []Rule
	bad := func(n int) string { return fmt.Sprintf("make([]byte, %d)", n) }
	if c.Type == field.JSON {
		rules = append(rules, c.rule("json.Valid(%s)", "", "json", "must be JSON", `json.RawMessage("{")`))
		bad = func(n int) string { return fmt.Sprintf("json.RawMessage(strings.Repeat(\"1\", %d))", n) }
	}
	size := func(holds string, n int, code, detail string, broken int) {
		rules = append(rules, c.rule("len(%s) "+fmt.Sprintf(holds, n), "", code, fmt.Sprintf(detail, n), bad(broken)))
	}
	switch least := c.minLength(); {
	case least > 1:
		size(">= %d", least, "min_size", "must have at least %d bytes", least-1)
	case least == 1:
		size(">= %d", 1, "required", "must not be empty", 0)
	}
	size("<= %d", c.MaxLength(), "max_size", "must have at most %d bytes", c.MaxLength()+1)
	return rules
}

// plainText returns the bytes of the k-th value of a text, of what has a size, or of a password.
func (c code) plainText(k int) string {
	letter := string(rune('a' + k))
	switch c.Type {
	case field.JSON:
		if c.MaxLength() < 20 {
			return strconv.Itoa(k)
		}
		return `{"name":["` + letter + `"]}`
	case field.Bytes, field.Password:
		n := min(max(20, c.minLength()), c.MaxLength())
		return strings.Repeat(letter+"7 horses ", n/10+1)[:n]
	default:
		return c.text(k)
	}
}

// base64Length is how many characters n bytes have in base64.
func base64Length(n int) int { return base64.StdEncoding.EncodedLen(n) }

// zeros is a Go expression of JSON: n bytes of zeros in base64.
func zeros(n int) string {
	text := base64.StdEncoding.EncodeToString(make([]byte, n%3))
	return fmt.Sprintf("`\"` + strings.Repeat(\"A\", %d) + `%s\"`", n/3*4, text)
}
