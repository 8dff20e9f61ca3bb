package module

import (
	"fmt"
	"reflect"
	"strings"
)

// CheckNeeds returns an error that names what is nil in the Needs of a module: a struct with a struct for each part, in which each field
// is something that the part asks of another module. The New of a module calls it, so that what is missing is missed at the start and
// not by the first request that asks.
func CheckNeeds(name string, needs any) error {
	var missing []string
	parts := reflect.ValueOf(needs)
	for part, value := range parts.Fields() {
		if value.Kind() != reflect.Struct {
			continue
		}
		for need, v := range value.Fields() {
			if isNil(v) {
				missing = append(missing, "Needs."+part.Name+"."+need.Name)
			}
		}
	}
	switch len(missing) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s: %s is nil: a test gives it in boot, in %[1]s_test.go", name, missing[0])
	default:
		return fmt.Errorf("%s: %s are nil: a test gives them in boot, in %[1]s_test.go", name, strings.Join(missing, ", "))
	}
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Func, reflect.Map, reflect.Chan:
		return v.IsNil()
	default:
		return false
	}
}
