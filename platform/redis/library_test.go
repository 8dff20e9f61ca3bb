package redis_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/redis"
)

// No type of the library can be seen through the clients, which every module sees through the capabilities it is given: the compiler would write two
// thousand methods into each package of every application.
func TestClientsHideTheLibrary(t *testing.T) {
	t.Parallel()
	seen := map[reflect.Type]bool{}
	var look func(typ reflect.Type, way string)
	look = func(typ reflect.Type, way string) {
		if seen[typ] {
			return
		}
		seen[typ] = true
		if strings.Contains(typ.PkgPath(), "go-redis") {
			t.Fatalf("%s is of the library: %s", way, typ)
		}
		switch typ.Kind() {
		case reflect.Array, reflect.Chan, reflect.Map, reflect.Pointer, reflect.Slice:
			look(typ.Elem(), way)
		case reflect.Struct:
			for f := range typ.Fields() {
				look(f.Type, way+"."+f.Name)
			}
		case reflect.Func:
			for in := range typ.Ins() {
				look(in, way+"()")
			}
			for out := range typ.Outs() {
				look(out, way+"()")
			}
		}
		for m := range typ.Methods() {
			look(m.Type, way+"."+m.Name)
		}
	}
	look(reflect.TypeFor[*redis.Redis](), "Redis")
	look(reflect.TypeFor[*redis.Script](), "Script")
}
