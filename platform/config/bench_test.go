package config_test

import (
	"testing"

	"github.com/banyan-go/banyan/platform/config"
)

// BenchmarkLoad loads two files, the environment and flags, as a start does.
func BenchmarkLoad(b *testing.B) {
	o := config.Options{
		Embedded: files("base.yaml", "roles: [web]\nhttp:\n  addr: x\n  timeout: 10s\n  docs: true\n  port: 80\ndb:\n  dsn: x\n",
			"profiles/single.yaml", "db:\n  pool:\n    max_open: 32\n    max_idle: 16\nqueue:\n  workers:\n    mail: 2\n"),
		Environ: []string{"HOME=/", "PATH=/bin", "APP_DB__DSN=y", "APP_QUEUE__WORKERS__IMAGES=2"},
		Set:     []string{"http.addr=:0"},
	}
	b.ReportAllocs()
	for b.Loop() {
		s := defaults()
		if _, err := config.Load(&s, o); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRefuse loads a file whose last line is faulty, which is parsed again to find that line.
func BenchmarkRefuse(b *testing.B) {
	text := ""
	for range 300 {
		text += "# a comment, as long as such a comment is, about the key that follows it\nkey: value\n"
	}
	o := config.Options{Embedded: files("base.yaml", text+"  x: @\n")}
	for b.Loop() {
		s := defaults()
		if _, err := config.Load(&s, o); err == nil {
			b.Fatal("loaded")
		}
	}
}
