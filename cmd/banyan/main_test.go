package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/dev"
	"github.com/banyan-go/banyan/generator/gotool"
	"github.com/banyan-go/banyan/generator/projecttest"
	"github.com/banyan-go/banyan/platform/cli"
)

// result is what a command has done.
type result struct {
	code      int
	out, errs string
}

// tree is the tree of commands.
func tree() *cobra.Command { return newCommand(".", nil, io.Discard, io.Discard).root() }

func banyan(t *testing.T, dir string, args ...string) result {
	t.Helper()
	return banyanContext(t.Context(), dir, args...)
}

func banyanContext(ctx context.Context, dir string, args ...string) result {
	var out, errs bytes.Buffer
	code := run(ctx, dir, args, nil, &out, &errs)
	return result{code, out.String(), errs.String()}
}

// Whoever types something that cannot work reads what is wrong and what to type next, and finds everything as it was.
func TestErrors(t *testing.T) {
	t.Parallel()
	outside := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(outside, "taken"), 0o755), os.WriteFile(filepath.Join(outside, "taken", "notes"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	inside := projecttest.New(t, filepath.Join(t.TempDir(), "shop")).Root
	if err := errors.Join(os.MkdirAll(filepath.Join(inside, "modules/billing/billingwire"), 0o755),
		os.MkdirAll(filepath.Join(inside, ".banyan/resources/billing"), 0o755),
		os.WriteFile(filepath.Join(inside, ".banyan/resources/billing/invoice.json"), []byte(`{"module": "billing", "name": "invoice", "fields": ["number:string:required"]}`), 0o644)); err != nil {
		t.Fatal(err)
	}
	broken := projecttest.New(t, filepath.Join(t.TempDir(), "shop")).Root
	if err := os.WriteFile(filepath.Join(broken, "go.mod"), []byte("module shop\n\n<<<<<<< HEAD\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := map[string]projecttest.Tree{outside: projecttest.Read(t, outside), inside: projecttest.Read(t, inside), broken: projecttest.Read(t, broken)}

	for _, c := range []struct {
		dir, args string
		code      int
		what      string
		next      string
	}{
		{outside, "--nosuch", 2, "unknown flag: --nosuch", "banyan --help"},
		{outside, "new", 2, "got 0 arguments, want NAME", "banyan new --help"},
		{outside, "new a b", 2, "got 2 arguments, want NAME", "banyan new --help"},
		{outside, "new shop --nosuch", 2, "unknown flag: --nosuch", "banyan new --help"},
		{outside, "new shop --license", 2, "flag needs an argument: --license", "banyan new --help"},
		{outside, "new MyShop", 2, "try my-shop", "banyan new --help"},
		{outside, "new ''", 2, "NAME is empty", "banyan new --help"},
		{outside, "new shop --module Acme/shop", 2, `--module "Acme/shop": missing dot in first path element`, "banyan new --help"},
		{outside, "new shop --license WTFPL", 2, "--license WTFPL: want one of MIT, Apache-2.0, Proprietary", "banyan new --help"},
		{outside, "new shop --with blog", 2, `--with "blog": want accounts`, "banyan new --help"},
		{outside, "new shop --replace nowhere", 2, "--replace nowhere: there is no go.mod of github.com/banyan-go/banyan", "banyan new --help"},
		{outside, "new taken", 6, "is there already; nothing was written", "choose another folder"},
		{outside, "generate", 2, "banyan generate wants a command", "banyan generate --help"},
		{outside, "help generate thing", 2, `banyan generate has no command "thing"`, "banyan generate --help"},
		{outside, "generate thing --help", 2, `banyan generate has no command "thing"`, "banyan generate --help"},
		{outside, "generate -h modul", 2, `banyan generate has no command "modul", did you mean module?`, "banyan generate --help"},
		{outside, "rotues --help", 2, "banyan has no command rotues, and this is not in a Banyan application", "banyan new NAME"},
		{outside, "--help rotues", 2, "banyan has no command rotues, and this is not in a Banyan application", "banyan new NAME"},
		{outside, "-q rotues --help", 2, "banyan has no command rotues, and this is not in a Banyan application", "banyan new NAME"},
		{outside, "help routes", 2, "banyan has no command routes, and this is not in a Banyan application", "banyan new NAME"},
		{outside, "generate thing", 2, `banyan generate has no command "thing"`, "banyan generate --help"},
		{outside, "g resource", 2, "got 0 arguments, want MODULE/NAME FIELD...", "banyan generate resource --help"},
		{outside, "g resource product name:string", 2, `"product" names no module; write MODULE/NAME`, "banyan generate resource --help"},
		{outside, "g resource catalog/products name:string", 2, "is a plural; try product", "banyan generate resource --help"},
		{outside, "g resource catalog/product name:strin", 2, `"name:strin"`, "banyan generate resource --help"},
		{outside, "g resource ident/account pin:int:secret", 2, "secret is for the types string, text, bytes and json", "banyan generate resource --help"},
		{outside, "g resource ident/account phone:string:match=phone", 2, `match="phone": there is no pattern of that name; there are country`, "banyan generate resource --help"},
		{outside, "g resource ident/account password:password:filter", 2, "filter is not for the type password", "banyan generate resource --help"},
		{outside, "g resource catalog/product name:string", 2, "this is not in a Banyan application", "banyan new NAME"},
		{outside, "g module billing", 2, "this is not in a Banyan application", "banyan new NAME"},
		{outside, "sync", 2, "this is not in a Banyan application", "banyan new NAME"},
		{outside, "dev", 2, "this is not in a Banyan application", "banyan new NAME"},
		{outside, "test", 2, "this is not in a Banyan application", "banyan new NAME"},
		{outside, "check", 2, "this is not in a Banyan application", "banyan new NAME"},
		{outside, "g resource catalog/product name:string --auth admin", 2, `--auth "admin": want one of public, session, token`, "banyan generate resource --help"},
		{outside, "g resource catalog/product name:string --read session", 2, `--read "session": want public, or leave it out`, "banyan generate resource --help"},
		{outside, "g resource catalog/product name:string --auth public --read public", 2, "--read public says nothing beside --auth public", "banyan generate resource --help"},
		{inside, "g resource billing/bill number:string --read public", 2, "the default where users cannot sign in: everybody reads already", "banyan generate resource --help"},
		{inside, "g resource billing/invoice number:string:required --auth session", 6, "billing/invoice exists, made by: banyan generate resource billing/invoice number:string:required --auth public", "banyan destroy resource billing/invoice, or choose another name"},
		{inside, "check now", 2, `banyan check takes no argument "now"`, "banyan check --help"},
		{outside, "migrate up", 2, "banyan has no command migrate, and this is not in a Banyan application", "banyan new NAME"},
		{outside, "genrate", 2, "banyan has no command genrate", "banyan generate"},
		{inside, "g module Billing", 2, "try billing", "banyan generate module --help"},
		{inside, "g module billing", 6, "modules/billing exists; nothing was written", "choose another name, or remove what is there"},
		{inside, "g resource billing/invoice number:string", 6, "billing/invoice exists, made by: banyan generate resource billing/invoice number:string:required --auth public", "banyan destroy resource billing/invoice, or choose another name"},
		{inside, "destroy", 2, "banyan destroy wants a command", "banyan destroy --help"},
		{inside, "destroy resource invoice", 2, `"invoice" names no module; write MODULE/NAME`, "banyan destroy resource --help"},
		{inside, "destroy resource billing/order", 2, "there is no resource billing/order that was generated; there are billing/invoice", "banyan destroy resource --help"},
		{inside, "destroy resource billing/invoice", 6, "generated before texts were kept", ""},
		{inside, "destroy module billing", 2, "there is no module billing that was generated, nor any other", "banyan destroy module --help"},
		{inside, "destroy module billing now", 2, "got 2 arguments, want NAME", "banyan destroy module --help"},
		{inside, "generate modul billing", 2, `banyan generate has no command "modul", did you mean module?`, "banyan generate --help"},
		{inside, "generate module billing --dryrun", 2, "unknown flag: --dryrun, did you mean --dry-run?", "banyan generate module --help"},
		{inside, "sync now", 2, `banyan sync takes no argument "now"`, "banyan sync --help"},
		{inside, "dev now", 2, "now: flags of the application stand behind --", "banyan dev --help"},
		{inside, "dev --addr :9000", 2, "unknown flag: --addr", "banyan dev --help"},
		{inside, "test --servers sometimes", 2, "--servers sometimes: want auto", "banyan test --help"},
		{broken, "sync", 1, "go.mod:3: unknown directive: <<<<<<<", ""},
	} {
		t.Run(c.args, func(t *testing.T) { // one at a time: two that write would lock each other out
			args := strings.Fields(c.args)
			for i := range args {
				args[i] = strings.Trim(args[i], "'")
			}
			r := banyan(t, c.dir, args...)
			what, next, _ := strings.Cut(r.errs, "\nnext:  ")
			if r.code != c.code || !strings.HasPrefix(what, "error: ") || !strings.Contains(what, c.what) || strings.TrimSpace(next) != c.next || r.out != "" {
				t.Errorf("exit code %d, want %d; want %q, next %q\n%s%s", r.code, c.code, c.what, c.next, r.out, r.errs)
			}
		})
	}
	t.Cleanup(func() {
		for dir, tree := range before {
			if diff := tree.Diff(projecttest.Read(t, dir)); len(diff) > 0 {
				t.Errorf("changed: %v", diff)
			}
		}
	})
}

// A command that has failed on the terminal has said why, and its exit code is banyan's. Whatever stands around or beside its error nobody has
// read yet.
func TestCommandsThatFail(t *testing.T) {
	t.Parallel()
	failed := exec.CommandContext(t.Context(), "sh", "-c", "exit 7").Run()
	lost := errors.New("the folder cannot be removed")
	for what, c := range map[string]struct {
		err  error
		code int
		said string
	}{
		"as it is":                {failed, 7, ""},
		"of two runs":             {errors.Join(failed, errors.Join(failed, nil)), 7, ""},
		"in a text":               {fmt.Errorf("initdb: %w\nno space left", failed), 1, "error: initdb: exit status 7\n  no space left\n"},
		"in a text, among others": {errors.Join(failed, fmt.Errorf("install thing: %w", failed)), 1, "error: install thing: exit status 7\n"},
		"beside another one":      {errors.Join(failed, lost), 1, "error: the folder cannot be removed\n"},
		"both in one text":        {fmt.Errorf("%w, and %w", failed, lost), 1, "error: exit status 7, and the folder cannot be removed\n"},
		"of the go command":       {&gotool.Error{Args: []string{"build"}, Output: "no such file", Err: failed}, 1, "error: go build:\n  no such file\nnext:  mend what is named above, then run it again\n"},
	} {
		var errs bytes.Buffer
		console := newCommand(t.TempDir(), nil, io.Discard, &errs)
		code := console.Finish(t.Context(), c.err, func(err error) *cli.Error { return console.explain(t.Context(), console.root(), err) })
		if code != c.code || errs.String() != c.said {
			t.Errorf("%s: exit code %d, want %d; said %q, want %q", what, code, c.code, errs.String(), c.said)
		}
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	dir, checkout := t.TempDir(), projecttest.Checkout(t)
	r := banyan(t, dir, "new", "some/shop")
	want := "made some/shop: one binary in cmd/shop, SQLite, no modules yet\n" +
		"go.mod replaces github.com/banyan-go/banyan by the checkout in " + checkout + "\n" +
		"it is a git repository on branch main; nothing is committed yet\n" +
		"next:  cd some/shop && banyan dev\n"
	if r.code != 0 || r.out != want || r.errs != "" {
		t.Errorf("exit code %d\n%s%s\nwant\n%s", r.code, r.out, r.errs, want)
	}
	// The folder we are in, when it is empty, and the checkout of the application around.
	other, here := filepath.Join(dir, "banyan"), filepath.Join(dir, "forked/services/billing")
	if err := errors.Join(os.Mkdir(other, 0o755), os.WriteFile(filepath.Join(other, "go.mod"), []byte("module github.com/banyan-go/banyan\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if r := banyan(t, dir, "new", "forked", "--replace", "banyan"); r.code != 0 || !strings.Contains(r.out, "the checkout in "+other+"\n") {
		t.Errorf("exit code %d\n%s%s", r.code, r.out, r.errs)
	}
	if err := os.MkdirAll(here, 0o755); err != nil {
		t.Fatal(err)
	}
	r = banyan(t, here, "new", ".", "--no-git", "--module", "example.com/billing")
	if r.code != 0 || strings.Contains(r.out, "git repository") || !strings.Contains(r.out, "the checkout in "+other+"\n") {
		t.Errorf("exit code %d\n%s%s", r.code, r.out, r.errs)
	}
	if tree := projecttest.Read(t, here); tree["cmd/billing/main.go"] == "" || tree[".git"] != "" {
		t.Errorf("written: %d files", len(tree))
	}
}

// Who has banyan dev running is not told to start it.
func TestNextStepBesideDev(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	const seed = "; rows to look at: banyan db seed --rows 100"
	if got := toSee(p); got != "banyan dev, then http://localhost:8080/docs"+seed {
		t.Errorf("nothing serves: %s", got)
	}
	file := fmt.Sprintf("%s.%d.serving", dev.Binary(p), os.Getpid())
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte("http://localhost:9000"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if got := toSee(p); got != "http://localhost:9000/docs, once banyan dev has built it again"+seed {
		t.Errorf("dev serves: %s", got)
	}
}

// A module comes, is asked for again, is held up by a hand and by another run, and goes: what people are told, and what is left.
func TestLifeOfAModule(t *testing.T) {
	t.Parallel()
	p := projecttest.New(t, filepath.Join(t.TempDir(), "shop"))
	fresh := projecttest.Read(t, p.Root)
	step := func(args string, code int, said ...string) {
		t.Helper()
		r := banyan(t, p.Root, strings.Fields(args)...)
		for _, text := range said {
			if !strings.Contains(r.out+r.errs, text) {
				t.Errorf("%s: want %q\n%s%s", args, text, r.out, r.errs)
			}
		}
		if r.code != code {
			t.Errorf("%s: exit code %d, want %d\n%s%s", args, r.code, code, r.out, r.errs)
		}
	}
	step("g module billing", 0, "  new     modules/billing/billing.go, billing_test.go, billing_gen_test.go\n")
	full := projecttest.Read(t, p.Root)
	step("g module billing", 0, "nothing to do\n")

	file := p.Path("modules/billing/billing.go")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append([]byte("// Ours.\n"), text...), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"g module billing", "destroy module billing", "destroy module billing --dry-run"} {
		step(args, 6, "\n+// Ours.\n", "error: modules/billing/billing.go has been edited by hand", "next:  undo what has been edited")
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}

	other, err := apply.TakeLock(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"sync", "g module cash", "g resource billing/invoice number:string", "destroy module billing"} {
		step(args, 6, "error: another banyan is writing in ", "next:  wait for the other one")
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}

	step("destroy module billing --dry-run", 0, "--- a/modules/billing/billing.go\n+++ /dev/null\n", "\n-package billing\n", "nothing was written")
	if diff := full.Diff(projecttest.Read(t, p.Root)); len(diff) > 0 {
		t.Errorf("changed: %v", diff)
	}
	step("destroy module billing", 0, "  gone    modules/billing/billing.go, billing_test.go, billing_gen_test.go\n")
	if diff := fresh.Diff(projecttest.Read(t, p.Root)); len(diff) > 0 {
		t.Errorf("left behind: %v", diff)
	}
}

// With --dry-run a plan is made, checked and shown.
func TestDryRun(t *testing.T) {
	t.Parallel()
	root := projecttest.New(t, filepath.Join(t.TempDir(), "shop")).Root
	before := projecttest.Read(t, root)
	r := banyan(t, root, "generate", "module", "billing", "--dry-run")
	for _, line := range []string{"  derive  modules/modules_gen.go\n", "  new     modules/billing/billing.go, billing_test.go, billing_gen_test.go\n", "  checked: ", "nothing was written; next: the same without --dry-run\n",
		"--- /dev/null\n+++ b/modules/billing/billing.go\n", "\n+package billing\n", "--- a/modules/modules_gen.go\n+++ b/modules/modules_gen.go\n"} {
		if r.code != 0 || !strings.Contains(r.out, line) {
			t.Errorf("exit code %d, want %q\n%s%s", r.code, line, r.out, r.errs)
		}
	}
	if !strings.HasPrefix(r.errs, "  wire ") || !strings.Contains(r.errs, "\n  check ") {
		t.Errorf("progress is no part of the data, and is told: %s", r.errs)
	}
	if diff := before.Diff(projecttest.Read(t, root)); len(diff) > 0 {
		t.Errorf("changed: %v", diff)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if r := banyan(t, t.TempDir(), "version"); r.code != 0 || !strings.HasPrefix(r.out, "banyan ") || strings.Count(r.out, "\n") != 1 || r.errs != "" {
		t.Errorf("%+v", r)
	}
}

// A shell is offered names of the project, and, for a command of the application that has been built, what that offers.
func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if r := banyan(t, t.TempDir(), "completion", shell); r.code != 0 || !strings.Contains(r.out, "__complete") || r.errs != "" {
			t.Errorf("%s: exit code %d, %d bytes, %s", shell, r.code, len(r.out), r.errs)
		}
	}
	root := projecttest.New(t, filepath.Join(t.TempDir(), "shop")).Root
	for name, text := range map[string]string{
		"modules/billing/billingwire/wire.go":    "",
		"modules/catalog/catalogwire/wire.go":    "",
		".banyan/modules/billing.json":           `{"name": "billing"}`,
		".banyan/resources/catalog/product.json": `{"module": "catalog", "name": "product"}`,
	} {
		if err := errors.Join(os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755), os.WriteFile(filepath.Join(root, name), []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if r := banyan(t, root, "routes"); r.code != 0 { // which builds it
		t.Fatalf("%+v", r)
	}
	for words, want := range map[string]string{
		"generate resource ":   "billing/ catalog/",
		"destroy resource ":    "catalog/product",
		"destroy module ":      "billing",
		"dev --profile ":       "cached replicated sharded single",
		"test --servers ":      "auto install require",
		"new shop --license ":  "Apache-2.0 MIT Proprietary",
		"new shop --with ":     "accounts",
		"g resource --auth ":   "public session token",
		"g resource --read ":   "public",
		"migrate ":             "down plan status up",
		"config diff single c": "cached",
		"nosuch ":              "",
	} {
		args := strings.Split(words, " ")
		r := banyan(t, root, append([]string{"__complete"}, args...)...)
		var got []string
		for line := range strings.Lines(r.out) {
			if word, _, _ := strings.Cut(strings.TrimSpace(line), "\t"); !strings.HasPrefix(word, ":") && strings.HasPrefix(word, args[len(args)-1]) {
				got = append(got, word)
			}
		}
		if slices.Sort(got); r.code != 0 || strings.Join(got, " ") != want {
			t.Errorf("%q is completed by %q, want %q\n%s", words, got, want, r.errs)
		}
	}
	// Nobody waits for a compiler behind a key.
	bin := filepath.Join(root, "bin")
	if err := os.RemoveAll(bin); err != nil {
		t.Fatal(err)
	}
	if r := banyan(t, root, "__complete", "config", "diff", ""); r.code != 0 || r.out+r.errs != "" {
		t.Errorf("completed without a binary: %+v", r)
	}
	if _, err := os.Stat(bin); err == nil {
		t.Error("completing has built the application")
	}
}

// The command is what a person installs before anything else: it compiles in seconds because it links nothing of what it writes code for.
func TestDependencies(t *testing.T) {
	t.Parallel()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{else if eq .ImportPath \"net/http\" \"database/sql\" \"crypto/tls\"}}{{.ImportPath}}{{end}}", ".")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.FieldsSeq(string(out)) {
		allowed := slices.ContainsFunc([]string{
			"github.com/banyan-go/banyan/cmd/banyan", "github.com/banyan-go/banyan/generator", "github.com/banyan-go/banyan/templates",
			"github.com/banyan-go/banyan/platform/archtest", "github.com/banyan-go/banyan/platform/blob", "github.com/banyan-go/banyan/platform/cli", "github.com/banyan-go/banyan/platform/db/migratelint",
			"github.com/banyan-go/banyan/platform/images/spec", "github.com/banyan-go/banyan/platform/servertest",
			"github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/fsnotify/fsnotify", "github.com/jinzhu/inflection", "github.com/rogpeppe/go-internal/diff", "golang.org/x/mod", "golang.org/x/sys/unix",
		}, func(root string) bool { return path == root || strings.HasPrefix(path, root+"/") })
		if !allowed && path != "github.com/banyan-go/banyan" { // the texts of modules
			t.Errorf("it links %s", path)
		}
	}
}
