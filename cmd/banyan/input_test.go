package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/name"
	"github.com/banyan-go/banyan/generator/projecttest"
)

const (
	neededWord    = "is a word that Go, or the generated code, needs itself"
	moduleLetters = "has to be letters a to z and digits, beginning with a letter"
	words         = "has to be words of letters a to z and digits, joined by _"
	appWords      = "has to be words of letters a to z and digits, joined by -"
	tooLong       = "is longer than 24 characters"
)

// Whatever is wrong with a name, the command ends with exit code 2, says so on one line with a name that is taken, and writes nothing. (Package
// name holds what else there is of each kind.)
func TestBadNames(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	before := projecttest.Read(t, p.Root)
	commands := map[string]func(name string) []string{
		"module":      func(n string) []string { return []string{"generate", "module", n} },
		"resource":    func(n string) []string { return []string{"generate", "resource", "sale/" + n, "size:int"} },
		"field":       func(n string) []string { return []string{"generate", "resource", "sale/invoice", n + ":int"} },
		"application": func(n string) []string { return []string{"new", n} },
	}
	checks := map[string]func(string) error{
		"module": name.CheckModule, "resource": name.CheckResource, "field": name.CheckField, "application": name.CheckApp,
	}
	for _, c := range []struct {
		what, kind, reason string
		names              []string
	}{
		{"keywords of Go", "module", neededWord, []string{"func", "type", "range", "package"}},
		{"predeclared names", "module", neededWord, []string{"string", "error", "any", "nil", "len"}},
		{"packages of the generated code", "module", neededWord, []string{"fiber", "gorm", "context", "api", "db"}},
		{"names of the go command", "module", neededWord, []string{"init", "main", "internal", "vendor", "testdata"}},
		{"folders of the tree", "module", neededWord, []string{"modules", "configs", "migrations", "web"}},
		{"devices", "module", neededWord, []string{"con", "nul", "aux", "com1", "lpt9"}},
		{"folders beside a module", "module", "looks like the folder of another module's wiring or events", []string{"salewire", "saleevent"}},
		{"test packages", "module", "looks like a test package", []string{"saletest"}},
		{"two words", "module", moduleLetters, []string{"order_linux", "sale_test", "line item", "line-item"}},
		{"not beginning with a letter", "module", moduleLetters, []string{"", "9lives", "_sale", "1"}},
		{"too long", "module", tooLong, []string{strings.Repeat("a", 25), strings.Repeat("a", 300)}},
		{"look-alikes", "module", moduleLetters, []string{"sаle" /* a Cyrillic a */, "ｓale", "größe", "🛒", "sa\u200ble", "sa\u202ele"}},
		{"paths", "module", moduleLetters, []string{"../x", "/abs", "a/b", `..\x`, "."}},
		{"control characters", "module", moduleLetters, []string{"sa\x00le", "sale\n", "sa\rle", "\x1b[31msale"}},
		{"the template's and the shell's", "module", moduleLetters, []string{"{{.Name}}", "`id`", "$(id)", "a;b", "a|b", "a'b", `a"b`, "*", "~"}},
		{"another case", "module", moduleLetters, []string{"Sale", "SALE"}},

		{"keywords and predeclared names", "resource", neededWord, []string{"func", "string", "error", "any"}},
		{"packages and names of the generated code", "resource", neededWord, []string{"fiber", "gorm", "context", "row", "service", "store"}},
		{"names of the go command and of files", "resource", neededWord, []string{"main", "internal", "vendor", "in_ternal", "con", "nul"}},
		{"files that Go does not build", "resource", "ends like a file that Go builds on some systems or in tests only",
			[]string{"order_linux", "order_windows", "order_arm64", "order_test", "order_gen"}},
		{"plurals", "resource", "is a plural", []string{"invoices", "people", "statuses", "line_items", "addresses", "buses"}},
		{"not beginning with a letter", "resource", words, []string{"", "9lives", "_a", "a__b", "a_"}},
		{"too long", "resource", tooLong, []string{strings.Repeat("a", 25), strings.Repeat("a", 300)}},
		{"look-alikes", "resource", words, []string{"invоice" /* a Cyrillic o */, "名前", "🛒"}},
		{"paths", "resource", words, []string{"../x", "/abs", "a/b", `..\x`}},
		{"the template's and the shell's", "resource", words, []string{"{{.Name}}", "`id`", "$(id)", "a;b", "a\nb", "a\x00b"}},
		{"another case", "resource", words, []string{"Invoice", "LineItem"}},

		{"reserved words of SQL", "field", "is a reserved word of SQL", []string{"order", "user", "group", "select", "default", "limit"}},
		{"what every resource has", "field", "is one of the fields that every resource has", []string{"id", "i_d", "created_at", "updated_at", "deleted_at", "version", "bucket"}},
		{"methods", "field", "would clash with a method of the generated code", []string{"table_name"}},
		{"too long", "field", tooLong, []string{strings.Repeat("a", 25), strings.Repeat("a", 300)}},
		{"not words", "field", words, []string{"", "UserID", "TableName", "ID", "9lives", "unit price", "größe", "{{", "`x`", "a;b", "a\nb"}},

		{"other commands and folders", "application", "is the name of something else", []string{"banyan", "go", "test", "vendor", "internal", "main"}},
		{"not words", "application", appWords, []string{"Shop", "my_shop", "9lives", "größe", "🛒", "{{.}}", "`x`", "a;b", "shop\n"}},
		{"too long", "application", tooLong, []string{strings.Repeat("a", 300)}},
	} {
		for _, bad := range c.names {
			args := commands[c.kind](bad)
			r := banyan(t, p.Root, args...)
			said, try, _ := strings.Cut(strings.TrimSuffix(r.errs, "\n"), "; try ")
			try, next, _ := strings.Cut(try, "\nnext:  ")
			if r.code != 2 || r.out != "" || said != "error: "+c.kind+" name "+name.Quote(bad)+": "+c.reason {
				t.Errorf("%s, %s %.60q: exit code %d, want %q\n%s%s", c.what, c.kind, bad, r.code, c.reason, r.out, r.errs)
			}
			if err := checks[c.kind](try); err != nil || !strings.HasPrefix(next, "banyan ") || !strings.HasSuffix(next, " --help") || strings.Contains(next, "\n") {
				t.Errorf("%s, %s %.60q: the proposal %q: %v; the next step %q", c.what, c.kind, bad, try, err, next)
			}
		}
	}
	if diff := before.Diff(projecttest.Read(t, p.Root)); len(diff) > 0 {
		t.Errorf("written: %v", diff)
	}
}

// Whatever is wrong with the fields, the command ends with exit code 2 and a line for each of them, and writes nothing.
func TestBadFields(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	before := projecttest.Read(t, p.Root)
	for _, c := range []struct {
		args []string // behind generate resource sale/invoice
		want string
	}{
		{nil, `resource "sale/invoice" has no fields; write name:string:required`},
		{[]string{"name"}, `field "name": has no type; write name:string, or another one of string text int`},
		{[]string{"a:int", "a:string"}, `field "a:string": has a name in common with the field "a:int"`},
		{[]string{"user_id:uuid", "UserID:uuid"}, `field name "UserID": has to be words of letters a to z and digits, joined by _; try user_id`},
		{[]string{"a_1:int", "a1:int"}, `field "a1:int": has a name in common with the field "a_1:int"`},
		{[]string{"price:money", "price_amount:int"}, `field "price_amount:int": has a name in common with the field "price:money"`},
		{[]string{"a:strin"}, `field "a:strin": the type "strin" is not known; there are string text int`},
		{[]string{"a:ref=nowhere"}, `field "a:ref=nowhere": there is no resource sale/nowhere, nor any other: generate it first`},
		{[]string{"a:xref=nowhere.user"}, `field "a:xref=nowhere.user": there is no resource nowhere/user, nor any other: generate it first`},
		{[]string{"a:ref"}, `field "a:ref": write the resource of the same module that it refers to: a:ref=post; of another module: xref=accounts.user`},
		{[]string{"a:xref=user"}, `field "a:xref=user": write the module and the resource that it refers to: a:xref=accounts.user`},
		{[]string{"a:xref=sale.user"}, `field "a:xref=sale.user": refers to a resource of its own module, where the database keeps watch over it; try a:ref=user`},
		{[]string{"a:ref=invoice"}, `field "a:ref=invoice": refers to itself: the first one has nothing to refer to; try a:ref=invoice:null`},
		{[]string{"a_id:ref=user"}, `field "a_id:ref=user": a_id gets _id at its end in any case: name what it is; try a:ref=user`},
		{[]string{"a:ref=user:sort"}, `field "a:ref=user:sort": sort is not for the type ref, whose values are ids; try a:ref=user`},
		{[]string{"lines:many=line:null", "a:string"}, `field "lines:many=line:null": many has no modifiers; try lines:many=line`},
		{[]string{"a:ref=user", "a_id:uuid"}, `field "a_id:uuid": has a name in common with the field "a:ref=user"`},
		{[]string{"a:string", "a:xref=accounts.user"}, `field "a:xref=accounts.user": has a name in common with the field "a:string"`},
		{[]string{"a:decimal(10"}, `field "a:decimal(10": the type "decimal(10" is not known; there are string text int`},
		{[]string{"a:decimal=19.2"}, `field "a:decimal=19.2": write decimal=P.S with 1 to 18 digits, S of them behind the point: decimal=12.2`},
		{[]string{"a:enum"}, `field "a:enum": write the words of an enum: enum=draft+published`},
		{[]string{"a:enum=x+y+x"}, `field "a:enum=x+y+x": the word x stands twice`},
		{[]string{"a:int:default=many"}, `field "a:int:default=many": default="many": is not a value of the type int`},
		{[]string{"a:enum=x+y:default=z"}, `field "a:enum=x+y:default=z": default="z": is none of the words of the enum`},
		{[]string{"a:bool:default=yes"}, `field "a:bool:default=yes": default="yes": is neither true nor false`},
		{[]string{"a:string:max=2,default=abc"}, `field "a:string:max=2,default=abc": default="abc": is longer than the field`},
		{[]string{"a:string:requierd"}, `field "a:string:requierd": the modifier "requierd" is not known; there are required null`},
		{[]string{"a:string:required,null"}, `field "a:string:required,null": required and null contradict each other`},
		{[]string{"password:string"}, `field "password:string": every answer would show it, in lists as well: a password has the type password, and what is read again the modifier secret`},
		{[]string{"a:string:default={{.Name}}"}, `field "a:string:default={{.Name}}": default="{{.Name}}": quotes, backslashes, $, braces and invisible characters have no place in a default`},
		{[]string{"a:string:default=`id`"}, "field \"a:string:default=`id`\": default=\"`id`\": quotes, backslashes"},
		{[]string{"a:int", "--path", "../x"}, `--path "../x": has to be words of letters a to z, digits, - and _, joined by /; try price-lists`},
		{[]string{"a:int", "--index", "a+b"}, `--index "a+b": there is no field "b"`},
		{[]string{"a:int", "--unique", "a"}, `--unique "a": is over one field: write the modifier index or unique at the field`},
		{[]string{"a:int", "b:int", "--index", "a+b", "--index", "a+b"}, `resource "sale/invoice": two of its parts would have the index sale_invoices_a_b_idx`},
		{[]string{"order:int", "a:strin", "b:int:search"}, "field name \"order\": is a reserved word of SQL; try order_value\n  field \"a:strin\": the type \"strin\" is not known"},
	} {
		r := banyan(t, p.Root, append([]string{"generate", "resource", "sale/invoice"}, c.args...)...)
		if r.code != 2 || r.out != "" || !strings.HasPrefix(r.errs, "error: "+c.want) || !strings.HasSuffix(r.errs, "\nnext:  banyan generate resource --help\n") {
			t.Errorf("%q: exit code %d, want %s\n%s%s", c.args, r.code, c.want, r.out, r.errs)
		}
	}
	if diff := before.Diff(projecttest.Read(t, p.Root)); len(diff) > 0 {
		t.Errorf("written: %v", diff)
	}
}
