package docs_test

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// composeFile is what is relied on in a file for docker compose.
type composeFile struct {
	Name     string
	Services map[string]struct {
		Image       string
		Environment map[string]string
		Command     []string
		Ports       []string
		Volumes     []string
		Healthcheck struct {
			Test              []string
			Interval, Timeout string
			Retries           int
		}
	}
	Volumes map[string]*struct{}
}

// composed reads compose.yaml, which must hold nothing that this test does not look at.
func composed(t *testing.T) composeFile {
	t.Helper()
	var c composeFile
	d := yaml.NewDecoder(strings.NewReader(read(t, "compose.yaml")))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return c
}

// The servers for development are pinned, say when they are ready, keep their data, and nobody reaches them from elsewhere.
func TestComposeFile(t *testing.T) {
	t.Parallel()
	c := composed(t)
	ready := map[string]string{"postgres": "pg_isready", "redis": "redis-cli"}
	if len(c.Services) != len(ready) {
		t.Errorf("%d services", len(c.Services))
	}
	for name, s := range c.Services {
		if !regexp.MustCompile(`^` + name + `:\d+\.\d+(\.\d+)?$`).MatchString(s.Image) {
			t.Errorf("%s: the image %s is not pinned to a version", name, s.Image)
		}
		if h := s.Healthcheck; len(h.Test) < 2 || h.Test[0] != "CMD" || h.Test[1] != ready[name] || h.Interval == "" || h.Timeout == "" || h.Retries < 10 {
			t.Errorf("%s: health is asked by %+v", name, h)
		}
		for _, port := range s.Ports {
			if host, _, err := net.SplitHostPort(port[:strings.LastIndex(port, ":")]); err != nil || host != "127.0.0.1" {
				t.Errorf("%s: the port %s is open to others", name, port)
			}
		}
		if len(s.Ports) != 1 || len(s.Volumes) != 1 {
			t.Fatalf("%s: ports %v, volumes %v", name, s.Ports, s.Volumes)
		}
		if volume, _, _ := strings.Cut(s.Volumes[0], ":"); volume == "" {
			t.Errorf("%s: its volume has no name", name)
		} else if _, ok := c.Volumes[volume]; !ok {
			t.Errorf("%s: there is no volume %s", name, volume)
		}
	}
	if user := c.Services["postgres"].Environment["POSTGRES_USER"]; !slices.Contains(c.Services["postgres"].Healthcheck.Test, user) {
		t.Errorf("health is asked as somebody else than %s", user)
	}
}

// Whoever copies an address from a document reaches a server of compose.yaml.
func TestAddressesOfComposeFile(t *testing.T) {
	t.Parallel()
	postgres := composed(t).Services["postgres"]
	env := postgres.Environment
	port, _, _ := strings.Cut(strings.TrimPrefix(postgres.Ports[0], "127.0.0.1:"), ":")
	want := fmt.Sprintf("%s:%s@127.0.0.1:%s/%s", env["POSTGRES_USER"], env["POSTGRES_PASSWORD"], port, env["POSTGRES_DB"])
	redisPort, _, _ := strings.Cut(strings.TrimPrefix(composed(t).Services["redis"].Ports[0], "127.0.0.1:"), ":")
	local := regexp.MustCompile(`postgres://[^\s'"` + "`" + `]*(?:127\.0\.0\.1|localhost)[^\s'"` + "`" + `]*`)
	found := map[string]bool{}
	for _, page := range append(pages(t), "compose.yaml", "templates/app/compose.yaml.tmpl", "templates/app/README.md.tmpl") {
		for _, address := range local.FindAllString(read(t, page), -1) {
			u, err := url.Parse(address)
			if err != nil || u.User.String()+"@"+u.Host+u.Path != want || u.Query().Get("sslmode") != "disable" {
				t.Errorf("%s: %s is not the database of compose.yaml, %s: %v", page, address, want, err)
			}
			found[page] = true
		}
		for _, address := range regexp.MustCompile(`redis://127\.0\.0\.1[^\s'"`+"`"+`]*`).FindAllString(read(t, page), -1) {
			if address != "redis://127.0.0.1:"+redisPort+"/0" {
				t.Errorf("%s: %s is not the Redis of compose.yaml", page, address)
			}
		}
	}
	for _, page := range []string{"compose.yaml", "docs/guide/configuration.md"} {
		if !found[page] {
			t.Errorf("%s says no address", page)
		}
	}
}

// A new application has the same file, under its own name.
func TestComposeFileOfANewApplication(t *testing.T) {
	t.Parallel()
	text := strings.Replace(read(t, "templates/app/compose.yaml.tmpl"), "name: {{.App}}\n", "name: app\n", 1)
	if text != read(t, "compose.yaml") {
		t.Error("templates/app/compose.yaml.tmpl and compose.yaml differ in more than the name")
	}
}
