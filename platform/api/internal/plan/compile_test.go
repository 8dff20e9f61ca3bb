package plan_test

import (
	"math/big"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/patch"
)

// field returns a struct type with one field F.
func field(t reflect.Type, tag string) reflect.Type {
	return reflect.StructOf([]reflect.StructField{{Name: "F", Type: t, Tag: reflect.StructTag(tag)}})
}

type (
	list       []list
	dict       map[string]dict
	pointer    *pointer
	secretive  struct{ inner int }
	jsonOnly   struct{ V int }
	textOnly   [16]byte
	badSchema1 string
	badSchema2 string
	node       struct {
		Value int             `json:"value"`
		Next  *node           `json:"next"`
		Kids  []node          `json:"kids"`
		Named map[string]node `json:"named"`
	}
)

func (jsonOnly) MarshalJSON() ([]byte, error)        { return nil, nil }
func (textOnly) MarshalText() ([]byte, error)        { return nil, nil }
func (*badSchema1) UnmarshalText([]byte) error       { return nil }
func (badSchema1) AppendText([]byte) ([]byte, error) { return nil, nil }
func (badSchema1) JSONSchema() string                { return `{"type":"integer"}` }
func (*badSchema2) UnmarshalText([]byte) error       { return nil }
func (badSchema2) AppendText([]byte) ([]byte, error) { return nil, nil }
func (badSchema2) JSONSchema() string                { return `{"type":"string","minlength":3}` }

func TestCompileRefuses(t *testing.T) {
	t.Parallel()
	str, num, flt := reflect.TypeFor[string](), reflect.TypeFor[int](), reflect.TypeFor[float64]()
	strs, ptr := reflect.TypeFor[[]string](), reflect.TypeFor[*string]()
	for _, c := range []struct {
		t    reflect.Type
		tag  string
		want string // parts of the error, separated by |
	}{
		// The tag itself.
		{str, ``, "unnamed struct.F|no json tag"},
		{str, `json`, `key:"value"`},
		{str, `json:name`, `key:"value"`},
		{str, "json:`f`", `key:"value"`},
		{str, `json:"f"  maxLength:3`, `key:"value"`},
		{str, `json:"f" json:"g"`, "tag json|twice"},
		{str, `json:"f\q"`, `key:"value"`},
		{str, `json:"f" gorm:"x"`, "unknown tag gorm"},
		{str, `json:"f" maxlength:"3"`, "unknown tag maxlength; did you mean maxLength?"},
		{str, `json:"f" required:"true"`, "tag required does not fit"},
		{str, `json:"f" query:"f"`, "tag query does not fit"},
		{str, `json:"f,omitempty"`, "tag json|omitempty is not supported"},
		{str, `json:",omitempty"`, "tag json|omitempty"},
		{str, `json:"-,"`, "tag json"},
		{str, `json:""`, "tag json|empty"},
		{str, `json:"a\nb"`, "tag json|cannot be printed"},
		{str, "json:\"a\xffb\"", "cannot be printed"},
		// Words that do not fit.
		{num, `json:"f" maxLength:"3"`, "tag maxLength does not fit the type int"},
		{num, `json:"f" format:"uuid"`, "tag format does not fit"},
		{str, `json:"f" minimum:"3"`, "tag minimum does not fit the type string"},
		{str, `json:"f" maxItems:"3"`, "tag maxItems does not fit"},
		{str, `json:"f" uniqueItems:"true"`, "tag uniqueItems does not fit"},
		{flt, `json:"f" multipleOf:"0.5"`, "tag multipleOf does not fit the type float64"},
		{flt, `json:"f" enum:"1,2"`, "tag enum does not fit"},
		{reflect.TypeFor[bool](), `json:"f" enum:"true"`, "tag enum does not fit"},
		{reflect.TypeFor[time.Time](), `json:"f" format:"date-time"`, "tag format does not fit"},
		{reflect.TypeFor[price](), `json:"f" minimum:"1"`, "tag minimum does not fit"},
		{strs, `json:"f" minimum:"1"`, "tag minimum does not fit the type []string"},
		{reflect.TypeFor[map[string]int](), `json:"f" maxItems:"1"`, "tag maxItems does not fit"},
		// Bad values of words.
		{str, `json:"f" maxLength:"many"`, `tag maxLength:"many": it is not a whole number`},
		{str, `json:"f" maxLength:"-1"`, `tag maxLength:"-1"`},
		{str, `json:"f" minLength:"4" maxLength:"3"`, `tag minLength:"4": it is above maxLength`},
		{str, `json:"f" pattern:"("`, "tag pattern"},
		{str, `json:"f" pattern:"(?i)a"`, "tag pattern|JavaScript"},
		{str, `json:"f" pattern:"[[:alpha:]]"`, "tag pattern|JavaScript"},
		{str, `json:"f" pattern:"\\Aa"`, "tag pattern|JavaScript"},
		{str, `json:"f" pattern:"\\pL"`, "tag pattern|JavaScript"},
		{str, `json:"f" pattern:"\\x{1F}"`, "tag pattern|JavaScript"},
		{str, `json:"f" format:"phone"`, `tag format:"phone": the formats that are checked are date`},
		{str, `json:"f" enum:"a,,b"`, "tag enum|none is empty"},
		{str, `json:"f" enum:"a, b"`, "tag enum"},
		{str, `json:"f" enum:"a,a"`, "tag enum|twice"},
		{str, `json:"f" enum:"aa,b" minLength:"2"`, `tag enum:"b": must be at least 2`},
		{num, `json:"f" enum:"1,x"`, `tag enum:"x"`},
		{num, `json:"f" enum:"1,2" maximum:"1"`, `tag enum:"2"`},
		{num, `json:"f" minimum:"0.5"`, `tag minimum:"0.5"`},
		{num, `json:"f" minimum:"+1"`, `tag minimum:"+1"`},
		{num, `json:"f" minimum:"3" maximum:"2"`, `tag minimum:"3": it is above maximum`},
		{reflect.TypeFor[int8](), `json:"f" maximum:"128"`, `tag maximum:"128"`},
		{reflect.TypeFor[uint](), `json:"f" minimum:"-1"`, `tag minimum:"-1"`},
		{num, `json:"f" multipleOf:"0"`, `tag multipleOf:"0"`},
		{num, `json:"f" multipleOf:"-2"`, `tag multipleOf:"-2"`},
		{flt, `json:"f" maximum:"Inf"`, `tag maximum:"Inf"`},
		{strs, `json:"f" minItems:"2" maxItems:"1"`, `tag minItems:"2"`},
		{strs, `json:"f" minItems:"1001"`, `tag minItems:"1001": it is above 1000`},
		{strs, `json:"f" uniqueItems:"yes"`, `tag uniqueItems:"yes"`},
		{reflect.TypeFor[[]price](), `json:"f" uniqueItems:"true"`, "tag uniqueItems|not of plan_test.price"},
		{reflect.TypeFor[map[string]int](), `json:"f" minProperties:"1001"`, `tag minProperties:"1001"`},
		{reflect.TypeFor[color](), `json:"f" pattern:"^#f"`, "tag pattern|the type itself"},
		{reflect.TypeFor[answer](), `json:"f" enum:"yes,maybe"`, `tag enum:"maybe": must be yes or no`},
		// Defaults and examples.
		{num, `json:"f" default:"x"`, `tag default:"x": must be a whole number`},
		{num, `json:"f" default:"5" maximum:"4"`, `tag default:"5": must be at most 4`},
		{num, `json:"f" default:"1e2"`, `tag default:"1e2"`},
		{str, `json:"f" default:"x" enum:"a,b"`, `tag default:"x": must be one of a, b`},
		{str, `json:"f" example:"x" format:"email"`, `tag example:"x": must be one e-mail`},
		{strs, `json:"f" default:"a,b"`, `tag default:"a,b": it is not JSON`},
		{strs, `json:"f" default:"[1]"`, `tag default:"[1]"`},
		{strs, `json:"f" example:"[\"a\",\"b\"]" maxItems:"1"`, `tag example:"[\"a\",\"b\"]": must have at most 1 item`},
		{ptr, `json:"f" default:"x"`, "tag default|already"},
		{ptr, `json:"f" example:"xx" maxLength:"1"`, "tag example|at most 1 character"},
		{reflect.TypeFor[patch.Change[int]](), `json:"f" default:"1"`, "tag default|already"},
		{reflect.TypeFor[patch.Change[*int]](), `json:"f" example:"x"`, "tag example"},
		{reflect.TypeFor[price](), `json:"f" default:"{}"`, "tag default"},
		{reflect.TypeFor[color](), `json:"f" default:"red"`, `tag default:"red"`},
		// Types.
		{reflect.TypeFor[any](), `json:"f"`, "interface {} is not supported"},
		{reflect.TypeFor[func()](), `json:"f"`, "func() is not supported"},
		{reflect.TypeFor[chan int](), `json:"f"`, "not supported"},
		{reflect.TypeFor[complex128](), `json:"f"`, "not supported"},
		{reflect.TypeFor[uintptr](), `json:"f"`, "not supported"},
		{reflect.TypeFor[[3]int](), `json:"f"`, "not supported"},
		{reflect.TypeFor[map[int]string](), `json:"f"`, "plain strings"},
		{reflect.TypeFor[map[answer]string](), `json:"f"`, "plain strings"},
		{reflect.TypeFor[**int](), `json:"f"`, "pointer to a pointer"},
		{reflect.TypeFor[[]any](), `json:"f"`, "not supported"},
		{reflect.TypeFor[list](), `json:"f"`, "contains itself"},
		{reflect.TypeFor[dict](), `json:"f"`, "contains itself"},
		{reflect.TypeFor[pointer](), `json:"f"`, "pointer to a pointer"},
		{reflect.TypeFor[jsonOnly](), `json:"f"`, "it has MarshalJSON"},
		{reflect.TypeFor[textOnly](), `json:"f"`, "it has MarshalText"},
		{reflect.TypeFor[secretive](), `json:"f"`, "plan_test.secretive: the struct has fields and none is exported"},
		{reflect.TypeFor[badSchema1](), `json:"f"`, `JSONSchema of plan_test.badSchema1|"string"`},
		{reflect.TypeFor[badSchema2](), `json:"f"`, "JSONSchema of plan_test.badSchema2|minlength"},
		{reflect.TypeFor[[]patch.Change[int]](), `json:"f"`, "field of a struct alone"},
		{reflect.TypeFor[*patch.Change[int]](), `json:"f"`, "field of a struct alone"},
	} {
		_, err := plan.New(plan.Options{}).Compile(field(c.t, c.tag), plan.Input)
		if err == nil {
			t.Errorf("%s `%s`: no error", c.t, c.tag)
			continue
		}
		for part := range strings.SplitSeq(c.want, "|") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s `%s`: %v, without %q", c.t, c.tag, err, part)
			}
		}
	}
}

func TestCompileRefusesStructs(t *testing.T) {
	t.Parallel()
	twice := reflect.StructOf([]reflect.StructField{
		{Name: "A", Type: reflect.TypeFor[int](), Tag: `json:"x"`},
		{Name: "B", Type: reflect.TypeFor[int](), Tag: `json:"x"`},
	})
	type shadow struct {
		Stamps
		Made int `json:"created"`
	}
	type unexported struct {
		a int `doc:"The letter."`
	}
	type embedsPointer struct{ *Stamps }
	type embedsTime struct{ time.Time }
	type inner struct {
		Bad int `json:"bad" maxLength:"1"`
	}
	type outer struct {
		List []inner `json:"list"`
	}
	for _, c := range []struct {
		t    reflect.Type
		want string
	}{
		{twice, "an unnamed struct.B: the name x is taken by the field A"},
		{reflect.TypeFor[shadow](), "plan_test.shadow.Made: the name created is taken by the field Created"},
		{reflect.TypeFor[unexported](), "plan_test.unexported.a: the field has a tag and is not exported"},
		{reflect.TypeFor[embedsPointer](), "plan_test.embedsPointer.Stamps: an embedded *plan_test.Stamps"},
		{reflect.TypeFor[outer](), "plan_test.inner.Bad: tag maxLength does not fit the type int"},
		{reflect.TypeFor[any](), "interface {}: the type interface {} is not supported"},
	} {
		if _, err := plan.New(plan.Options{}).Compile(c.t, plan.Input); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.t, err)
		}
	}
	// It has the methods of the time in it, so it is one text.
	if _, err := plan.New(plan.Options{}).Compile(reflect.TypeFor[embedsTime](), plan.Input); err != nil {
		t.Error(err)
	}
	if _, err := plan.New(plan.Options{}).Compile(field(reflect.TypeFor[patch.Change[int]](), `json:"f"`), plan.Output); err == nil ||
		!strings.Contains(err.Error(), "is for requests") {
		t.Errorf("a change in a response: %v", err)
	}
}

func TestCompileAccepts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		t   reflect.Type
		tag string
	}{
		{reflect.TypeFor[string](), `json:"f" pattern:"^(?:\\p{L}|\\p{Lu}|\\x41|\\.)+$"`},
		{reflect.TypeFor[string](), `json:"f" default:"" maxLength:"0"`},
		{reflect.TypeFor[[]string](), `json:"f" default:"[]"`},
		{reflect.TypeFor[int](), `json:"f" minimum:"3" maximum:"3" default:"3"`},
		{reflect.TypeFor[string](), `json:"f" minLength:"3" maxLength:"3"`},
		{reflect.TypeFor[[]byte](), `json:"f" default:"AAA=" maxLength:"4"`},
		{reflect.TypeFor[[]string](), `json:"f" maxItems:"5" maxLength:"3" enum:"a,b"`},
		{reflect.TypeFor[netip.Addr](), `json:"f" example:"::1"`},
		{reflect.TypeFor[big.Int](), `json:"f" default:"12"`},
		{reflect.TypeFor[*node](), `json:"f" example:"{\"value\":1,\"kids\":[],\"named\":{}}"`},
		{reflect.TypeFor[uint64](), `json:"f" maximum:"18446744073709551615"`},
		{reflect.TypeFor[patch.Change[*[]int]](), `json:"f" example:"[1]" maximum:"1" maxItems:"1"`},
	} {
		if _, err := plan.New(plan.Options{}).Compile(field(c.t, c.tag), plan.Input); err != nil {
			t.Errorf("%s `%s`: %v", c.t, c.tag, err)
		}
	}
}

func TestCompileRemembers(t *testing.T) {
	t.Parallel()
	c := plan.New(plan.Options{})
	var group sync.WaitGroup
	plans := make([]*plan.Type, 8)
	for i := range plans {
		group.Go(func() { plans[i], _ = c.Compile(reflect.TypeFor[node](), plan.Input) })
	}
	group.Wait()
	for _, p := range plans {
		if p == nil || p != plans[0] {
			t.Fatal("the plan was made more than once")
		}
	}
	out, err := c.Compile(reflect.TypeFor[node](), plan.Output)
	if err != nil || out == plans[0] {
		t.Errorf("the plan of the other side: %v, %v", out == plans[0], err)
	}
}

func TestCompileForgetsWhatFailed(t *testing.T) {
	t.Parallel()
	type bad struct {
		Node node `json:"node"`
		Bad  int  `json:"bad" pattern:"x"`
	}
	c := plan.New(plan.Options{})
	for range 2 {
		if _, err := c.Compile(reflect.TypeFor[bad](), plan.Input); err == nil {
			t.Error("no error")
		}
	}
	p, err := c.Compile(reflect.TypeFor[node](), plan.Input)
	if err != nil {
		t.Fatal(err)
	}
	var n node
	if err := p.Decode([]byte(`{"value":1,"kids":[{"value":2,"kids":[],"named":{}}],"named":{"x":{"value":3,"kids":[],"named":{}}}}`),
		reflect.ValueOf(&n).Elem(), plan.Limits{}); err != nil || n.Kids[0].Value != 2 || n.Named["x"].Value != 3 {
		t.Errorf("%+v, %v", n, err)
	}
}

func TestPlansAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	p := compile[order](t, plan.Input)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 100 {
				var v order
				doc := `{"tags":["a","b"],"labels":{"x":"y"},"name":"abc"}`
				if i%2 == 0 {
					doc = `{"tags":["a","a"],"labels":{"x":""},"name":"a"}`
				}
				err := p.Decode([]byte(doc), reflect.ValueOf(&v).Elem(), plan.Limits{})
				if (err != nil) != (i%2 == 0) {
					t.Errorf("%s: %v", doc, err)
				}
				if _, err := p.Append(nil, reflect.ValueOf(&v).Elem(), nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}
