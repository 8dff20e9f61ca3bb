package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/banyan-go/banyan/configs"
)

const products = "/api/v1/catalog/products"

// product returns the body of a request for a new product.
func product(sku string) string {
	return fmt.Sprintf(`{"sku":%q,"name":"a product","price":{"amount":1999,"currency":"EUR"}}`, sku)
}

// In an empty folder mode dev needs nothing: it makes the key, for its owner alone, and the database, and a second start finds both.
func TestFirstStartInModeDev(t *testing.T) {
	t.Parallel()
	m := newMachine(t).without("APP_KEYS").without("APP_HTTP__DRAIN")
	first := m.serve("--mode", "dev")
	for i := range 3 {
		first.public.Post(products, product(fmt.Sprint(i))).Want(201)
	}
	cursor := first.public.Get(products + "?limit=1").Want(200).Text("/page/next")
	first.stop()
	for name, mode := range map[string]fs.FileMode{"data/keys": 0o600, "data/app.db": 0o600} {
		info, err := os.Stat(filepath.Join(m.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), mode)
		}
	}
	if info, err := os.Stat(filepath.Join(m.dir, "data")); err != nil || info.Mode().Perm()&0o007 != 0 {
		t.Errorf("the folder is open to everybody: %v, %v", info.Mode(), err)
	}
	if lines := strings.Count(first.err.String(), "\n"); lines > 8 {
		t.Errorf("the screen has %d lines:\n%s", lines, first.err)
	}

	second := m.serve("--mode", "dev")
	second.public.Get(products+"?count=exact").Want(200).WantAt("/page/total", "3")
	second.public.Get(products + "?limit=1&after=" + cursor).Want(200) // the key is the same
	second.stop()
	if entries, err := os.ReadDir(m.dir); err != nil || len(entries) != 1 {
		t.Errorf("beside data: %v, %v", entries, err)
	}
}

// Commands that describe the application leave a folder as they find it: they can run anywhere, a build for instance.
func TestDescribingCommandsWriteNothing(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"", "help", "version", "about", "routes", "modules", "openapi", "config show --origin", "keys new", "routes --mode dev", "about --mode dev"} {
		m := newMachine(t).without("APP_KEYS")
		if code, printed := m.run(strings.Fields(command)...); code != 0 || printed == "" {
			t.Errorf("%s: exit code %d: %s", command, code, printed)
		}
		entries, err := os.ReadDir(m.dir)
		if err != nil || len(entries) > 0 {
			t.Errorf("%s has made %v, %v", command, entries, err)
		}
	}
}

// Every profile that is compiled in is complete: the application can be built with it.
func TestProfiles(t *testing.T) {
	t.Parallel()
	for _, name := range profiles(t) {
		for _, mode := range []string{"dev", "test", "prod"} {
			if code, printed := newMachine(t).run("about", "--profile", name, "--mode", mode); code != 0 || !strings.Contains(printed, name) {
				t.Errorf("profile %s, mode %s: exit code %d: %s", name, mode, code, printed)
			}
		}
		text, err := fs.ReadFile(configs.Files, "profiles/"+name+".yaml")
		if lines := bytes.Count(text, []byte("\n")); err != nil || lines > 30 || bytes.ContainsAny(text, "{}") {
			t.Errorf("profile %s has %d lines, or is not in block style: it holds only what differs", name, lines)
		}
	}
}

// Processes that start together on a new database migrate it once.
func TestStartsAtTheSameTime(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	var started []*process
	for range 3 {
		started = append(started, m.launch("serve", "--mode", "test"))
	}
	for _, p := range started {
		p.eventually("it serves", func() bool { return strings.Contains(p.err.String(), "serving  ") })
		p.stop()
	}
	if code, printed := m.run("migrate", "status"); code != 0 || !strings.Contains(printed, "applied") || strings.Contains(printed, "pending") {
		t.Errorf("status: exit code %d: %s", code, printed)
	}
}

// A process that is told to stop while it waits for another one's migrations stops.
func TestStopWhileStarting(t *testing.T) {
	t.Parallel()
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		m := newMachine(t)
		if err := os.Mkdir(filepath.Join(m.dir, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
		lock, err := os.Create(filepath.Join(m.dir, "data", "app.db.migrate.lock"))
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
			t.Fatal(err)
		}
		p := m.launch("serve", "--mode", "test")
		p.eventually("it has opened the database", func() bool { // and goes on to the migrations
			_, err := os.Stat(filepath.Join(m.dir, "data", "app.db-wal"))
			return err == nil
		})
		p.signal(s)
		if code := p.wait(); code != 130 || p.err.String() != "error: interrupted while starting\n" {
			t.Errorf("%v: exit code %d: %s", s, code, p.err)
		}
		if err := lock.Close(); err != nil {
			t.Fatal(err)
		}
		m.serve("--mode", "test").stop() // what it has left is good to go on with
	}
}

// A folder in which nothing can be written is an error that names it, and no more.
func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if os.Geteuid() == 0 {
		folder = "/proc" // permissions do not hold for root, and there even root makes nothing
	} else if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	m := newMachine(t, "APP_DB__DSN=file:"+folder+"/data/app.db")
	for _, command := range []string{"serve", "migrate up", "db seed --yes"} { // migrate status makes nothing
		code, printed := m.run(strings.Fields(command)...)
		if code != 5 || !strings.HasPrefix(printed, "error: ") || !strings.Contains(printed, folder) || strings.Contains(printed, "goroutine") {
			t.Errorf("%s: exit code %d: %s", command, code, printed)
		}
	}
	m = newMachine(t).without("APP_KEYS")
	m.dir = folder
	if code, printed := m.run("serve", "--mode", "dev"); code != 4 || !strings.Contains(printed, "make key file data/keys: ") {
		t.Errorf("with nowhere to put the key: exit code %d: %s", code, printed)
	}
}

// A database whose pages are damaged costs the requests that need them, and neither the process nor a word to strangers.
func TestDamagedDatabase(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	if code, printed := m.run("db", "seed", "--mode", "dev", "--rows", "2000"); code != 0 {
		t.Fatal(printed)
	}
	file, err := os.OpenFile(filepath.Join(m.dir, "data", "app.db"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const page = 4096
	for _, table := range []string{"catalog_products", "banyan_migrations_catalog"} {
		code, printed := m.run("db", "shell", "--json", "SELECT rootpage FROM sqlite_schema WHERE name = '"+table+"'")
		root, err := strconv.ParseInt(regexp.MustCompile(`\d+`).FindString(printed), 10, 64)
		if err != nil || code != 0 {
			t.Fatalf("exit code %d, %v: %s", code, err, printed)
		}
		if _, err := file.WriteAt([]byte(strings.Repeat("damaged ", page/8)), (root-1)*page); err != nil {
			t.Fatal(err)
		}
	}
	p := m.serve()
	r := p.public.Get(products).WantProblem(500, "internal")
	for _, word := range []string{"malformed", "sqlite", "disk image", "SELECT"} {
		if strings.Contains(string(r.Body), word) {
			t.Errorf("the answer says %s: %s", word, r.Body)
		}
	}
	p.public.Get("/readyz").Want(503).WantAt("", `{"status":"failing"}`)
	if checks := fmt.Sprint(p.ops.Get("/readyz").Want(503).At("/checks")); !strings.Contains(checks, "malformed") {
		t.Errorf("the operators do not hear of it: %s", checks)
	}
	p.public.Get("/livez").Want(200)
	p.stop()
	if !strings.Contains(p.out.String(), "malformed") {
		t.Errorf("the log does not tell: %s", p.out)
	}
}
