package servertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Varnish is a cache in front of web servers.
func Varnish() Program {
	return Program{Name: "varnishd", Commands: []string{"varnishd", "/usr/sbin/varnishd"}, Debian: "varnish varnish-modules", Homebrew: "varnish"}
}

// Nginx is a web server, and a cache in front of others.
func Nginx() Program {
	return Program{Name: "nginx", Commands: []string{"nginx", "/usr/sbin/nginx"}, Debian: "nginx libnginx-mod-http-cache-purge", Homebrew: "nginx"}
}

// Where Debian has the modules that are wanted beside the programs.
const (
	xkeyModule  = "/usr/lib/*/varnish/vmods/libvmod_xkey.so"
	purgeModule = "/usr/lib/nginx/modules/ngx_http_cache_purge_module.so"
)

// WebCache is a private cache in front of a web server, in a folder of its own and on a free port of loopback. It ends with the test, and when the process
// that has started it ends, however that is. It is safe for concurrent use, but for what starts and ends it.
type WebCache struct {
	daemon
	addr string
}

// StartVarnish starts Varnish with its module xkey and this VCL.
func StartVarnish(t Test, vcl string) *WebCache {
	t.Helper()
	file := Need(t, Varnish())
	needModule(t, xkeyModule, Varnish())
	return startWeb(t, "Varnish", func(line string) verdict {
		switch {
		case strings.Contains(line, "said Child starts"):
			return serves
		case strings.Contains(line, "Error:"), strings.Contains(line, "VCL compilation failed"):
			return fails
		default:
			return goesOn
		}
	}, func(dir, addr string) (files map[string]string, args []string) {
		return map[string]string{"default.vcl": vcl}, []string{file, "-F", "-j", "none", "-a", addr, "-n", filepath.Join(dir, "work"), "-f", filepath.Join(dir, "default.vcl"), "-s", "malloc,16m"}
	})
}

// StartNginx starts nginx with its module for purges. Conf returns what stands in its block http, for a server that listens at addr; files that it makes are below dir.
func StartNginx(t Test, conf func(dir, addr string) string) *WebCache {
	t.Helper()
	file := Need(t, Nginx())
	needModule(t, purgeModule, Nginx())
	return startWeb(t, "nginx", func(line string) verdict {
		switch {
		case strings.Contains(line, "[notice]") && strings.Contains(line, "event method"):
			return serves
		case strings.Contains(line, "[emerg]"):
			return fails
		default:
			return goesOn
		}
	}, func(dir, addr string) (files map[string]string, args []string) {
		text := fmt.Sprintf(`load_module %s;
daemon off;
master_process off;
pid %s/nginx.pid;
error_log stderr notice;
events {}
http {
access_log off;
client_body_temp_path %[2]s/body;
proxy_temp_path %[2]s/proxy;
fastcgi_temp_path %[2]s/fastcgi;
uwsgi_temp_path %[2]s/uwsgi;
scgi_temp_path %[2]s/scgi;
%[3]s}
`, purgeModule, dir, conf(dir, addr))
		return map[string]string{"nginx.conf": text}, []string{file, "-p", dir, "-e", "stderr", "-c", filepath.Join(dir, "nginx.conf")}
	})
}

// needModule leaves a test out whose program lacks a module.
func needModule(t Test, pattern string, p Program) {
	t.Helper()
	if found, err := filepath.Glob(pattern); err != nil || len(found) == 0 {
		Skip(t, "%s has no module %s; install it with: %s", p.Name, pattern, p.Install())
	}
}

func startWeb(t Test, name string, judge func(string) verdict, prepare func(dir, addr string) (map[string]string, []string)) *WebCache {
	t.Helper()
	dir, err := os.MkdirTemp(scratch(), "web") // see RunRedis
	if err != nil {
		t.Fatalf("%v", err)
	}
	addr := Addr(t)
	s := &WebCache{daemon{name: name, quit: "TERM", judge: judge, dir: dir}, addr}
	files, args := prepare(dir, addr)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatalf("%v", err)
		}
	}
	if err := s.run(context.WithoutCancel(t.Context()), nil, args); err != nil {
		_ = os.RemoveAll(dir)
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Errorf("stop %s: %v", name, err)
		}
	})
	return s
}

// URL returns its address, http://127.0.0.1:1234.
func (s *WebCache) URL() string { return "http://" + s.addr }

// Freeze stops it in the middle of whatever it does; see RedisServer.Freeze.
func (s *WebCache) Freeze(t Test) {
	t.Helper()
	s.tell(t, "STOP")
}

// Thaw lets it go on.
func (s *WebCache) Thaw(t Test) {
	t.Helper()
	s.tell(t, "CONT")
}
