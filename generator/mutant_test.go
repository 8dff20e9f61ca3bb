package generator

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/generator/project"
)

// A mutant is generated code with one guard taken out. The tests of the rules see those whose name begins with rules, the tests over HTTP the
// others.
type mutant struct{ name, file, old, new string }

func mutants() []mutant {
	const (
		rules   = "modules/shop/internal/product/product.go"
		store   = "modules/shop/internal/product/store.go"
		service = "modules/shop/internal/product/service.go"
		web     = "modules/shop/internal/web/product.go"
		// Of resources that not everybody may call.
		policy      = "modules/shop/internal/web/order_policy.go"
		orderWeb    = "modules/shop/internal/web/order.go"
		tokenPolicy = "modules/names/internal/web/url_policy.go"
		// Of a resource whose deleted rows stay, and whose changes need If-Match.
		keptStore   = "modules/shop/internal/customer/store.go"
		keptService = "modules/shop/internal/customer/service.go"
		keptWeb     = "modules/shop/internal/web/customer.go"
		keptCache   = "modules/shop/internal/customer/cache.go" // it is cached, too
		keptTable   = "modules/shop/migrations/sqlite/20261123101501_customers.sql"
		// Of resources with secrets, and with JSON, bytes and patterns.
		guard       = "modules/ident/internal/vault/protect.go"
		guarded     = "modules/ident/internal/vault/service.go"
		guardedKept = "modules/ident/internal/vault/cache.go"
		secretRules = "modules/ident/internal/vault/vault.go"
		paperRules  = "modules/ident/internal/paper/paper.go"
		// Of one that refers to others.
		post        = "modules/blog/internal/post/relations.go"
		postService = "modules/blog/internal/post/service.go"
		postWeb     = "modules/blog/internal/web/post.go"
		// Of one with uploads.
		receive       = "modules/gallery/internal/item/receive.go"
		uploadService = "modules/gallery/internal/item/service.go"
		uploadWeb     = "modules/gallery/internal/web/item.go"
		// Of one that everybody may read.
		openPolicy = "modules/gallery/internal/web/poster_policy.go"
		openWeb    = "modules/gallery/internal/web/poster.go"
	)
	return []mutant{
		{"rules: a rule is wider", rules, "RuneCountInString(product.Sku) <= 64", "RuneCountInString(product.Sku) <= 65"},
		{"a change is forgotten", rules, "\tc.Name.To(&product.Name)\n", ""},
		{"rules: a spelling is kept", rules, "strings.ToLower(*product.Contact)", "strings.TrimSpace(*product.Contact)"},
		{"a taken value is a failure of the server", store, "taken(q.Create(&rows).Error)", "q.Create(&rows).Error"},
		{"a value taken by a change is a failure of the server", store, "taken(q.Select(\"*\").Updates(&r).Error)", "q.Select(\"*\").Updates(&r).Error"},
		{"null is not written", store, "q.Select(\"*\").Updates", "q.Updates"},
		{"a sort by another column", store, `{Name: "name", Type: page.String(), Sort: true}`, `{Name: "name", Column: "sku", Type: page.String(), Sort: true}`},
		{"an update of any version", service, "\t\t\treturn err\n\t\t}\n\t\tif product, err = apply", "\t\t}\n\t\tif product, err = apply"},
		{"a removal of any version", service, "\t\t\treturn err\n\t\t}\n\t\treturn db.Referenced", "\t\t}\n\t\treturn db.Referenced"},
		{"filters are ignored", service, "\trows, err := db.List[row]", "\tq.Filters = nil\n\trows, err := db.List[row]"},
		{"the search is ignored", service, "\trows, err := db.List[row]", "\tq.Search = \"\"\n\trows, err := db.List[row]"},
		{"items are dropped", service, "\treturn page.Map(rows, row.product), nil", "\trows.Items = rows.Items[:min(1, len(rows.Items))]\n\treturn page.Map(rows, row.product), nil"},
		{"nothing is found by id", service, "db.Global), ids)", "db.Global), nil)"},
		{"one of two is the latest", service, "db.Latest[row](s.db.Query(ctx, db.Global), n)", "db.Latest[row](s.db.Query(ctx, db.Global), 1)"},
		{"Location leads elsewhere", web, `"/shop/products/" +`, `"/shop/product/" +`},
		{"one ETag for all versions", web, "api.Version(found.Version)", "api.Version(1)"},
		{"one ETag for all changes", web, "api.Version(changed.Version)", "api.Version(1)"},
		{"a deleted row is lost", keptService, `Model(&r).UpdateColumn("deleted_at", s.clock.Now())`, `Unscoped().Delete(&r)`},
		{"a deleted row is found", keptStore, `q.Where("id = ?", customerID)`, `q.Unscoped().Where("id = ?", customerID)`},
		{"deleted rows are listed", keptCache, `db.List[row](s.db.Query(ctx, db.Global), q)`, `db.List[row](s.db.Query(ctx, db.Global).Unscoped(), q)`},
		{"deleted rows are found by id", keptCache, "db.Global), ids)", "db.Global).Unscoped(), ids)"},
		{"a deleted value is taken", keptTable, "(email) WHERE deleted_at IS NULL", "(email)"},
		{"a change of any version", keptWeb, "required:\"true\"`\n\t\tBody", "`\n\t\tBody"},
		{"a deletion of any version", keptWeb, "required:\"true\"`\n\t}\n\tcreated", "`\n\t}\n\tcreated"},
		{"a password is kept as it came", guard, "return s.passwords.Hash(ctx, v)", "return password.Hash(v), nil"},
		{"a secret is kept as it came", guard, "return s.noteSealer.Seal([]byte(v), vaultID[:])", "return []byte(v), nil"},
		{"a changed secret is forgotten", guarded, "\t\tp.to(&vault)\n\t\tif err := update", "\t\t_ = p\n\t\tif err := update"},
		{"a new one is not told of", keptService, told("create"), untold("create")},
		{"a change is not told of", keptService, told("update"), untold("update")},
		{"a deletion is not told of", keptService, told("delete"), untold("delete")},
		{"pages outlive a change", keptCache, `n := []string{"#shop.customers"}`, `n := []string{}`},
		{"nothing is kept", keptService, "s.cached.byID.GetMany(ctx, ids)", "s.loadMany(ctx, ids)"},
		{"rules: processes share a secret as JSON shows it", guardedKept, "v.shown.Note = keyring.Sealed(v.Note)\n", ""},
		{"rules: a draft is printed", secretRules, "func (Draft) Format(", "func (Draft) print("},
		{"rules: a password is shorter", guard, `*v) >= 10, "/pin"`, `*v) >= 9, "/pin"`},
		{"rules: a pattern is ignored", paperRules, "codePattern.MatchString(paper.Code)", "true"},
		{"rules: any text is JSON", paperRules, "json.Valid(paper.Body)", "true"},
		{"rules: bytes without end", paperRules, "len(paper.Raw) <= 65536", "len(paper.Raw) <= 65537"},
		{"nobody is an author", post, `len(found) > 0, "/author_id"`, `len(found) >= 0, "/author_id"`},
		{"nobody becomes an author", postService, "c.AuthorID.Pointer()", "nil"},
		{"the editor is the author", postWeb, "return i.EditorID, &i.Editor", "return &i.AuthorID, &i.Editor"},
		{"nobody is included", postWeb, `include.Has("author")`, `include.Has("writer")`},
		{"whoever is signed in writes", policy, `create() api.Policy { return api.Roles("admin") }`, "create() api.Policy { return api.SignedIn() }"},
		{"nobody reads but admins", policy, `list() api.Policy   { return api.SignedIn() }`, `list() api.Policy { return api.Roles("admin") }`},
		{"who may read may delete", orderWeb, "Allow: may.remove()", "Allow: may.get()"},
		{"everybody reads", orderWeb, `Summary: "Get an order", Auth: api.Session, Allow: may.get()`, `Summary: "Get an order", Auth: api.Public`},
		{"a scope to read writes", tokenPolicy, `create() api.Policy { return api.Scope("names:write") }`, `create() api.Policy { return api.Scope("names:read") }`},
		{"any token reads", tokenPolicy, `get() api.Policy    { return api.Scope("names:read") }`, "get() api.Policy { return api.SignedIn() }"},
		{"the file before stays", receive, "\t\ts.files.DropAfterCommit(ctx, r.uploads(), toRow(item).uploads())\n", ""},
		{"a picture is described for any version", uploadWeb, "h.service.DescribePhoto(ctx, in.ID, in.IfMatch.Versions(), ", "h.service.DescribePhoto(ctx, in.ID, nil, "},
		{"what is said anew is forgotten", receive, "images.Describe(v.Photo, in)", "false, nil"},
		{"files stay where their row goes", uploadService, "\t\ts.files.DropAfterCommit(ctx, r.uploads(), nil)\n", ""},
		{"what comes too late stays", receive, "s.files.Delete(context.WithoutCancel(ctx), made)", "nil"},
		{"what comes is for any version", receive, "\t\tif err := expected.Allow(r.Version); err != nil {\n\t\t\treturn err\n\t\t}\n\t\titem", "\t\titem"},
		{"any file is a photo", receive, "Types: images.Types()", `Types: append(images.Types(), "application/pdf")`},
		{"any file is a sheet", "modules/gallery/internal/sticker/receive.go", `, Types: []string{"image/webp", "application/pdf"}`, ""},
		{"an upload counts no change", receive, "\t\titem.Version++\n", ""},
		{"the item before the upload is read on", receive, "return s.forget(ctx, r)", "return nil"},
		{"whoever reads uploads", uploadWeb, `Summary: "Upload the photo of an item", Auth: api.Session, Allow: may.update()`, `Summary: "Upload the photo of an item", Auth: api.Session, Allow: may.get()`},
		{"everybody downloads", uploadWeb, `Summary: "Download the manual of an item", Auth: api.Session, Allow: may.get()`, `Summary: "Download the manual of an item", Auth: api.Public`},
		{"whoever is signed in changes what everybody reads", openPolicy, `update() api.Policy { return api.Roles("admin") }`, "update() api.Policy { return api.SignedIn() }"},
		{"not everybody lists", openWeb, `Summary: "List posters", Auth: api.Public`, `Summary: "List posters", Auth: api.Session, Allow: api.SignedIn()`},
		{"not everybody downloads", openWeb, `Summary: "Download the leaflet of a poster", Auth: api.Public`, `Summary: "Download the leaflet of a poster", Auth: api.Session, Allow: api.SignedIn()`},
		{"another default", web, `json:"active" default:"true"`, `json:"active" default:"false"`},
	}
}

// told is the end of a use case that says what has changed, and untold one that does not.
func told(verb string) string {
	return "return s.forget(ctx, r)\n\t})\n\tif err != nil {\n\t\treturn " + result(verb) + "fmt.Errorf(\"" + verb + " customer"
}

func untold(verb string) string {
	return strings.Replace(told(verb), "s.forget(ctx, r)", "nil", 1)
}

func result(verb string) string {
	if verb == "delete" {
		return ""
	}
	return "shop.Customer{}, "
}

// in returns the file of a mutant with its guard taken out.
func (m mutant) in(t *testing.T, p *project.Project) string {
	t.Helper()
	src, err := os.ReadFile(p.Path(filepath.FromSlash(m.file)))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(src), m.old); n != 1 {
		t.Fatalf("%s: %s has %q %d times", m.name, m.file, m.old, n)
	}
	return strings.Replace(string(src), m.old, m.new, 1)
}

// testMutants proves that generated tests see what they are for: each mutant makes one of them fail. BANYAN_MUTANTS says how many are tried, each time
// others (default 12).
func testMutants(t *testing.T, p *project.Project) {
	all := mutants()
	for _, m := range all {
		m.in(t, p)
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, m := range all[:min(len(all), int(setting(t, "BANYAN_MUTANTS", 5)))] {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			original, changed := p.Path(filepath.FromSlash(m.file)), filepath.Join(t.TempDir(), "mutant.go")
			if err := os.WriteFile(changed, []byte(m.in(t, p)), 0o600); err != nil {
				t.Fatal(err)
			}
			overlay, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "overlay.json")
			if err := os.WriteFile(file, overlay, 0o600); err != nil {
				t.Fatal(err)
			}
			module, _, _ := strings.Cut(strings.TrimPrefix(m.file, "modules/"), "/")
			pkg := "./modules/" + module
			if strings.HasPrefix(m.name, "rules:") {
				pkg = "./" + path.Dir(m.file)
			}
			out, err := goCommand(t, p, "test", "-vet=off", "-failfast", "-overlay", file, pkg)
			if err == nil || !strings.Contains(out, "--- FAIL") {
				t.Errorf("no test fails: %v\n%s", err, out)
			}
		})
	}
}
