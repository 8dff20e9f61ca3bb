package plan_test

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/patch"
)

// One type says how a request is read, checked and described.
func Example() {
	type update struct {
		Name  patch.Change[string]   `json:"name" minLength:"1" maxLength:"40" doc:"What customers read."`
		Stock patch.Change[*int]     `json:"stock" minimum:"0"`
		Tags  patch.Change[[]string] `json:"tags" maxItems:"3" maxLength:"10"`
	}
	p, err := plan.New(plan.Options{}).Compile(reflect.TypeFor[update](), plan.Input)
	if err != nil {
		panic(err) // a tag is wrong
	}

	var u update
	err = p.Decode([]byte(`{"name":"Lamp","stock":null}`), reflect.ValueOf(&u).Elem(), plan.Limits{})
	name, _ := u.Name.Get()
	stock, mentioned := u.Stock.Get()
	fmt.Println(name, stock == nil, mentioned, err)

	err = p.Decode([]byte(`{"name":"","stock":-1,"tags":["new","longer than ten"],"colour":"red"}`), reflect.ValueOf(&u).Elem(), plan.Limits{})
	if invalid, ok := errors.AsType[*fault.Error](err); ok {
		for _, f := range invalid.Fields {
			fmt.Println(f.Pointer, f.Code+":", f.Detail)
		}
	}

	schema, err := plan.NewComponents(func(reflect.Type, plan.Use) string { return "" }).Schema(p)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s\n", schema.Properties[0].Schema.AppendJSON(nil))
	// Output:
	// Lamp true true <nil>
	// /name min_length: must be at least 1 character long
	// /stock minimum: must be at least 0
	// /tags/1 max_length: must be at most 10 characters long
	// /colour unknown_field: is not a known field
	// {"type":"string","description":"What customers read.","minLength":1,"maxLength":40}
}
