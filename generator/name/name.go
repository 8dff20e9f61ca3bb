// Package name turns the words that a person types into the names that Go, SQL and URLs need, and refuses those that would break one of
// the three, with a proposal.
package name

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/jinzhu/inflection"
)

// Name is one checked word or several, in the spellings that templates need.
type Name struct {
	Snake  string // "unit_price"
	Pascal string // "UnitPrice", with Go's initialisms: "ProductID"
	Camel  string // "unitPrice"
	Words  string // "unit price"
}

// New returns the spellings of a name in snake_case.
func New(snake string) Name {
	parts := strings.Split(snake, "_")
	var pascal strings.Builder
	for _, p := range parts {
		pascal.WriteString(title(p))
	}
	camel := parts[0] + strings.TrimPrefix(pascal.String(), title(parts[0]))
	return Name{Snake: snake, Pascal: pascal.String(), Camel: camel, Words: strings.Join(parts, " ")}
}

func title(word string) string {
	if word == "" {
		return ""
	}
	if initialism(word) {
		return strings.ToUpper(word)
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// initialism reports whether Go writes a word in capitals; the list is that of Go's linters.
func initialism(word string) bool {
	return slices.Contains([]string{
		"acl", "api", "ascii", "cpu", "css", "dns", "eof", "guid", "html", "http", "https", "id", "ip", "json", "qps", "ram", "rpc", "sla",
		"smtp", "sql", "ssh", "tcp", "tls", "ttl", "udp", "ui", "gid", "uid", "uuid", "uri", "url", "utf8", "vm", "xml", "xmpp", "xsrf", "xss",
	}, word)
}

// Plural returns the plural of a name in snake_case. It is never the name itself: a word without a plural gets _list behind it, so that
// one and many have different names.
func Plural(snake string) string {
	i := strings.LastIndexByte(snake, '_') + 1
	many := snake[:i] + strings.ToLower(inflection.Plural(snake[i:]))
	if many == snake {
		return snake + "_list"
	}
	return many
}

// Article returns "a" or "an" for a word.
func Article(word string) string {
	if word != "" && strings.ContainsRune("aeiou", rune(word[0])) {
		return "an"
	}
	return "a"
}

// Error is a name that was refused.
type Error struct {
	What     string // "module", "resource", "field"
	Name     string
	Reason   string
	Proposal string // another name; may be empty
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s name %q: %s", e.What, e.Name, e.Reason)
	if e.Proposal != "" {
		s += "; try " + e.Proposal
	}
	return s
}

// maxLength keeps every name made of a module, a resource and a field below the 63 bytes at which PostgreSQL cuts names.
const maxLength = 24

var (
	moduleSyntax = regexp.MustCompile(`^[a-z][a-z0-9]*$`)
	snakeSyntax  = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	appSyntax    = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
)

// CheckModule refuses what cannot be the name of a module: of a Go package, a prefix of tables, a part of a path.
func CheckModule(s string) error {
	switch {
	case !moduleSyntax.MatchString(s):
		return refuse("module", s, "has to be letters a to z and digits, beginning with a letter", squeeze(s, ""))
	case reservedPackage(s):
		return refuse("module", s, "is a word that Go, or the generated code, needs itself", s+"s")
	case strings.HasSuffix(s, "wire") || strings.HasSuffix(s, "event"):
		return refuse("module", s, "looks like the folder of another module's wiring or events", s+"s")
	case strings.HasSuffix(s, "test"):
		return refuse("module", s, "looks like a test package", s+"s")
	}
	return checkLength("module", s)
}

// CheckResource refuses what cannot be the name of a resource.
func CheckResource(s string) error {
	switch {
	case !snakeSyntax.MatchString(s):
		return refuse("resource", s, "has to be words of letters a to z and digits, joined by _", squeeze(s, "_"))
	case strings.Contains(s, "_") && suffixOfFile(s[strings.LastIndexByte(s, '_')+1:]):
		return refuse("resource", s, "ends like a file that Go builds on some systems or in tests only", s+"_item")
	case reservedPackage(strings.ReplaceAll(s, "_", "")), suffixOfFile(s):
		return refuse("resource", s, "is a word that Go, or the generated code, needs itself", s+"_item")
	case inflection.Singular(s) != s && inflection.Plural(s) == s:
		return refuse("resource", s, "is a plural", inflection.Singular(s))
	}
	return checkLength("resource", s)
}

// CheckField refuses what cannot be the name of a field.
func CheckField(s string) error {
	switch {
	case !snakeSyntax.MatchString(s):
		return refuse("field", s, "has to be words of letters a to z and digits, joined by _", squeeze(s, "_"))
	case slices.Contains([]string{"id", "version", "created_at", "updated_at", "deleted_at", "bucket"}, s):
		return refuse("field", s, "is one of the fields that every resource has", "own_"+s)
	case reservedColumn(s):
		return refuse("field", s, "is a reserved word of SQL", s+"_value")
	case s == "table_name":
		return refuse("field", s, "would clash with a method of the generated code", "own_"+s)
	}
	return checkLength("field", s)
}

// CheckApp refuses what cannot be the name of an application: of a binary, a folder, a module path's last element.
func CheckApp(s string) error {
	switch {
	case !appSyntax.MatchString(s):
		return refuse("application", s, "has to be words of letters a to z and digits, joined by -", squeeze(s, "-"))
	case slices.Contains([]string{"banyan", "go", "test", "internal", "vendor", "main"}, s):
		return refuse("application", s, "is the name of something else", s+"-app")
	}
	return checkLength("application", s)
}

func checkLength(what, s string) error {
	if len(s) > maxLength {
		return refuse(what, s[:maxLength]+"...", fmt.Sprintf("is longer than %d characters", maxLength), "")
	}
	return nil
}

func refuse(what, s, reason, proposal string) error {
	if proposal == s {
		proposal = ""
	}
	return &Error{What: what, Name: s, Reason: reason, Proposal: proposal}
}

// squeeze makes the proposal for a name in another spelling: "UnitPrice" becomes unit_price.
func squeeze(s, joint string) string {
	var words []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	previous := rune(0)
	for _, r := range s {
		switch {
		case r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush()
		case unicode.IsUpper(r) && unicode.IsLower(previous):
			flush()
			fallthrough
		default:
			word.WriteRune(unicode.ToLower(r))
		}
		previous = r
	}
	flush()
	proposal := strings.TrimLeft(strings.Join(words, joint), "0123456789_-")
	if len(proposal) > maxLength {
		proposal = strings.TrimRight(proposal[:maxLength], "_-")
	}
	return proposal
}
