package config

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// mask stands for the value of a secret.
const mask = "••••"

// Problem is one thing that is wrong with the configuration. None of its texts holds the value of a secret.
type Problem struct {
	Key   string // "db.pool.max_open"; empty when the problem belongs to a whole file
	Where string // "configs/base.yaml:3", "env APP_DB__DSN", "--set", "built-in"; empty for a rule about a whole section
	Got   string // what was found: a quoted value, or a phrase such as "unknown key" that says it all
	Want  string // what is allowed; empty when Got says it all
	Hint  string // what to do about it, "did you mean db.dsn?"; may be empty
}

// String returns the problem on one line: where, key and text, two spaces apart.
func (p Problem) String() string {
	var parts []string
	for _, s := range []string{p.Where, p.Key, p.text()} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, "  ")
}

func (p Problem) text() string {
	switch {
	case p.Want != "" && p.Hint != "":
		return "got " + p.Got + ", want " + p.Want + "; " + p.Hint
	case p.Want != "":
		return "got " + p.Got + ", want " + p.Want
	case p.Hint != "":
		return p.Got + ", " + p.Hint
	default:
		return p.Got
	}
}

// Problems is everything that is wrong with the configuration, in the order of the layers. It is the error that Load returns for
// bad input: errors.As finds it.
type Problems []Problem //nolint:errname // it is the list that it says, and an error beside

// Error returns a line for each problem, in columns.
func (ps Problems) Error() string {
	var where, key int
	for _, p := range ps {
		where = max(where, utf8.RuneCountInString(p.Where))
		key = max(key, utf8.RuneCountInString(p.Key))
	}
	var b strings.Builder
	for i, p := range ps {
		if i > 0 {
			b.WriteByte('\n')
		}
		column(&b, p.Where, where)
		column(&b, p.Key, key)
		b.WriteString(p.text())
	}
	return b.String()
}

// NotCompiledIn returns the problem of a setting that names a driver which the program does not have. The drivers are those that it has, by name; also are
// values that the setting may have beside their names.
func NotCompiledIn[D any](key, value string, drivers map[string]D, also ...string) Problems {
	known := append(slices.Clone(also), slices.Sorted(maps.Keys(drivers))...)
	return Problems{{Key: key, Got: strconv.Quote(value) + " is not compiled in", Hint: "one of " + strings.Join(known, ", ") + " (drivers.go)"}}
}

// column writes s and fills it up to the width; a column that nobody uses is left out.
func column(b *strings.Builder, s string, width int) {
	if width == 0 {
		return
	}
	b.WriteString(s)
	b.WriteString(strings.Repeat(" ", width-utf8.RuneCountInString(s)+2))
}
