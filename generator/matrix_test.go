package generator

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/derive"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/render"
	"github.com/banyan-go/banyan/generator/resource"
	"github.com/banyan-go/banyan/generator/scaffold"
)

// matrix are resources as a person types them: each type with every modifier that it takes, names that are those of variables, packages and
// parameters elsewhere, indexes over several fields. A module without fields is empty.
const matrix = `
shop/customer     email:email:unique,search  name:string:required,sort,filter  born:date:null  --soft-delete --require-match --unique=name+born --auth=public  --cache=1m

catalog/category  name:string:required,unique,filter,sort,search,max=64  note:string  code:string:min=3,max=8,unique
                  nick:string:null,filter,sort,search
                  motto:string:default=R&D,filter,sort,noindex  pin:string:hidden,default=abc,max=10
                  batch:string:immutable,required,index  tiny:string:max=3
                  two:string:required,unique,min=2,max=2  long:string:min=150,search  none:string:hidden,null,unique
catalog/document  body:text  lead:text:required,search,min=2,max=5000  maybe:text:null,search  quiet:text:hidden,null
                  fixed:text:immutable,default=hello  huge:text:min=400,max=500
catalog/number    count:int:filter,sort  limited:int:min=-5,max=5,required  level:int:null,min=1,filter,sort  age:int:default=18,min=18
                  rank:int:hidden,default=-7
                  fix:int:immutable,max=-3  top:int:min=2147483646,max=2147483646  serial:int:unique,required  part:int:index
catalog/big       count:int64:filter,sort  limited:int64:min=-5000000000,max=5000000000,required  level:int64:null,min=1,filter,sort
                  age:int64:default=9223372036854775807
                  serial:int64:unique,null  low:int64:min=-9223372036854775807,max=-9223372036854775806,immutable
                  rank:int64:hidden,default=3,index
catalog/ratio     rate:float:filter,sort  limited:float:min=-0.5,max=0.5,required  level:float:null,min=0.0005,max=0.0009,filter,sort
                  age:float:default=1.50  exact:float:unique,null
                  rank:float:hidden,default=2.25  fix:float:immutable,index,min=123456789.5  --cache=90s
catalog/weight    gross:decimal=12.2:filter,sort  limited:decimal=5.3:min=-0.5,max=0.5,required  level:decimal=18.18:null,filter,sort
                  age:decimal=4:default=1234
                  rank:decimal=6.2:hidden,default=2.20  serial:decimal=10.2:unique,required  whole:decimal=18  small:decimal=2.2
                  neg:decimal=5.2:max=-1.5,immutable,index  --cache=1h30m
catalog/flag      active:bool:default=true,filter  given:bool:required,filter,sort  off:bool  maybe:bool:null,filter,sort
                  rank:bool:hidden,default=true  fix:bool:immutable,index
catalog/day       on_day:date:filter,sort,unique  maybe:date:null,filter,sort  leap:date:default=2024-02-29
                  rank:date:hidden,default=2000-01-01  fix:date:immutable,index,required  --cache=24h
catalog/moment    at:time:filter,sort,unique  maybe:time:null,filter,sort  leap:time:default=2024-02-29T12:30:00.123456+02:00
                  rank:time:hidden,default=2024-02-29T08:09:05Z
                  fix:time:immutable,index,required  --cache=1s
catalog/link      owner:uuid:filter,sort,unique  maybe:uuid:null,filter,sort  fallback:uuid:default=0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01
                  rank:uuid:hidden,null  fix:uuid:immutable,index,required
catalog/contact   email:email:unique,filter,sort,search  maybe:email:null,filter,search  fallback:email:default=a.b@example.com
                  rank:email:hidden,default=a@example.com
                  fix:email:immutable,index,required  short:email:max=24
catalog/site      url:url:max=200,unique,filter,sort,search  maybe:url:null,search  fallback:url:default=https://example.com/a?b=c
                  rank:url:hidden,null  fix:url:immutable,required  short:url:max=40,index
catalog/article   slug:slug:unique,filter,sort,search  maybe:slug:null,filter,search  fallback:slug:default=summer-sale
                  rank:slug:hidden,null  fix:slug:immutable,index,required  short:slug:max=16
catalog/price     gross:money  maybe:money:null  limited:money:min=1,max=100  fix:money:immutable,required  rank:money:hidden,null  --cache=1m
catalog/state     step:enum=draft+live:default=draft,filter,sort  one:enum=alone  maybe:enum=a+b+c:null,filter,sort
                  rank:enum=x+y:hidden,default=y  fix:enum=p+q:immutable,index
                  many:enum=a_b+c_1+true+null:required  --cache=1m
catalog/mixture   share:decimal=5.2:unique,null  label:string:required,unique,immutable  kind:enum=x+y  size:int:min=1,max=100
                  --unique=kind+label  --unique=size+share  --index=kind+size
catalog/event     kind:enum=a+b:immutable  at:time:immutable  who:uuid:immutable  note:string:immutable,null  --auth=session  --cache=1m
catalog/counter   value:int  --auth=session
catalog/token     owner:uuid

names/line_item   fields:string  row:string  query:string  page:string  db:string  err:string  ctx:string  kind:string  type:string:filter
                  func:string  q:string:search  count:int:sort
                  after:string  name:string  sort:string:sort,filter
names/api_key     body:string  data:string  etag:string  location:string  status:string  value:string  p:string  c:string  r:string:sort
                  n:int  s:string  h:string  t:string  v:string
                  url:url  api_url:url  http_header:string  line_2:string:filter,sort,search  a_b:int:filter,sort  ui_design:string:sort
                  https:bool:filter  tcp_udp:string:sort
                  acl_list:string:search  ids:string  xss:money
names/url         title:string:required,filter  --auth=token  --cache=1m
names/news        title:string:required
names/page_item   title:string:required
names/status      title:string:required
names/address     line_1:string:required,unique  line_2:string:null
names/person      full_name:string  age:int  born:date:null  --path=staff/humans  --index=full_name+age  --unique=full_name+born
names/user        email:email:unique  nick:slug:unique

shop/order        number:string:required,filter  --auth=session

ident/account     email:email:unique,pii,search,filter  name:string:pii,null,sort  password:password  phone:string:match=e164,pii,null
                  api_key:string:secret,null,min=10  settings:json:null  scan:bytes:null,max=1000  --cache=1m
ident/vault       pin:password:null,min=10,max=12  note:text:secret,required  blob:bytes:secret,null,min=2,max=40
                  conf:json:secret,immutable,max=10  token:string:secret,immutable,match=sha256  label:string  --require-match --soft-delete --auth=session  --cache=1m
ident/paper       body:json  raw:bytes:required  tiny:bytes:max=2,immutable  hid:json:hidden,null  hb:bytes:hidden,null  small:json:max=8,null
                  big:bytes:min=4000,null  born:date:pii  rank:int:pii,hidden,null  code:string:match=country,unique,sort,filter
                  color:string:match=hex_color,default=#00ff00  ver:string:match=semver,immutable  cur:string:match=currency,null,filter
                  lang:string:match=language,search  nick:string:match=username,unique  sum:string:match=sha256,pii
ident/login       password:password:immutable
ident/letter      text:string:secret  status:string:secret,null  code:password:null  data:bytes:secret,null  kind:enum=code+other
shop/entry        note:string:immutable  --soft-delete --require-match

orders/order      number:string:required  placed:time:sort  --unique=number+placed
orders/order_line order_id:uuid:index  amount:int:min=1  --index=order_id+amount

tenants/basket    tenant:string:max=40  number:string  note:text:null,search  total:money  placed:time:sort  kind:enum=a+b:filter
                  --shard-by=tenant  --unique=tenant+number  --index=tenant+placed  --soft-delete  --auth=token  --cache=1m
tenants/visit     owner:uuid  place:string:null,filter,sort,search  pin:string:secret,null  at:time  --shard-by=owner  --require-match  --auth=session  --cache=1m
tenants/profile   name:slug:unique  motto:string:search  --shard-by=name

tenants/dossier   owner:uuid  scan:file:pii  cover:image=small.64:max=1MiB  code:string:secret,null  --shard-by=owner  --cache=1m

gallery/item      name:string:required  photo:image=thumb.320+hero.1280  manual:file:null,max=20MiB  --auth=session  --cache=1m
gallery/scan      url:file:max=512KiB,types=zip  line_2:image=a.16+b.32+x2.64  pin:password:null  --auth=token  --require-match
gallery/shot      picture:image=card.640  --soft-delete  --auth=public  --cache=1m
gallery/remark    item:ref=item:null  text:string  shot:ref=shot  attachment:file  --auth=public
gallery/poster    title:string:required,search  cover:image=card.640  leaflet:file  item:ref=item:null  code:string:secret,null  cost:int:hidden,null
                  --soft-delete  --auth=session  --read=public  --cache=1m
gallery/sticker   text:string:required,sort  sheet:file:types=webp+pdf  shot:ref=shot  --auth=token  --read=public  --cache=1m

order/line        label:string
post/data         label:string
posts/series      label:string

accounts/user     name:string:required,search  email:email:unique,pii  pin:password:null  level:enum=a+b:null  --soft-delete  --cache=1m
crm/user          label:string:required  rank:int:hidden,default=1  --cache=1m
crm/deal          buyer:xref=accounts.user:filter  seller:ref=user:required,immutable  title:string  --require-match  --auth=token
blog/post         title:string:required,search,sort  author:xref=accounts.user  editor:xref=accounts.user:null  seller:xref=crm.user:null,noindex
                  comments:many=comment  links:many=link
                  fee:money:null  --cache=1m
blog/comment      post:ref=post:immutable  author:xref=accounts.user:null  body:text:required  code:string:secret,null  --soft-delete  --auth=session  --cache=1m
blog/chapter      parent:ref=chapter:null  slug:slug:unique  children:many=chapter  --auth=session  --cache=1m
blog/profile      user:xref=accounts.user:unique  motto:string
blog/like         post:ref=post  user:xref=accounts.user:noindex  --unique=post+user_id
blog/link         type:ref=post  order:ref=comment:null  into:ref=chapter:unique,null  post:ref=post:immutable,null
blog/note         author:xref=accounts.user  text:string:search  all_remarks:many=remark  --shard-by=author
blog/remark       note:ref=note  author:xref=accounts.user:null  --shard-by=note  --soft-delete  --cache=1m

empty
`

// importer is a part of the module empty, written by hand: it has settings, asks another module, and verifies tokens.
const importer = `package emptywire

import (
	"context"

	"github.com/google/wire"

	"example.com/app/modules/orders"
	"github.com/banyan-go/banyan/platform/api"
)

// Importer reads orders.
type Importer struct {
	cfg    ImporterConfig
	orders orders.Orders
}

// ImporterConfig are the settings of the importer.
type ImporterConfig struct {
	Batch int ` + "`config:\"batch\"`" + `
}

// VerifyToken knows nobody: there has to be somebody to ask where resources want a token.
func (*Importer) VerifyToken(context.Context, string) (api.Caller, error) { return api.Caller{}, nil }

func defaultImporter() ImporterConfig { return ImporterConfig{Batch: 100} }

// ImporterNeeds is what the importer asks.
type ImporterNeeds struct{ Orders orders.Orders }

func newImporter(cfg ImporterConfig, needs ImporterNeeds) *Importer {
	return &Importer{cfg, needs.Orders}
}

var importerSet = wire.NewSet(newImporter)
`

// importerTest is the test of the module empty, which has to give what the importer asks for.
const importerTest = `package empty_test

import (
	"context"
	"testing"

	"example.com/app/modules/empty/emptywire"
	"example.com/app/modules/orders"
	"github.com/banyan-go/banyan/platform/apptest"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/module"
)

type noOrders struct{}

func (noOrders) ByIDs(context.Context, []id.ID) (map[id.ID]orders.Order, error) { return nil, nil }

func (noOrders) Latest(context.Context, int) ([]id.ID, error) { return nil, nil }

func TestModuleStarts(t *testing.T) {
	t.Parallel()
	apptest.Run(t, func(p module.Platform) (module.Module, error) {
		if _, err := emptywire.New(p, emptywire.Default(), emptywire.Needs{}); err == nil || err.Error() !=
			"empty: Needs.Importer.Orders is nil: a test gives it in boot, in empty_test.go" {
			t.Errorf("without its needs: %v", err)
		}
		return emptywire.New(p, emptywire.Default(), emptywire.Needs{Importer: emptywire.ImporterNeeds{Orders: noOrders{}}})
	}).Get("/readyz").Want(200)
}
`

// TestGeneratedModules makes an application, writes the matrix into it, and runs what its team would run.
func TestGeneratedModules(t *testing.T) {
	t.Parallel()
	if os.Getenv("BANYAN_LONG") != "1" {
		t.Skip("builds forty resources and some mutants, for minutes; BANYAN_LONG=1 runs it, as continuous integration does")
	}
	p := newProject(t)
	first := resource.Spec{Module: "shop", Name: "product", Fields: strings.Fields("sku:string:required,unique,max=64,sort name:string:required,search,sort " +
		"price:money active:bool:default=true,filter released:date:null,sort contact:email:null")}
	plan, err := Resource(t.Context(), p, first, time.Date(2026, 11, 23, 10, 15, 0, 0, time.UTC), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range plan.Changes {
		if c.Old != nil && !derive.Derived(c.Path) {
			t.Errorf("a resource changes %s", c.Path)
		}
	}
	write(t, plan)
	if plan, err = apply.Make(t.Context(), p, apply.Edit{Add: matrixFiles(t, p)}, nil); err != nil {
		t.Fatal(err)
	}
	write(t, plan)

	run(t, p, "test", "-vet=all", "./...")
	run(t, p, "run", p.Main(), "openapi") // all modules in one program: operations have ids of their own, types can be described together
	t.Run("seed", func(t *testing.T) { testSeedIsQuiet(t, p) })
	t.Run("mutants", func(t *testing.T) { testMutants(t, p) })
}

// testSeedIsQuiet adds rows with every statement logged: what is private about them is in no line.
func testSeedIsQuiet(t *testing.T, p *project.Project) {
	out, err := goCommand(t, p, "run", p.Main(), "db", "seed", "--mode", "dev", "--rows", "4", "--set", "db.slow=1ns")
	if err != nil || !strings.Contains(out, `INSERT INTO `) || !strings.Contains(out, "ident_accounts") {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, private := range []string{"@example.com", "+4930", "Api key 0", "Note 0", "argon2id"} {
		if strings.Contains(out, private) {
			t.Errorf("%q is in what it prints", private)
		}
	}
}

// newProject returns an application that builds against this checkout.
func newProject(t *testing.T) *project.Project {
	t.Helper()
	checkout, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "app")
	if _, err := scaffold.New(t.Context(), scaffold.Options{Dir: dir, Module: "example.com/app", Replace: checkout}, nil); err != nil {
		t.Fatal(err)
	}
	p, err := project.Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// matrixFiles renders the matrix.
func matrixFiles(t *testing.T, p *project.Project) []render.File {
	t.Helper()
	var files []render.File
	made := map[string]bool{"shop": true}
	for i, s := range parseMatrix() {
		var more []render.File
		var err error
		if s.Name == "" {
			more, err = moduleFiles(p.Module, s.Module)
		} else {
			s.Migration = 20261123101501 + int64(i/59*100+i%59) // each minute has no second 60
			more, err = resourceFiles(p.Module, s, !made[s.Module], parseMatrix()...)
		}
		if err != nil {
			t.Fatalf("%s/%s: %v", s.Module, s.Name, err)
		}
		made[s.Module] = true
		files = append(files, more...)
	}
	for i := range files {
		if files[i].Path == "modules/empty/empty_test.go" {
			files[i].Data = []byte(importerTest)
		}
	}
	return append(files, render.File{Path: "modules/empty/emptywire/importer.go", Data: []byte(importer), Mode: 0o644})
}

func parseMatrix() []resource.Spec {
	var specs []resource.Spec
	for line := range strings.Lines(matrix) {
		words := strings.Fields(line)
		if len(words) > 0 && line[0] != ' ' {
			module, name, _ := strings.Cut(words[0], "/")
			specs = append(specs, resource.Spec{Module: module, Name: name})
			words = words[1:]
		}
		for _, w := range words {
			s := &specs[len(specs)-1]
			switch flag, value, _ := strings.Cut(w, "="); flag {
			case "--soft-delete":
				s.SoftDelete = true
			case "--require-match":
				s.RequireMatch = true
			case "--auth":
				s.Auth = resource.Auth(value)
			case "--read":
				s.Read = resource.Auth(value)
			case "--cache":
				s.Cache = resource.TTL(value)
			case "--path":
				s.Path = value
			case "--index":
				s.Index = append(s.Index, value)
			case "--shard-by":
				s.ShardBy = value
			case "--unique":
				s.Unique = append(s.Unique, value)
			default:
				s.Fields = append(s.Fields, w)
			}
		}
	}
	return specs
}

func write(t *testing.T, plan *apply.Plan) {
	t.Helper()
	if err := plan.Write(); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, p *project.Project, args ...string) {
	t.Helper()
	if out, err := goCommand(t, p, args...); err != nil {
		t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func goCommand(t *testing.T, p *project.Project, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = p.Root
	out, err := cmd.CombinedOutput()
	return string(out), err
}
