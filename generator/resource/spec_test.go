package resource_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/name"
	"github.com/banyan-go/banyan/generator/resource"
)

// spec is a resource of module shop.
func spec(resourceName string, fields ...string) resource.Spec {
	return resource.Spec{Module: "shop", Name: resourceName, Fields: fields}
}

func TestCheckSaysEverything(t *testing.T) {
	t.Parallel()
	s := resource.Spec{
		Module: "Shop", Name: "orders", Fields: []string{"order:int", "a:strin", "b:int:search"}, Path: "/Orders", Index: []string{"never+read"}, // while fields are wrong
	}
	err := s.Check()
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	lines := strings.Split(err.Error(), "\n")
	for i, want := range []string{`module name "Shop"`, `resource name "orders"`, `field name "order"`, `field "a:strin"`, `field "b:int:search"`, `--path "/Orders"`} {
		if i >= len(lines) || !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d of %q does not begin with %s", i, lines, want)
		}
	}
	if len(lines) != 6 {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
}

func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	good := []string{"name:string", "size:int", "flag:bool", "price:money", "story:text", "level:enum=a+b"}
	with := func(change func(*resource.Spec)) resource.Spec {
		s := spec("order", good...)
		change(&s)
		return s
	}
	for _, c := range []struct {
		spec resource.Spec
		want string
	}{
		{spec("order"), `resource "shop/order" has no fields; write name:string:required`},
		{spec("shop", "name:string"), `resource name "shop": is the name of its module; try shop_item`},
		{spec("sh_op", "name:string"), "is the name of its module"}, // one package in Go
		{with(func(s *resource.Spec) { s.Auth, s.Read = resource.Session, resource.Public }), ""},
		{with(func(s *resource.Spec) { s.Auth, s.Read = resource.Token, resource.Public }), ""},
		{with(func(s *resource.Spec) { s.Read = resource.Public }), ""}, // which way in is usual, the application knows
		{with(func(s *resource.Spec) { s.Auth, s.Read = resource.Public, resource.Public }), "--read public says nothing beside --auth public"},
		{with(func(s *resource.Spec) { s.Auth, s.Read = resource.Session, resource.Session }), `--read "session": want public, or leave it out`},
		{with(func(s *resource.Spec) { s.Read = "all" }), `--read "all": want public, or leave it out`},
		{spec("order", "a:string:hidden", "b:int:hidden"), `resource "shop/order" has hidden fields only`},
		{spec("order", manyFields(61, "int")...), "has 61 columns, and at most 60 are possible"},
		{spec("order", manyFields(31, "money")...), "has 62 columns, and at most 60 are possible; an amount has two, a file three and an image four"},

		{spec("order", manyFields(15, "image=a.320")...), ""},
		{spec("order", manyFields(16, "image=a.320")...), "has 64 columns"},
		{spec("order", "photo:image=a.320", "photo_width:int"), `field "photo_width:int": has a name in common with the field "photo:image=a.320"`},
		{resource.Spec{Module: "shop", Name: "order", Fields: []string{"name:string", "paper:file"}, ShardBy: "paper"}, "a field of type file cannot divide rows"},
		{with(func(s *resource.Spec) { s.Fields, s.Index = append(s.Fields, "paper:file"), []string{"name+paper"} }), "the field paper cannot stand in an index"},

		{spec("order", "size:int:unique,min=1,max=99"), "unique allows a handful of rows only: the field has fewer than 100 values"},
		{spec("order", "code:string:unique,max=1"), "unique allows a handful of rows only"},
		{spec("order", "rate:decimal=2.2:unique,max=0.5"), "unique allows a handful of rows only"},
		{with(func(s *resource.Spec) { s.Unique = []string{"flag+level"} }), `--unique "flag+level": allows a handful of rows only: one of the fields has to have 100 values or more`},
		{spec("order", "name:string", "a:string:hidden,default=x", "b:string:hidden,default=y"), ""},
		{resource.Spec{Module: "shop", Name: "order", Fields: []string{"name:string", "a:string:hidden,default=x", "b:string:hidden,default=y"}, Unique: []string{"a+b"}}, "allows a handful of rows only"},

		{with(func(s *resource.Spec) { s.Fields = append(s.Fields, "lines:many=line") }), ""},
		{with(func(s *resource.Spec) {
			s.Fields = append(s.Fields, "references:many=reference", "order:many=ordering")
		}), ""}, // no column is called so
		{with(func(s *resource.Spec) { s.Fields = append(s.Fields, "version:many=line") }), "is one of the fields that every resource has"},
		{with(func(s *resource.Spec) { s.Fields = append(s.Fields, "lines:many=line:null") }), "many has no modifiers; try lines:many=line"},
		{with(func(s *resource.Spec) { s.Fields = append(s.Fields, "lines:many") }), "write the resource of the same module that refers to this one: lines:many=comment"},
		{with(func(s *resource.Spec) { s.Fields = append(s.Fields, "lines:many=sale.line") }), "write the resource of the same module"},
		{with(func(s *resource.Spec) { s.Fields = append(s.Fields, "lines:many=line", "rows:many=line") }), "stands twice"},
		{with(func(s *resource.Spec) { s.Fields = append(s.Fields, "Lines:many=line") }), "Lines"},
		{spec("order", "lines:many=line"), "has no fields"},

		{with(func(s *resource.Spec) { s.ShardBy = "name" }), ""},
		{with(func(s *resource.Spec) { s.ShardBy = "name; drop" }), `--shard-by "name; drop": there is no such field`},
		{with(func(s *resource.Spec) { s.ShardBy = "price" }), `--shard-by "price": a field of type money cannot divide rows`},
		{with(func(s *resource.Spec) { s.ShardBy = "size" }), "a field of type int cannot divide rows"},
		{resource.Spec{Module: "shop", Name: "order", Fields: []string{"name:string:null"}, ShardBy: "name"}, "take null away"},
		{resource.Spec{Module: "shop", Name: "order", Fields: []string{"a:int", "name:string:hidden"}, ShardBy: "name"}, "take hidden or secret away"},
		{resource.Spec{Module: "shop", Name: "order", Fields: []string{"name:string:default=x"}, ShardBy: "name"}, "take default away"},
		{resource.Spec{Module: "shop", Name: "order", Fields: []string{"name:string:max=300"}, ShardBy: "name"}, "add max=255"},
		{resource.Spec{Module: "shop", Name: "order", Fields: []string{"name:string:unique"}, ShardBy: "name"}, ""},
		{resource.Spec{Module: "shop", Name: "order", Fields: []string{"name:string", "no:string:unique"}, ShardBy: "name"}, "no database sees those of all: say --unique name+no"},
		{resource.Spec{Module: "shop", Name: "order", Fields: []string{"name:string", "a:string", "b:string"}, ShardBy: "name", Unique: []string{"a+b"}}, `--unique "a+b": the rows are divided by name, and no database sees those of all: add +name`},
		{resource.Spec{Module: "shop", Name: "order", Fields: []string{"name:string", "a:string"}, ShardBy: "name", Unique: []string{"a+name"}}, ""},

		{with(func(s *resource.Spec) { s.Index = []string{"name"} }), `--index "name": is over one field`},
		{with(func(s *resource.Spec) { s.Index = []string{""} }), `--index "": there is no field ""`},
		{with(func(s *resource.Spec) { s.Index = []string{"name+"} }), `there is no field ""`},
		{with(func(s *resource.Spec) { s.Index = []string{"name+nome"} }), `there is no field "nome"`},
		{with(func(s *resource.Spec) { s.Index = []string{"name+id"} }), "id is a column that every resource has"},
		{with(func(s *resource.Spec) { s.Index = []string{"name+name"} }), "the field name stands twice"},
		{with(func(s *resource.Spec) {
			s.Fields, s.Unique, s.Index = append(s.Fields, "post:ref=post", "user:xref=accounts.user"), []string{"post+user"}, []string{"user_id+post"}
		}), ""},
		{with(func(s *resource.Spec) {
			s.Fields, s.Unique = append(s.Fields, "post:ref=post"), []string{"post+post_id"}
		}), "the field post_id stands twice"},
		{with(func(s *resource.Spec) { s.Index = []string{"name+price"} }), "the field price cannot stand in an index"},
		{with(func(s *resource.Spec) { s.Unique = []string{"name+story"} }), "the field story cannot stand in an index"},
		{with(func(s *resource.Spec) { s.Index = []string{"a;drop table x+\n"} }), `there is no field "a;drop table x"`},
		{with(func(s *resource.Spec) { s.Index = []string{"name+size", "size+flag", "name+size"} }), "two of its parts would have the index shop_orders_name_size_idx"},
		{with(func(s *resource.Spec) {
			s.Fields, s.Index = append(s.Fields, "name_size:int:index"), []string{"name+size"}
		}), "two of its parts would have the index shop_orders_name_size_idx"},
		{with(func(s *resource.Spec) { s.Index, s.Unique = []string{"name+size", "size+name"}, []string{"name+size"} }), ""},

		{with(func(s *resource.Spec) { s.Fields, s.Index = append(s.Fields, "data:json"), []string{"name+data"} }), "the field data cannot stand in an index"},
		{with(func(s *resource.Spec) {
			s.Fields, s.Unique = append(s.Fields, "key:string:secret"), []string{"name+key"}
		}), "the field key cannot stand in an index"},
		{with(func(s *resource.Spec) { s.Fields, s.Index = append(s.Fields, "home:url"), []string{"name+home"} }), ""},
		{spec("order", "format:string", "name:string:pii"), `field "format:string": is the name of a method that resources with private fields have; try own_format:string`},
		{spec("order", "log_value:int", "password:password"), "try own_log_value:int"},
		{spec("order", "format:string", "log_value:int"), ""},
		{spec("order", "format:ref=sheet", "name:string:pii"), `field "format:ref=sheet": is the name of a method that resources with private fields have; try own_format:ref=sheet`},
		{spec("order", "draft:ref=sheet"), `resource "shop/order": two of its parts would have the name in package web OrderDraft: rename a field or a word of an enum`},
		{spec("order", "customer:xref=order.customer"), `resource name "order": is that of the module order, which it refers to, and code has one name for both`},
		{spec("phone_pattern", "phone:string:match=e164"), "two of its parts would have the name in its own package phonePattern"},
		{spec("price_amount", "price:money:null"), "two of its parts would have the name in its own package priceAmount"},
		{spec("price_currency", "name:string", "price:money:null"), "two of its parts would have the name in its own package priceCurrency"},
		{spec("price_amount", "price:money"), ""}, // which is not taken apart

		{spec("order", "step:enum=a_b", "step_a:enum=b"), "two of its parts would have the name in the contract OrderStepAB"},
		{spec("order", "step:enum=a+b", "step_a:enum=x"), "two of its parts would have the name in the contract OrderStepA"},
	} {
		err := c.spec.Check()
		switch {
		case c.want == "" && err != nil, c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%+v:\nerror %v\nwant  %s", c.spec, err, c.want)
		case err != nil && (strings.Contains(err.Error(), "\n") || len(err.Error()) > 300):
			t.Errorf("not one line: %q", err)
		}
	}
}

// What is wrong with the fields is said beside what is wrong with the names, whatever these are.
func TestRefusalsOfBadNames(t *testing.T) {
	t.Parallel()
	for want, fields := range map[string][]string{
		"has no fields":          nil,
		"has 61 columns":         manyFields(61, "int"),
		"has hidden fields only": {"a:string:hidden"},
	} {
		err := resource.Spec{Module: "a\x00b", Name: "größe\n", Fields: fields}.Check()
		if err == nil || !strings.Contains(err.Error(), `resource "a\x00b/gr\u00f6\u00dfe\n" `+want) {
			t.Errorf("%s: %q", want, err)
		}
	}
	err := resource.Spec{Module: "shop", Name: "a\nb", Fields: []string{"step:enum=a_b", "step_a:enum=b"}}.Check() // parts of no name
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("not one line: %q", err)
	}
}

func manyFields(n int, typ string) []string {
	var fields []string
	for i := range n {
		fields = append(fields, "f"+strings.Repeat("x", i%5)+string(rune('a'+i/26))+string(rune('a'+i%26))+":"+typ)
	}
	return fields
}

func TestPath(t *testing.T) {
	t.Parallel()
	for path, ok := range map[string]bool{
		"": true, "orders": true, "price-lists": true, "price_lists": true, "2024": true, "staff/humans": true,
		strings.Repeat("a", 60): true,
		"/orders":               false, "orders/": false, "a//b": false, "Orders": false, "-a": false, "_a": false, "a b": false, "a.b": false, "..": false, "a/../b": false, "{id}": false, "a?b": false,
		"größe": false, "a\nb": false, "a`b": false, "{{.}}": false, strings.Repeat("a", 61): false, strings.Repeat("a/", 5000): false,
	} {
		s := spec("order", "name:string")
		s.Path = path
		err := s.Check()
		if ok != (err == nil) {
			t.Errorf("%.80q: %v", path, err)
		}
		if err != nil && (len(err.Error()) > 300 || strings.Contains(err.Error(), "\n")) {
			t.Errorf("not one line: %q", err)
		}
	}
}

// Two resources of one module share packages: what both would declare is refused with a name that works.
func TestCheckBeside(t *testing.T) {
	t.Parallel()
	order := spec("order", "status:enum=draft+live", "items_total:int:index", "phone:string:match=e164", "photo:image=a.320", "photo_small:file")
	order.Auth = resource.Session
	at := func(path string, s resource.Spec) resource.Spec {
		s.Path = path
		return s
	}
	for _, c := range []struct {
		spec     resource.Spec
		reason   string // empty when the two can live together
		proposal string
	}{
		{spec("invoice", "name:string"), "", ""},
		{spec("line_order", "name:string"), "", ""},
		{spec("order_status", "name:string"), "would have the name in the contract OrderStatus, as the resource order has", "order_status_item"},         // its enum
		{spec("order_status_live", "a:int"), "would have the name in the contract OrderStatusLive, as the resource order has", "order_status_live_item"}, // a word of its enum
		{spec("or_der", "name:string"), "would have the package order, as the resource order has", "or_der_item"},
		{spec("order_draft", "name:string"), "would have the name in package web OrderDraft, as the resource order has", "order_draft_item"},
		{spec("order_change", "name:string"), "would have the name in package web OrderChange, as the resource order has", "order_change_item"},
		{spec("order_list", "name:string"), "would have the schema in the API's document OrderList, as the resource order has", "order_list_item"},
		{spec("orders_item", "total:int:index"), "would have the index shop_orders_items_total_idx, as the resource order has", "orders_item_item"},
		{spec("orders_item", "total:int"), "", ""},
		{at("orders", spec("invoice", "name:string")), "would have the address orders, as the resource order has", "--path invoices-2"},
		{spec("order_policy", "name:string"), "would have the file internal/web/order_policy.go, as the resource order has", "order_policy_item"},
		{spec("invoice", "phone:string:match=e164", "photo:image=a.320"), "", ""}, // of which the other one, which has them too, sees nothing
		{spec("order_photo", "small:file"), "would have the operation OrderPhotoSmall, as the resource order has", "order_photo_item"},
		{resource.Spec{Module: "blog", Name: "order_status", Fields: []string{"name:string"}}, "", ""},
	} {
		if err := c.spec.Check(); err != nil {
			t.Fatal(err)
		}
		for _, pair := range [][2]resource.Spec{{c.spec, order}, {order, c.spec}} { // whichever comes first
			err := pair[0].CheckBeside([]resource.Spec{pair[1]})
			if (err == nil) != (c.reason == "") {
				t.Errorf("%s beside %s: %v", pair[0].Name, pair[1].Name, err)
			}
		}
		if c.reason == "" {
			continue
		}
		e, ok := errors.AsType[*name.Error](c.spec.CheckBeside([]resource.Spec{order}))
		if !ok || e.Reason != c.reason || e.Proposal != c.proposal {
			t.Errorf("%s: %+v\nwant %s; %s", c.spec.Name, e, c.reason, c.proposal)
		}
	}
	if err := order.CheckBeside([]resource.Spec{order}); err != nil {
		t.Errorf("a resource is beside itself: %v", err)
	}
}

func TestSameSpecGivesSameView(t *testing.T) {
	t.Parallel()
	s := spec("order", "number:string:unique", "total:money:null", "status:enum=a+b", "at:time:sort", "mail:email:search", "size:decimal=5.2:filter", "share:int:sort")
	s.Index, s.Unique = []string{"status+at", "at+status"}, []string{"number+at", "mail+at"}
	first := mustView(t, s)
	for range 20 {
		if again := mustView(t, s); !reflect.DeepEqual(first, again) {
			t.Fatalf("got  %+v\nthen %+v", first, again)
		}
	}
}

func mustView(t *testing.T, s resource.Spec) resource.View {
	t.Helper()
	v, err := s.View("example.com/app", "github.com/banyan-go/banyan/platform")
	if err != nil {
		t.Fatal(err)
	}
	return v
}
