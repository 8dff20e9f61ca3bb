package httpserver_test

import (
	"errors"
	"testing"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/httpserver"
)

// load reads settings as a program does.
func load(mode config.Mode, set ...string) (httpserver.Config, error) {
	var root struct {
		HTTP httpserver.Config `config:"http"`
	}
	root.HTTP = httpserver.Default()
	_, err := config.Load(&root, config.Options{Mode: mode, Set: set})
	return root.HTTP, err
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set  []string
		key  string // that is wrong; empty when all is well
		mode config.Mode
	}{
		{nil, "", config.Prod},
		{nil, "", config.Dev},
		{[]string{"http.addr=127.0.0.1:0", "http.ops_addr=127.0.0.1:0"}, "", config.Prod},
		{[]string{"http.addr=[::1]:8080", "http.proxies=10.0.0.0/8,192.168.1.1,2001:db8::/32"}, "", config.Prod},
		{[]string{"http.hosts=shop.example.com,*.shop.example.com,app"}, "", config.Prod},
		{[]string{"http.hosts=https://shop.example.com"}, "http.hosts", config.Prod},
		{[]string{"http.hosts=shop.example.com:8080"}, "http.hosts", config.Dev},
		{[]string{"http.hosts=*"}, "http.hosts", config.Prod},
		{[]string{"http.hosts=shop.*.com"}, "http.hosts", config.Prod},
		{[]string{"http.ops_token=a-token-of-the-operator"}, "", config.Prod},
		{[]string{"http.ops_token=short"}, "http.ops_token", config.Prod},
		{[]string{"http.ops_token=short"}, "", config.Dev},
		{[]string{"http.ops_token=Changeme-Changeme-1234"}, "http.ops_token", config.Prod},
		{[]string{"http.ops_token=my-secret-for-operators"}, "http.ops_token", config.Prod},
		{[]string{"http.ops_token=1212121212121212121212"}, "http.ops_token", config.Prod},
		{[]string{"http.ops_token=1212121212121212121212"}, "", config.Dev},
		{[]string{"http.ops_token=5f0c9a3be2718d64aa01"}, "", config.Prod},
		{[]string{"http.addr=8080"}, "http.addr", config.Prod},
		{[]string{"http.addr=:70000"}, "http.addr", config.Prod},
		{[]string{"http.addr=:-1"}, "http.addr", config.Prod},
		{[]string{"http.addr=:http"}, "http.addr", config.Prod},
		{[]string{"http.ops_addr=nowhere"}, "http.ops_addr", config.Prod},
		{[]string{"http.addr=127.0.0.1:9090"}, "http.ops_addr", config.Prod},
		{[]string{"http.addr=:9090"}, "http.ops_addr", config.Prod},
		{[]string{"http.addr=[::]:9090"}, "http.ops_addr", config.Prod},
		{[]string{"http.ops_addr=0.0.0.0:8080", "http.addr=127.0.0.1:8080"}, "http.ops_addr", config.Prod},
		{[]string{"http.addr=127.0.0.2:9090"}, "", config.Prod},
		{[]string{"http.addr=:0", "http.ops_addr=:0"}, "", config.Prod},
		{[]string{"http.ops_addr=:9090"}, "", config.Prod}, // pprof stays closed to others: TestProfilesAreGuarded
		{[]string{"http.proxies=10.0.0.0/8,0.0.0.0/0"}, "http.proxies", config.Prod},
		{[]string{"http.proxies=::/0"}, "http.proxies", config.Dev},
		{[]string{"http.proxies="}, "", config.Prod},
		{[]string{"http.proxies=everybody"}, "http.proxies", config.Prod},
		{[]string{"http.proxies=10.0.0.0/33"}, "http.proxies", config.Prod},
		{[]string{"http.compress=gzip,deflate"}, "http.compress", config.Prod},
		{[]string{"http.body_limit=1B"}, "http.body_limit", config.Prod},
		{[]string{"http.body_limit=2GiB"}, "http.body_limit", config.Prod},
		{[]string{"http.header_limit=2MiB"}, "http.header_limit", config.Prod},
		{[]string{"http.uri_limit=17KiB"}, "http.uri_limit", config.Prod},
		{[]string{"http.uri_limit=1B"}, "http.uri_limit", config.Prod},
		{[]string{"http.header_count=9"}, "http.header_count", config.Prod},
		{[]string{"http.header_count=10001"}, "http.header_count", config.Prod},
		{[]string{"http.header_timeout=0s"}, "http.header_timeout", config.Prod},
		{[]string{"http.body_timeout=-1s"}, "http.body_timeout", config.Prod},
		{[]string{"http.request_timeout=0s"}, "http.request_timeout", config.Prod},
		{[]string{"http.write_timeout=0s"}, "http.write_timeout", config.Prod},
		{[]string{"http.idle_timeout=0s"}, "http.idle_timeout", config.Prod},
		{[]string{"http.in_flight=0s"}, "http.in_flight", config.Prod},
		{[]string{"http.drain=-1s"}, "http.drain", config.Prod},
		{[]string{"http.drain=16s"}, "http.grace", config.Prod},
		{[]string{"http.grace=20s"}, "http.grace", config.Prod},
		{[]string{"http.grace=20s"}, "", config.Dev}, // no drain there
	} {
		_, err := load(c.mode, c.set...)
		var problems config.Problems
		switch {
		case c.key == "" && err == nil:
		case !errors.As(err, &problems):
			t.Errorf("%q: %v", c.set, err)
		case len(problems) != 1 || problems[0].Key != c.key:
			t.Errorf("%q: %v, want one problem, with %s", c.set, err, c.key)
		}
	}
}

func TestProxyText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.1.2.3/8": "10.0.0.0/8", "10.0.0.1": "10.0.0.1", "::1": "::1", "2001:db8::1/32": "2001:db8::/32", "0.0.0.0/0": "0.0.0.0/0",
	} {
		var p httpserver.Proxy
		if err := p.UnmarshalText([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := p.MarshalText(); string(got) != want || err != nil {
			t.Errorf("%s becomes %s, %v; want %s", text, got, err, want)
		}
	}
}
