//go:build linux

package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/banyan-go/banyan/platform/servertest"
)

// smallDisk is a small one.
type smallDisk struct {
	t      *testing.T
	dir    string
	filler string
}

// newDisk makes a disk in memory. Where nobody may mount one the test is left out.
func newDisk(t *testing.T, size string) *smallDisk {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "disk") //nolint:usetesting // a server of another user enters it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "mode=0777,size="+size, "tmpfs", dir).CombinedOutput(); err != nil {
		servertest.Skip(t, "a small disk cannot be mounted here, which root may: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return &smallDisk{t: t, dir: dir, filler: filepath.Join(dir, "filler")}
}

// fill leaves no room at all.
func (d *smallDisk) fill() {
	d.t.Helper()
	f, err := os.OpenFile(d.filler, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		d.t.Fatal(err)
	}
}

// empty makes room again.
func (d *smallDisk) empty() {
	d.t.Helper()
	if err := os.Remove(d.filler); err != nil {
		d.t.Fatal(err)
	}
}

// wantFull fills the disk under an application, and fails the test unless writes fail with a clear word and nothing else happens, and work again
// when there is room.
func (p *process) wantFull(d *smallDisk) {
	p.t.Helper()
	p.public.Post(products, product("before")).Want(201)
	d.fill()
	var saved int
	for ; saved < 20_000; saved++ { // what the database has set aside is used first
		r := p.public.Post(products, product(fmt.Sprint("fills ", saved)))
		if r.Status == http.StatusServiceUnavailable {
			r.WantProblem(503, "database_full").WantHeader("Retry-After", "30")
			break
		}
		r.Want(201)
	}
	for i := range 10 {
		p.public.Post(products, product(fmt.Sprint("full ", i))).WantProblem(503, "database_full")
	}
	p.public.Get(products+"?count=exact&limit=1").Want(200).WantAt("/page/total", fmt.Sprint(saved+1))
	p.public.Get("/readyz").Want(200)
	if log := p.out.String(); !strings.Contains(log, `"level":"WARN","msg":"request failed","code":"database_full"`) {
		p.t.Errorf("the log does not tell: %s", log)
	}
	d.empty()
	for i := range 10 {
		p.public.Post(products, product(fmt.Sprint("full ", i))).Want(201)
	}
	p.public.Get(products+"?count=exact&limit=1").Want(200).WantAt("/page/total", fmt.Sprint(saved+11))
}

// A full disk fails writes cleanly, and reads go on.
func TestSQLiteDiskFull(t *testing.T) {
	t.Parallel()
	d := newDisk(t, "3m")
	m := newMachine(t)
	if err := os.Symlink(d.dir, filepath.Join(m.dir, "data")); err != nil {
		t.Fatal(err)
	}
	p := m.serve("--mode", "test")
	p.wantFull(d)
	p.stop()
	intact(t, m)
}

// A server whose tables are on a full disk fails writes cleanly, and reads go on.
func TestPostgresDiskFull(t *testing.T) {
	t.Parallel()
	d := newDisk(t, "32m")
	server := servertest.StartPostgres(t)
	if info, err := os.Stat(filepath.Dir(server.Socket())); err != nil {
		t.Fatal(err)
	} else if who, ok := info.Sys().(*syscall.Stat_t); ok {
		if err := os.Chown(d.dir, int(who.Uid), int(who.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	server.Exec(t, "create tablespace small location '"+d.dir+"'")
	server.Exec(t, "create database small tablespace small")
	proxy := servertest.StartProxy(t, "unix", server.Socket())
	p := newMachine(t, "APP_DB__DRIVER=postgres", "APP_DB__DSN="+through(proxy, "small")).serve("--mode", "test")
	p.wantFull(d)
	p.stop()
}
