package field_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/render"
	"github.com/banyan-go/banyan/generator/resource"
	"github.com/banyan-go/banyan/templates"
)

// FuzzParse feeds what a person might type. It is refused on one line, or every file of a resource with this field parses.
func FuzzParse(f *testing.F) {
	for _, typ := range field.Types() {
		param := parameter(typ)
		f.Add("x:" + string(typ) + param)
		f.Add("x:" + string(typ) + param + ":null,filter,sort,search,min=50,max=60,immutable")
		f.Add("x:" + string(typ) + param + ":unique,hidden,index")
		f.Add("x:" + string(typ) + param + ":default=" + value(typ))
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := field.Parse(text)
		if err != nil {
			wantOneLine(t, text)
			return
		}
		if again, _ := field.Parse(got.Text); !reflect.DeepEqual(got, again) {
			t.Fatalf("%q gives %+v, then %+v", text, got, again)
		}
		s := resource.Spec{Module: "shop", Name: "thing", Fields: []string{text, "companion:string"}}
		view, err := s.View("example.com/shop", "github.com/banyan-go/banyan/platform", resource.Spec{Module: "shop", Name: "post", Fields: []string{"title:string"}},
			resource.Spec{Module: "accounts", Name: "user", Fields: []string{"email:email:pii", "name:string", "level:enum=a+b:null"}})
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("%q: not one line: %v", text, err)
			}
			return // a name or a type that does not go with the companion, or with an index
		}
		if _, err := render.Tree(templates.Files, "resource", strings.NewReplacer(), view); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
