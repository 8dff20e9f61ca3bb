package field_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/name"
	"github.com/banyan-go/banyan/platform/images/spec"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, want := range []field.Field{
		{Text: "name:string", Type: field.String},
		{Text: "sku:string:required,unique,max=64", Type: field.String, Required: true, Unique: true, Max: new("64")},
		{Text: "name:string:min=2:max=10", Type: field.String, Min: new("2"), Max: new("10")}, // more groups than one
		{Text: "note:text:null,search,immutable", Type: field.Text, Null: true, Search: true, Immutable: true},
		{Text: "count:int:default=-3,filter,sort,noindex", Type: field.Int, Default: new("-3"), Filter: true, Sort: true, NoIndex: true},
		{Text: "rate:decimal=5.2:min=0,max=99.5", Type: field.Decimal, Precision: 5, Scale: 2, Min: new("0"), Max: new("99.5")},
		{Text: "size:decimal=12:index", Type: field.Decimal, Precision: 12, Index: true},
		{Text: "status:enum=draft+in_review+v2:default=draft", Type: field.Enum, Words: []string{"draft", "in_review", "v2"}, Default: new("draft")},
		{Text: "secret:string:hidden,default=abc", Type: field.String, Hidden: true, Default: new("abc")},
		{Text: "phone:string:match=e164,pii,null", Type: field.String, Match: new("e164"), PII: true, Null: true},
		{Text: "token:string:secret,max=64,immutable", Type: field.String, Secret: true, Max: new("64"), Immutable: true},
		{Text: "settings:json:secret", Type: field.JSON, Secret: true},
		{Text: "scan:bytes:min=1,max=1000,pii", Type: field.Bytes, Min: new("1"), Max: new("1000"), PII: true},
		{Text: "password:password:min=12", Type: field.Password, Min: new("12")},
		// A default may hold what separates modifiers, as long as no modifier follows it.
		{Text: "begins:time:default=2024-02-29T12:30:00+02:00,filter", Type: field.Time, Default: new("2024-02-29T12:30:00+02:00"), Filter: true},
		{Text: "home:url:default=https://example.com/a?b=c:sort:max=200", Type: field.URL, Default: new("https://example.com/a?b=c"), Sort: true, Max: new("200")},
		{Text: "motto:string:default=slow, but sure,search", Type: field.String, Default: new("slow, but sure"), Search: true},
		{Text: "author:xref=accounts.user:null", Type: field.XRef, Name: name.New("author_id"), Null: true, Filter: true,
			Relation: field.Relation{Name: name.New("author"), Module: "accounts", Resource: "user"}},
		{Text: "post:ref=blog_post:noindex,immutable", Type: field.Ref, Name: name.New("post_id"), NoIndex: true, Immutable: true, Filter: true,
			Relation: field.Relation{Name: name.New("post"), Resource: "blog_post"}},
		{Text: "photo:image=thumb.320+hero.1280", Type: field.Image, Null: true, Variants: []spec.Variant{{Name: "thumb", Width: 320}, {Name: "hero", Width: 1280}}},
		{Text: "photo:image=a.16:null,pii,max=64MiB", Type: field.Image, Null: true, PII: true, Max: new("64MiB"), Variants: []spec.Variant{{Name: "a", Width: 16}}},
		{Text: "manual:file:null", Type: field.File, Null: true},
		{Text: "manual:file:types=pdf+jpeg,max=1MiB", Type: field.File, Null: true, Max: new("1MiB"), Types: new("pdf+jpeg")},
		{Text: "manual:file:max=1GiB", Type: field.File, Null: true, Max: new("1GiB")},
	} {
		if snake, _, _ := strings.Cut(want.Text, ":"); !want.Type.Refers() {
			want.Name = name.New(snake)
		}
		got, err := field.Parse(want.Text)
		if err != nil {
			t.Error(err)
		} else if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", want.Text, got, want)
		}
	}
}

// parameter is what a type is written with.
func parameter(typ field.Type) string {
	return map[field.Type]string{field.Decimal: "=5.2", field.Enum: "=a+b", field.Ref: "=post", field.XRef: "=accounts.user", field.Image: "=thumb.320+hero.1280"}[typ]
}

// value is one for each type, as default, min or max.
func value(typ field.Type) string {
	switch typ {
	case field.Bool:
		return "true"
	case field.Date:
		return "2024-02-29"
	case field.Time:
		return "2024-02-29T12:30:00Z"
	case field.UUID:
		return "0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01"
	case field.Email:
		return "a@example.com"
	case field.URL:
		return "https://example.com/"
	case field.Slug:
		return "summer-sale"
	case field.Enum:
		return "a"
	default:
		return "50"
	}
}

// Every modifier stands alone with every type. What is not refused here is part of the compiled matrix of package generator.
func TestModifiersByType(t *testing.T) {
	t.Parallel()
	refused := map[field.Type]string{
		field.String:   "types",
		field.Text:     "unique index match types filter sort",
		field.Int:      "match types secret search",
		field.Int64:    "match types secret search",
		field.Float:    "match types secret search",
		field.Decimal:  "match types secret search",
		field.Bool:     "unique min max match types secret search",
		field.Date:     "min max match types hidden secret search",
		field.Time:     "min max match types hidden secret search",
		field.UUID:     "min max match types hidden secret search",
		field.Email:    "min match types hidden secret",
		field.URL:      "min match types hidden secret",
		field.Slug:     "min match types hidden secret",
		field.Money:    "unique index default match types hidden secret filter sort search",
		field.Enum:     "unique min max match types hidden secret search",
		field.JSON:     "unique index default min match types hidden filter sort search",
		field.Bytes:    "unique index default match types filter sort search",
		field.Password: "unique index default match types hidden pii secret filter sort search",
		field.Ref:      "index default min max match types hidden pii secret sort search",
		field.XRef:     "index default min max match types hidden pii secret sort search",
		field.Image:    "required unique index default min max match types immutable hidden secret filter sort search", // max is a size, with its unit
		field.File:     "required unique index default min max match immutable hidden secret filter sort search",
	}
	for _, typ := range field.Types() {
		param := parameter(typ)
		for _, mod := range field.Modifiers() {
			text := mod
			switch mod {
			case "default":
				text += "=" + value(typ)
			case "min", "max":
				text += "=50"
			case "match":
				text += "=e164"
			case "types":
				text += "=png"
			case "noindex":
				continue // stands with filter or sort
			}
			_, err := field.Parse(fmt.Sprintf("x:%s%s:%s", typ, param, text))
			if want := slices.Contains(strings.Fields(refused[typ]), mod); want != (err != nil) {
				t.Errorf("%s with %s: error %v", typ, mod, err)
			}
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for text, reason := range map[string]string{
		// Grammar.
		"name":                              "has no type; write name:string",
		"name:":                             "has no type",
		"name:String":                       `the type "String" is not known; there are string text`,
		"name: string":                      `the type " string" is not known`,
		"name:reference=order":              `the type "reference" is not known`,
		"author:ref":                        "write the resource of the same module that it refers to: author:ref=post",
		"author:ref=accounts.user":          "of another module: xref=accounts.user",
		"author:xref=user":                  "write the module and the resource that it refers to: author:xref=accounts.user",
		"author:xref=accounts.users":        "write the module and the resource",
		"author:xref=Accounts.user":         "write the module and the resource",
		"author_id:xref=accounts.user":      "author_id gets _id at its end in any case",
		"author:ref=user:default=1":         "default is not for the type ref, whose values are ids",
		"author:ref=user:null,required":     "required and null contradict each other",
		"author:ref=user:unique,noindex":    "unique makes an index in any case",
		"name:string=5":                     "the type string has no parameter",
		"name:string:":                      `the modifier "" is not known; there are required null`,
		"name:string:required,":             `the modifier "" is not known`,
		"name:string:Required":              `the modifier "Required" is not known`,
		"name:string:secrets":               `the modifier "secrets" is not known`,
		"name:string:match":                 "the modifier match wants a value, match=e164 for instance",
		"name:string:null=true":             "the modifier null has no value",
		"name:string:max":                   "the modifier max wants a value",
		"name:string:max=":                  "the modifier max wants a value",
		"name:string:null,null":             "the modifier null stands twice",
		"name:string:max=1,max=2":           "the modifier max stands twice",
		"name:string:default=a,b,c,index,d": `the modifier "d" is not known`,
		// Parameters.
		"x:decimal":                         "write the digits of a decimal",
		"x:decimal=":                        "write decimal=P.S",
		"x:decimal=0":                       "write decimal=P.S",
		"x:decimal=19":                      "write decimal=P.S",
		"x:decimal=5.6":                     "write decimal=P.S",
		"x:decimal=5.":                      "write decimal=P.S",
		"x:decimal=05.2":                    "write decimal=P.S",
		"x:decimal=+5.2":                    "write decimal=P.S",
		"x:decimal(10":                      `the type "decimal(10" is not known`,
		"x:decimal=10,2":                    "write decimal=P.S",
		"x:enum":                            "write the words of an enum",
		"x:enum=":                           "write the words of an enum",
		"x:enum=a+":                         `the word "" of an enum`,
		"x:enum=A":                          `the word "A" of an enum`,
		"x:enum=1a":                         `the word "1a" of an enum`,
		"x:enum=a b":                        `the word "a b" of an enum`,
		"x:enum=a-b":                        `the word "a-b" of an enum`,
		"x:enum=a'b":                        `the word "a'b" of an enum`,
		"x:enum=a+b+a":                      "the word a stands twice",
		"x:enum=a_b+ab+a_b":                 "the word a_b stands twice",
		"x:enum=a_1+a1":                     "the word a1 stands twice", // one name in Go
		"x:enum=" + strings.Repeat("a", 41): "of an enum has to be",
		"x:file:types":                      "the modifier types wants a value, types=pdf+png for instance",
		"x:file:types=exe":                  `types="exe": write one or some of pdf png jpeg gif webp zip, joined by +`,
		"x:file:types=pdf,png":              `types="pdf,png": write one or some of`,
		"x:file:types=pdf+pdf":              "the type pdf of a file stands twice",
		"x:image=a.320:types=png":           "types is not for the type image: JPEG, PNG, GIF and WebP are taken in any case",
		"x:string:types=pdf":                "types is for the type file, and string is another",
		// Contradictions.
		"x:string:required,null":         "required and null contradict",
		"x:int:required,default=1":       "required and default contradict",
		"x:int:null,default=1":           "null and default contradict",
		"x:string:unique,default=a":      "unique and default contradict",
		"x:string:unique,index":          "unique makes an index in any case",
		"x:string:unique,filter,noindex": "unique makes an index in any case",
		"x:string:noindex":               "noindex takes away the index of filter and sort, and there is neither",
		"x:string:filter,index,noindex":  "index and noindex contradict",
		"x:string:hidden,required":       "a hidden field is not in requests",
		"x:string:hidden,min=3":          "a hidden field is not in requests",
		"x:money:hidden":                 "a hidden field is not in requests",
		"x:string:hidden,filter":         "a hidden field shows itself",
		"x:string:hidden,search":         "a hidden field shows itself",
		"x:string:min=5,max=4":           "min is greater than max",
		"x:string:min=300":               "min is greater than the longest string, 255",
		"x:text:sort":                    "sort is not for the type text",
		"x:money:filter":                 "filter is not for the type money",
		"x:string:max=300,sort":          "sort is for texts of at most 255 characters: add max=255",
		"x:decimal=5.2:min=1.5,max=1.25": "min is greater than max",
		"x:int:secret":                   "secret is for the types string, text, bytes and json, and int is none of them",
		"x:email:secret":                 "secret is for the types string, text, bytes and json, and email is none of them",
		"x:password:secret":              "of a password a hash is kept in any case: take secret away",
		"x:password:pii":                 "neither answered nor logged in any case: take pii away",
		"x:string:secret,pii":            "neither answered nor logged in any case: take pii away",
		"x:string:secret,hidden,null":    "in no answer in any case: take hidden away",
		"x:password:hidden,null":         "in no answer in any case: take hidden away",
		"x:string:secret,default=abc":    "a default would stand in the source",
		"x:string:secret,filter":         "filter finds nothing in what is secret",
		"x:string:secret,sort":           "sort finds nothing in what is secret",
		"x:string:secret,unique":         "unique finds nothing in what is secret",
		"x:string:secret,index":          "index finds nothing in what is secret",
		"x:text:secret,search":           "search finds nothing in what is secret",
		// What a name says.
		"password:string":           "every answer would show it, in lists as well: a password has the type password, and what is read again the modifier secret",
		"owner_password:text":       "every answer would show it",
		"api_key:string:unique":     "every answer would show it",
		"password_hash:bytes":       "every answer would show it",
		"client_secret:json:filter": "every answer would show it",
		// Patterns.
		"x:string:match=e146":             `match="e146": there is no pattern of that name; there are country currency e164 hex_color`,
		"x:string:match=^a+$":             `match="^a+$": there is no pattern of that name`,
		"x:string:match=e164,max=20":      "match=e164 says how long a value is: take min and max away",
		"x:string:match=e164,min=5":       "match=e164 says how long a value is: take min and max away",
		"x:string:match=e164,default=110": `default="110": must be a telephone number like +4930123456`,
		"x:text:match=e164":               "match is for the type string, and text is another",
		"x:email:match=e164":              "match is for the type string: the type email says itself",
		"x:url:match=e164":                "match is for the type string: the type url says itself",
		"x:slug:match=e164":               "match is for the type string: the type slug says itself",
		"x:string:match=e164,match=e164":  "the modifier match stands twice",
		// Bounds.
		"x:json:min=2":                         "min is not for the type json",
		"x:json:max=0":                         "the size in bytes is a whole number from 1 to 2097152",
		"x:bytes:max=2097153":                  "the size in bytes is a whole number from 1 to 2097152",
		"x:bytes:min=65537":                    "min is greater than the longest bytes, 65536",
		"x:bytes:min=5,max=4":                  "min is greater than max",
		"x:password:min=7":                     "the length of a password is a whole number from 8 to 128",
		"x:password:max=129":                   "the length of a password is a whole number from 8 to 128",
		"x:json:default=1":                     "the type json has no default; use null",
		"x:bytes:default=AA==":                 "the type bytes has no default; use null",
		"x:string:max=0":                       "is a whole number from 1 to 65536",
		"x:string:max=-1":                      "is a whole number from 1 to 65536",
		"x:string:max=1.5":                     "is a whole number from 1 to 65536",
		"x:string:max=007":                     "is a whole number from 1 to 65536",
		"x:string:max=1e3":                     "is a whole number from 1 to 65536",
		"x:string:max=99999999999999999999":    "is a whole number from 1 to 65536",
		"x:text:max=65537":                     "is a whole number from 1 to 65536",
		"x:string:max=10001":                   "more than the type string allows",
		"x:email:max=255":                      "more than the type email allows",
		"x:url:max=2049":                       "more than the type url allows",
		"x:email:max=10":                       "too short for the type email: at least 24",
		"x:url:max=10":                         "too short for the type url",
		"x:slug:max=10":                        "too short for the type slug",
		"x:int:max=2147483648":                 "does not fit into 32 bits: use int64",
		"x:int:max=18446744073709551621":       "does not fit into 32 bits: use int64",
		"x:int:max=2147483647":                 "is the limit of the type in any case",
		"x:int:min=-2147483648":                "is the limit of the type in any case",
		"x:int64:max=9223372036854775808":      "does not fit into 64 bits",
		"x:int64:min=-9223372036854775808":     "is the limit of the type in any case",
		"x:money:max=9223372036854775807":      "is the limit of the type in any case",
		"x:money:min=1.5":                      "is not a value of the type money",
		"x:int:min=1.5":                        "is not a value of the type int",
		"x:int:min=abc":                        "is not a value of the type int",
		"x:int:min=+1":                         "is not a value of the type int",
		"x:int:min=0x10":                       "is not a value of the type int",
		"x:int:min=1_000":                      "is not a value of the type int",
		"x:int:min=-0":                         "is not a value of the type int",
		"x:float:min=NaN":                      "is not a value of the type float",
		"x:float:max=1e400":                    "is not a value of the type float",
		"x:float:max=1234567890":               "at most 9 digits before the point and 6 behind it",
		"x:float:max=0.1234567":                "at most 9 digits before the point and 6 behind it",
		"x:decimal=5.2:max=1000":               "does not fit into decimal=5.2",
		"x:decimal=5.2:max=1.005":              "does not fit into decimal=5.2",
		"x:int:max=" + strings.Repeat("9", 41): "is too long for a number",
		// Defaults.
		"x:int:default=abc":                                    "is not a value of the type int",
		"x:int:default=2147483648":                             "does not fit into 32 bits",
		"x:int:min=5,default=4":                                "is less than min",
		"x:int:max=5,default=6":                                "is greater than max",
		"x:decimal=5.2:default=1.234":                          "does not fit into decimal=5.2",
		"x:bool:default=yes":                                   "is neither true nor false",
		"x:bool:default=1":                                     "is neither true nor false",
		"x:enum=a+b:default=c":                                 "is none of the words of the enum",
		"x:date:default=2023-02-29":                            "is not a date",
		"x:date:default=0000-01-01":                            "is not a date",
		"x:date:default=today":                                 "is not a date",
		"x:time:default=2024-01-01":                            "is not a time",
		"x:time:default=2024-01-01T1:00:00Z":                   "is not a time",
		"x:time:default=2024-01-01T12:00:00,5Z":                "is not a time",
		"x:time:default=0001-01-01T00:00:00Z":                  "is not a time", // means none
		"x:time:default=9999-12-31T23:59:59-01:00":             "is not a time", // in the year 10000 of UTC
		"x:uuid:default=0192F0C1-2B3C-7D4E-8F5A-6B7C8D9E0F01":  "is not a UUID in lower case",
		"x:uuid:default=00000000-0000-0000-0000-000000000000":  "is not a UUID in lower case, or the one of zeros",
		"x:money:default=5":                                    "an amount has no default",
		"x:email:default=nobody":                               "is not a plain e-mail address",
		"x:email:default=Anna@example.com":                     "is not a plain e-mail address in lower case",
		"x:email:default=a@[127.0.0.1]":                        "is not a plain e-mail address",
		"x:email:default=" + strings.Repeat("a", 65) + "@b.de": "is not a plain e-mail address",
		"x:url:default=example.com":                            "is not an address",
		"x:url:default=ftp://example.com":                      "is not an address",
		"x:url:default=http://:80/":                            "is not an address",
		"x:url:default=https://exämple.com/":                   "is not an address",
		"x:url:default=https://example.com/a b":                "is not an address",
		"x:slug:default=Two Words":                             "is not a slug",
		"x:string:max=3,default=abcd":                          "is longer than the field",
		"x:string:min=3,default=ab":                            "is shorter than min",
		"x:string:default=say \"hi\"":                          "have no place in a default",
		"x:string:default=a`b":                                 "have no place in a default",
		"x:string:default={{.}}":                               "have no place in a default",
		"x:string:default=$HOME":                               "have no place in a default",
		"x:string:default=a\\b":                                "have no place in a default",
		"x:string:default=a\nb":                                "have no place in a default",
		"x:string:default=a\x00b":                              "have no place in a default",
		"x:string:default=\xff":                                "have no place in a default",
		"x:string:default=\ufeffa":                             "have no place in a default",
		"x:string:default=\u202ea":                             "have no place in a default",
	} {
		_, err := field.Parse(text)
		e, ok := errors.AsType[*field.Error](err)
		if !ok {
			t.Errorf("%.60q: error %v", text, err)
			continue
		}
		if !strings.Contains(e.Reason, reason) || e.Field != text {
			t.Errorf("%.60q: %v, want %s", text, e, reason)
		}
		if _, err := field.Parse(e.Proposal); err != nil {
			t.Errorf("%.60q: the proposal is no field: %v", text, err)
		}
	}
}

// A proposal keeps what can be kept.
func TestProposals(t *testing.T) {
	t.Parallel()
	for text, proposal := range map[string]string{
		"name":                                            "name:string",
		"name:String:required":                            "name:string:required",
		"size:integer:null,filter":                        "size:int:null,filter",
		"begins:datetime":                                 "begins:time",
		"owner:ref=user:index":                            "owner:ref=user",
		"user_id:ref=user":                                "user:ref=user", // a reserved word of SQL, which user_id is not
		"owner:ref:null":                                  "owner:ref=post:null",
		"owner_id:ref=user:null":                          "owner:ref=user:null",
		"owner:xref=users:unique":                         "owner:xref=accounts.user:unique",
		"price:decimal(10":                                "price:decimal=12.2",
		"price:decimal=19.2:null":                         "price:decimal=12.2:null",
		"state:enum":                                      "state:enum=draft+published",
		"name:string:Required,sorted":                     "name:string:required",
		"name:string:required,null,filter":                "name:string:required,filter",
		"name:string:null=true":                           "name:string:null",
		"name:string:noindex,filter,null,required":        "name:string:filter,noindex,null",
		"name:string:noindex":                             "name:string",
		"price:money:hidden":                              "price:money:hidden,null",
		"token:string:hidden,filter":                      "token:string:hidden",
		"name:string:max=300,sort":                        "name:string:max=300",
		"name:text:filter,search":                         "name:text:search",
		"password:string":                                 "password:password",
		"owner_password:text:null":                        "owner_password:password:null",
		"client_secret:json:filter":                       "client_secret:json:secret",
		"api_key:string:unique,required":                  "api_key:string:secret,required",
		"photo:image=thumb.320+hero.1280,max=5MiB":        "photo:image=thumb.320+hero.1280:max=5MiB",
		"size:integer,min=1,filter:null":                  "size:int:min=1,filter,null",
		"state:enum=draft,live:null":                      "state:enum=draft+published:null",
		"name:string:default=" + strings.Repeat("a", 300): "name:string",
	} {
		_, err := field.Parse(text)
		if e, ok := errors.AsType[*field.Error](err); ok && e.Proposal != proposal {
			t.Errorf("%.60q: try %s, want %s", text, e.Proposal, proposal)
		} else if !ok {
			t.Errorf("%.60q: error %v", text, err)
		}
	}
}

func TestDefaultsThatAreTaken(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"x:string:default=it costs 5 € (net), really?", "x:string:default=日本語 🛒", "x:text:default=" + strings.Repeat("long ", 2000),
		"x:int:default=2147483647", "x:int:default=-2147483648",
		"x:int64:default=-9223372036854775808", "x:float:default=-0.000001", "x:decimal=18.18:default=0.123456789012345678",
		"x:decimal=4.2:default=-99.99", "x:date:default=9999-12-31",
		"x:time:default=2024-02-29T23:30:00.123456789-05:30", "x:email:default=a.b+c_d-e@mail.example.com", "x:url:default=http://localhost:8080/a%20b?c=d#e", "x:url:default=https://[::1]/",
	} {
		if _, err := field.Parse(text); err != nil {
			t.Error(err)
		}
	}
}

// What is at a limit is still inside.
func TestLimitsAreTaken(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"x:string:max=10000", "x:text:max=65536", "x:email:max=254", "x:email:max=24", "x:url:max=2048", "x:url:max=40", "x:slug:max=16", "x:string:max=255,sort",
		"x:string:min=255", "x:string:min=5,max=5", "x:int:min=5,max=5", "x:int:max=2147483646", "x:int:min=-2147483647", "x:bytes:max=2097152", "x:bytes:min=65536",
		"x:password:min=8,max=128", "x:decimal=18.18", "x:decimal=1.0", "x:enum=" + strings.Repeat("a", 40),
		"x:string:max=3,default=abc", "x:string:min=3,default=abc", "x:int:min=3,max=3,default=3", "x:decimal=18.18:max=" + "0.123456789012345678",
		"x:date:default=0001-01-01", "x:time:default=0001-01-01T00:00:01Z", "x:time:default=9999-12-31T23:59:59Z",
		"x:email:default=" + strings.Repeat("a", 52) + "@example.com",
	} {
		if _, err := field.Parse(text); err != nil {
			t.Error(err)
		}
	}
}

// What only sounds like a secret is a field like others, and so is one that nobody sees.
func TestNamesThatSoundSecret(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"password_hint:string", "password_changed:time:null", "secret:bool", "has_password:bool", "secretary:string", "token:string", "key:string",
		"password:password", "api_key:string:secret", "secret:text:hidden,null",
	} {
		if _, err := field.Parse(text); err != nil {
			t.Error(err)
		}
	}
}

// A request has to hold a field when nothing can stand in for it.
func TestMustBeGiven(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"x:string": false, "x:string:required": true, "x:string:min=3": true, "x:string:min=3,null": false,
		"x:string:min=3,default=abc": false, "x:text:max=5": false,
		"x:int": false, "x:int:required": true, "x:int:min=0": false, "x:int:min=1": true, "x:int:min=-5,max=-1": true,
		"x:int:min=-5,max=5": false, "x:decimal=5.2:min=0.00": false,
		"x:decimal=5.2:max=-0.01": true, "x:bool": false, "x:bool:required": true, "x:date": true, "x:date:null": false,
		"x:date:default=2024-01-01": false, "x:time": true, "x:uuid": true,
		"x:email": true, "x:url": true, "x:slug": true, "x:money": true, "x:money:null": false, "x:enum=a": true,
		"x:enum=a:default=a": false,
		"x:json":             true, "x:json:null": false, "x:bytes": false, "x:bytes:min=1": true, "x:password": true, "x:password:null": false,
		"x:string:match=e164": true, "x:string:match=e164,null": false, "x:string:match=e164,default=+4930123456": false,
		"x:string:secret": false, "x:string:secret,required": true, "x:ref=post": true, "x:xref=accounts.user:null": false,
	} {
		f, err := field.Parse(text)
		if err != nil {
			t.Error(err)
		} else if f.MustBeGiven() != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
}

// The generated tests are made of the examples, the seed of the samples. (Go and JavaScript read an expression in the same way where package api
// takes it, which TestGeneratedModules tries.)
func TestPatterns(t *testing.T) {
	t.Parallel()
	for _, p := range field.Patterns() {
		for _, example := range p.Examples {
			if !p.Fits(example) || len(example) > p.Max {
				t.Errorf("%s does not match its example %q", p.Name, example)
			}
		}
		for _, text := range []string{"", "-", p.Examples[0] + "\n", " " + p.Examples[0], p.Examples[0] + " "} {
			if p.Fits(text) {
				t.Errorf("%s matches %q", p.Name, text)
			}
		}
		if p.Examples[0] == p.Examples[1] || p.Distinct < 100 || !strings.HasPrefix(p.Means, "must be ") {
			t.Errorf("%+v", p)
		}
	}
}

func TestParseAllSaysEverything(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fields []string
		want   []string // what the error says, by line
	}{
		{[]string{"a:string", "b:int", "user_id:uuid", "userid:string"}, nil},
		{[]string{"a:strin", "order:int", "b:int:search", "ok:int"}, []string{`field "a:strin"`, `field name "order"`, `field "b:int:search"`}},
		{[]string{"a:string", "a:int"}, []string{`field "a:int": has a name in common with the field "a:string"`}},
		{[]string{"a_1:string", "a1:int"}, []string{`field "a1:int": has a name in common with the field "a_1:string"`}}, // A1 in Go
		{[]string{"price:money", "price_amount:int"}, []string{`has a name in common with the field "price:money"`}},
		{[]string{"price_currency:string", "price:money"}, []string{`has a name in common with the field "price_currency:string"`}},
		{[]string{"a:string", "a:text:default=" + strings.Repeat("x", 9000)}, []string{`..."`}},
	} {
		fields, err := field.ParseAll(c.fields)
		var lines []string
		if err != nil {
			lines = strings.Split(err.Error(), "\n")
		}
		if len(lines) != len(c.want) || len(fields) != len(c.fields)-len(c.want) {
			t.Errorf("%.80q: %d fields, error %v", c.fields, len(fields), err)
			continue
		}
		for i, line := range lines {
			if !strings.Contains(line, c.want[i]) && c.want[i] != `..."` || len(line) > 400 {
				t.Errorf("%.80q: %s, want %s", c.fields, line, c.want[i])
			}
		}
	}
}

// Whatever is typed gets a field or an error on one line, and never a panic.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	pieces := []string{
		"", "\x00", "\n", "\r\n", "{{", "{{.Module}}", "}}", "`", `"`, "'", `\`, "$(rm -rf /)", "; drop table users", "../../etc/passwd",
		"🛒", "имя", "прайс", "\u202e", "\ufeff", "\xff\xfe",
		strings.Repeat("a", 10000), strings.Repeat("\x00", 10000), strings.Repeat("🛒", 2500), strings.Repeat(",", 10000),
		strings.Repeat(":", 10000), strings.Repeat("=", 10000),
	}
	for _, p := range pieces {
		for _, form := range []string{
			"%s", "%s:string", "a%s:string", "x:%s", "x:string%s", "x:string=%s", "x:string:%s", "x:string:max=%s", "x:string:default=%s",
			"x:int:default=%s", "x:int:%s=1", "x:decimal=%s",
			"x:decimal=5.%s", "x:enum=%s", "x:enum=a+%s", "x:enum=a:default=%s", "x:date:default=%s", "x:time:default=%s", "x:url:default=https://example.com/%s", "x:email:default=%s@example.com",
			"x:slug:default=%s", "x:uuid:default=%s", "x:bool:default=%s",
		} {
			wantOneLine(t, fmt.Sprintf(form, p))
		}
	}
}

// wantOneLine fails the test when a field is refused in a way that a terminal does not show well.
func wantOneLine(t *testing.T, text string) {
	t.Helper()
	_, err := field.Parse(text)
	if err == nil {
		return
	}
	message := err.Error()
	if len(message) > 400 || strings.ContainsFunc(message, func(r rune) bool { return r < ' ' || r > '~' }) {
		t.Errorf("%.80q: not one line of plain text (%d bytes): %q", text, len(message), message)
	}
	badField, badName := (*field.Error)(nil), (*name.Error)(nil)
	if !errors.As(err, &badField) && !errors.As(err, &badName) {
		t.Errorf("%.80q: an error of the type %T", text, err)
	}
}
