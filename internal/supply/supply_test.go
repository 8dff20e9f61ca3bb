package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/ncruces/go-sqlite3/driver"

	"github.com/banyan-go/banyan/platform/servertest"
)

const root = "../.."

// programs are what is built from this repository for others, by the names that the page has for them.
func programs() map[string]string {
	return map[string]string{"application": "./cmd/app", "banyan": "./cmd/banyan"}
}

// TestReference compares docs/reference/licences.md with what is linked for both systems. BANYAN_UPDATE=1 writes it. It fails on a licence that is
// unknown or not allowed.
func TestReference(t *testing.T) {
	t.Parallel()
	parts, in := map[string]part{}, map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(programs())) {
		for _, system := range []string{"linux", "darwin"} {
			linked, err := linked(t.Context(), root, build{env: []string{"GOOS=" + system, "GOARCH=arm64", "CGO_ENABLED=0"}}, programs()[name])
			if err != nil {
				t.Fatal(err)
			}
			if err := judge(linked); err != nil {
				t.Errorf("%s for %s: %v", name, system, err)
			}
			for _, p := range linked {
				parts[p.Name] = p
				if !slices.Contains(in[p.Name], name) {
					in[p.Name] = append(in[p.Name], name)
				}
			}
		}
	}
	var b strings.Builder
	b.WriteString("# Licences\n\nWhat others wrote and what is linked into the reference application, hence into yours, or into `banyan`, on Linux or macOS.\n" +
		"This page is written by `BANYAN_UPDATE=1 go test -run TestReference ./internal/supply`; [In production](../guide/production.md#what-is-in-it) says\n" +
		"how to get the texts and a bill of materials for a binary.\n\nAllowed are " + strings.Join(allowed(), ", ") + ".\n\n| part | version | licence | in |\n|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		p := parts[name]
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, p.Version, strings.Join(p.Licences, ", "), strings.Join(in[name], ", "))
	}
	page := filepath.Join(root, "docs/reference/licences.md")
	if os.Getenv("BANYAN_UPDATE") == "1" {
		if err := os.WriteFile(page, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != b.String() {
		t.Errorf("%s is not what is linked; write it with BANYAN_UPDATE=1 go test -run TestReference ./internal/supply", page)
	}
}

const (
	mit = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies
of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions: The above copyright notice and this
permission notice shall be included in all copies or substantial portions of the Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND,
EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL
THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`
	gpl = `This program is free software: you can redistribute it and/or modify it under the terms of the GNU General Public License as published by the Free Software
Foundation, either version 3 of the License, or (at your option) any later version. This program is distributed in the hope that it will be useful, but
WITHOUT ANY WARRANTY; without even the implied warranty of MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE. See the GNU General Public License for more
details. You should have received a copy of the GNU General Public License along with this program. If not, see <https://www.gnu.org/licenses/>.`
)

// A module that is linked is judged by its texts: those at its root, and those beside the packages that are used.
func TestLicencesAreJudged(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		files map[string]string
		want  string // of the problem
		is    string // the licences
	}{
		"allowed":                  {map[string]string{"LICENSE": mit, "NOTICE": "Made by us."}, "", "MIT"},
		"spelt the British way":    {map[string]string{"LICENCE.md": "# Licence\n\n" + mit}, "", "MIT"},
		"not allowed":              {map[string]string{"COPYING": gpl}, "example.com/lib v1.0.0: GPL-3.0-or-later is not allowed", "GPL-3.0-or-later"},
		"one of two is not":        {map[string]string{"LICENSE": mit, "LICENSE.extra": gpl}, "GPL-3.0-or-later is not allowed", "GPL-3.0-or-later MIT"},
		"beside the package":       {map[string]string{"LICENSE": mit, "used/LICENSE": gpl}, "GPL-3.0-or-later is not allowed", "GPL-3.0-or-later MIT"},
		"beside one that is not":   {map[string]string{"LICENSE": mit, "unused/LICENSE": gpl}, "", "MIT"},
		"nobody knows it":          {map[string]string{"LICENSE": "Do as you are told."}, "example.com/lib v1.0.0: LICENSE is no licence that is known", ""},
		"more than it begins with": {map[string]string{"LICENSE": mit + strings.Repeat("\nYou owe us a fee for every day of use.", 40)}, "LICENSE is no licence that is known", "MIT"},
		"none":                     {map[string]string{"license.go": "package lib\n", "NOTICE": "Made by us."}, "example.com/lib v1.0.0: it has no licence", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, map[string]string{
				"app/go.mod":      "module example.com/app\n\ngo 1.26\n\nrequire example.com/lib v1.0.0\n\nreplace example.com/lib v1.0.0 => ../lib\n",
				"app/main.go":     "package main\n\nimport _ \"example.com/lib/used\"\n\nfunc main() {}\n",
				"lib/go.mod":      "module example.com/lib\n\ngo 1.26\n",
				"lib/used/lib.go": "package used\n", "lib/unused/lib.go": "package unused\n",
			})
			write(t, filepath.Join(dir, "lib"), row.files)
			packages, err := list(t.Context(), filepath.Join(dir, "app"), build{}, []string{"."})
			if err != nil {
				t.Fatal(err)
			}
			lib := packages[slices.IndexFunc(packages, func(p listed) bool { return p.ImportPath == "example.com/lib/used" })]
			c := collection{parts: map[string]*part{}, owner: map[string]string{}}
			if err := c.add(lib, build{}); err != nil {
				t.Fatal(err)
			}
			parts, err := c.sorted()
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(parts[0].Licences, " "); got != row.is {
				t.Errorf("got the licences %q, want %q", got, row.is)
			}
			err = judge(parts)
			if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

// The reference application is built as production does.
func TestBinaryIsDescribed(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "app")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", binary, "./cmd/app")
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := run(t.Context(), root, []string{binary}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(binary + ".cdx.json")
	if err != nil {
		t.Fatal(err)
	}
	var b bom
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	t.Run("bill of materials", func(t *testing.T) {
		t.Parallel()
		billIsOf(t, binary, b)
	})
	t.Run("schema of CycloneDX", func(t *testing.T) {
		t.Parallel()
		validate := servertest.Need(t, servertest.Program{
			Name: "validate-bom", Commands: []string{"../../cmd/app/testdata/linters/node_modules/.bin/validate-bom"},
			Command: "npm ci --ignore-scripts --prefix cmd/app/testdata/linters",
		})
		if out, err := exec.CommandContext(t.Context(), validate, "1.6", binary+".cdx.json").CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("notices", func(t *testing.T) {
		t.Parallel()
		noticesAreOf(t, binary, b)
	})
}

// billIsOf compares with what the go command reads out of the binary: each module stands there with version, package URL and licence.
func billIsOf(t *testing.T, binary string, b bom) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "version", "-m", binary).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"pkg:npm/swagger-ui-dist@5.35.0", "pkg:generic/sqlite@3.54.1", "pkg:generic/libwebp@1.4.0"}
	for line := range strings.Lines(string(out)) {
		switch words := strings.Fields(line); words[0] {
		case binary + ":":
			want = append(want, "pkg:golang/stdlib@"+strings.TrimPrefix(words[1], "go"))
		case "dep":
			want = append(want, "pkg:golang/"+words[1]+"@"+words[2])
		}
	}
	var got []string
	for _, c := range b.Components {
		got = append(got, c.PURL)
		if c.Version == "" || !strings.HasSuffix(c.PURL, "@"+c.Version) {
			t.Errorf("%s has the version %q", c.PURL, c.Version)
		}
		if len(c.Licences) != 1 || (c.Licences[0].Licence == nil) == (c.Licences[0].Expression == "") {
			t.Errorf("%s has the licences %v", c.PURL, c.Licences)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) || len(want) < 40 {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, d := range b.Dependencies {
		for _, ref := range d.DependsOn {
			if !slices.Contains(got, ref) {
				t.Errorf("%s depends on %s, which is not there", d.Ref, ref)
			}
		}
	}
}

// noticesAreOf looks for the texts that whoever gets the binary has to get with it.
func noticesAreOf(t *testing.T, binary string, b bom) {
	t.Helper()
	text, err := os.ReadFile(binary + ".notices.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.Components {
		if !strings.Contains(string(text), "\n"+c.Name+" "+c.Version+" (") {
			t.Errorf("nothing about %s", c.Name)
		}
	}
	for _, part := range []string{"Copyright 2020-2021 SmartBear Software Inc.", "Copyright (c) 2013-NOW  Jinzhu", "Copyright 2009 The Go Authors"} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%q is missing", part)
		}
	}
}

func TestBinaryOfOtherVersionsIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"go.mod":     "module example.com/app\n\ngo 1.26\n\nrequire example.com/lib v1.0.0\n\nreplace example.com/lib v1.0.0 => ./lib\n",
		"main.go":    "package main\n\nimport _ \"example.com/lib\"\n\nfunc main() {}\n",
		"lib/go.mod": "module example.com/lib\n\ngo 1.26\n", "lib/lib.go": "package lib\n", "lib/LICENSE": mit,
	})
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", "app", ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	write(t, dir, map[string]string{"main.go": "package main\n\nfunc main() {}\n"})
	err := run(t.Context(), dir, []string{filepath.Join(dir, "app")})
	if err == nil || !strings.Contains(err.Error(), "build it again") {
		t.Errorf("got %v", err)
	}
}

// The versions of what is no module stand in the source, and must be those of what is embedded.
func TestAssetsHaveTheirVersions(t *testing.T) {
	t.Parallel()
	is := map[string]string{"swagger-ui-dist": swaggerUI(t), "sqlite": sqlite(t), "libwebp": libwebp(t)}
	for _, a := range assets(root) {
		if !strings.Contains(is[a.Name], a.Version) {
			t.Errorf("%s has the version %s, and what is embedded not", a.Name, a.Version)
		}
		if !strings.HasSuffix(a.PURL, a.Name+"@"+a.Version) {
			t.Errorf("%s %s has the package URL %s", a.Name, a.Version, a.PURL)
		}
	}
}

// libwebp says its version nowhere in what was compiled of it, so this one is that of a file: another file has to be given another one.
func libwebp(t *testing.T) string {
	t.Helper()
	compiled, err := os.ReadFile(filepath.Join(root, "platform/images/webp/libwebp/libwebp.wasm.gz"))
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{"bbcf68343d79d80ba4ce7bb29215b2943711bd0787f68ff31785c6e2bb044459": "1.4.0"}
	return versions[fmt.Sprintf("%x", sha256.Sum256(compiled))]
}

func swaggerUI(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "platform/api/apidocs/swagger/swagger-ui-bundle.js.gz"))
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unzipped)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func sqlite(t *testing.T) (version string) {
	t.Helper()
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), "SELECT sqlite_version()").Scan(&version); err != nil {
		t.Fatal(err)
	}
	return version
}
