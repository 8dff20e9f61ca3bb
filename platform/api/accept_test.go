package api

import (
	"strings"
	"testing"

	"github.com/valyala/fasthttp"
)

func TestWeight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header string
		want   int // of gzip
	}{
		{"gzip", 1000},
		{"GZip", 1000},
		{" gzip ", 1000},
		{"br, gzip", 1000},
		{"br,gzip,zstd", 1000},
		{"gzip;q=1", 1000},
		{"gzip;q=1.000", 1000},
		{"gzip;q=0.5", 500},
		{"gzip; Q=0.5", 500},
		{"gzip ;\tq = 0.123", 123},
		{"gzip;level=9;q=0.05", 50},
		{"gzip;q=0.", 0},
		{"gzip;q=0", 0},
		{"gzip;q=0.000", 0},
		{"gzip;q=0,5", 0},
		{"br;q=0.1, gzip;q=0.2, gzip;q=0.9", 200}, // the first one counts

		// Not mentioned, or not readable, which is the same.
		{"", -1},
		{"br", -1},
		{"xgzip, gzipx, x-gzip", -1},
		{"*", -1},
		{"gzip;q=", -1},
		{"gzip;q", -1},
		{"gzip;q=x", -1},
		{"gzip;q=-1", -1},
		{"gzip;q=+1", -1},
		{"gzip;q=2", -1},
		{"gzip;q=1.001", -1},
		{"gzip;q=1.5", -1},
		{"gzip;q=.5", -1},
		{"gzip;q=0x1", -1},
		{"gzip;q=0.5x", -1},
		{"gzip;q=0.0:", -1},
		{"gzip;q=0.1234", -1},
		{"gzip;q=1e3", -1},
		{"gzip;q=٠", -1},
		{`gzip;q="1"`, -1},
		{"\x00gzip", -1},
		{";q=1", -1},
		{",,;,=;q", -1},
		{strings.Repeat("a;q=0,", 10_000) + "gzip;q=0.3", 300},
	} {
		if got := Weight(c.header, "gzip"); got != c.want {
			t.Errorf("%.60q: %d, want %d", c.header, got, c.want)
		}
	}
}

func TestAcceptsJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lines []string
		want  bool
	}{
		{nil, true},
		{[]string{""}, true},
		{[]string{"*/*"}, true},
		{[]string{"application/json"}, true},
		{[]string{"application/*"}, true},
		{[]string{"APPLICATION/JSON; charset=utf-8"}, true},
		{[]string{"text/html, */*;q=0.1"}, true},
		{[]string{"text/html", "application/json"}, true},
		{[]string{"application/json;q=0.001"}, true},
		{[]string{"application/*;q=0, application/json"}, true}, // the more specific range decides
		{[]string{"*/*;q=0, application/*"}, true},
		{[]string{"application/json;q=x, */*"}, true},

		{[]string{"text/html"}, false},
		{[]string{"application/problem+json"}, false},
		{[]string{"application/jsonp"}, false},
		{[]string{"json"}, false},
		{[]string{"*"}, false},
		{[]string{"application/json;q=0"}, false},
		{[]string{"application/json;q=0", "*/*"}, false},
		{[]string{"*/*", "application/json;q=0"}, false},
		{[]string{"application/*;q=0.0, */*"}, false},
		{[]string{"\xff"}, false},
	} {
		var h fasthttp.RequestHeader
		for _, line := range c.lines {
			h.Add(fasthttp.HeaderAccept, line)
		}
		if got := AcceptsJSON(&h); got != c.want {
			t.Errorf("%q: %v", c.lines, got)
		}
	}
}
