package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// allowed are the licences that a program may carry which somebody else, who keeps their own source, builds on Banyan: all of them ask for no more than
// a notice. MPL-2.0 asks for the source of its own files, and nobody here changes those.
func allowed() []string {
	return []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "blessing", "CC0-1.0", "ISC", "MIT", "MIT-0", "MPL-2.0", "Unlicense", "Zlib"}
}

// known is the share of a text, in percent, that has to be that of a licence; pkg.go.dev asks for as much.
const known = 75

func isLicence(file string) bool {
	return regexp.MustCompile(`(?i)^((un)?licen[cs]e|copying)([-._].*)?$`).MatchString(file) && !strings.HasSuffix(file, ".go")
}

// isNotice is for what has to be handed on and is no licence.
func isNotice(file string) bool {
	return regexp.MustCompile(`(?i)^(notice|copyright|authors|patents)([-._].*)?$`).MatchString(file) && !strings.HasSuffix(file, ".go")
}

// recognise finds out which licences a part's texts are.
func (p *part) recognise() error {
	read := false
	for _, file := range p.Texts {
		if !isLicence(filepath.Base(file)) {
			continue
		}
		read = true
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read the licence of %s: %w", p.Name, err)
		}
		coverage := licensecheck.Scan(text)
		if coverage.Percent < known {
			p.problem = filepath.Base(file) + " is no licence that is known"
		}
		for _, m := range coverage.Match {
			if !m.IsURL {
				p.Licences = append(p.Licences, m.ID)
			}
		}
	}
	if !read && len(p.Licences) == 0 {
		p.problem = "it has no licence"
	}
	slices.Sort(p.Licences)
	p.Licences = slices.Compact(p.Licences)
	return nil
}

// judge lists the parts whose licence is unknown or not allowed.
func judge(parts []part) error {
	var problems []error
	for _, p := range parts {
		if p.problem != "" {
			problems = append(problems, fmt.Errorf("%s %s: %s", p.Name, p.Version, p.problem))
		}
		for _, id := range p.Licences {
			if !slices.Contains(allowed(), id) {
				problems = append(problems, fmt.Errorf("%s %s: %s is not allowed", p.Name, p.Version, id))
			}
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("%w\nDo without it, or say in internal/supply/licence.go why it is right", errors.Join(problems...))
}

// notices joins the texts of all parts.
func notices(parts []part) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("This program contains the work of others, under these terms.\n")
	for _, p := range parts {
		fmt.Fprintf(&b, "\n%s\n%s %s (%s)\n", strings.Repeat("=", 80), p.Name, p.Version, strings.Join(p.Licences, " AND "))
		for _, file := range p.Texts {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("read the licence of %s: %w", p.Name, err)
			}
			fmt.Fprintf(&b, "\n%s\n", bytes.TrimSpace(text))
		}
	}
	return b.Bytes(), nil
}
