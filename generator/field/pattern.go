package field

import (
	"regexp"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/generator/name"
)

// Pattern is what texts can be made to match: match=e164. An expression is written in what Go and JavaScript share, since the API's document
// shows it.
type Pattern struct {
	Name       string
	Expression string
	Means      string // "must be ..."
	Max        int    // the longest text that matches
	// Examples match, and Sample is a Go expression of a text that does, over {n}, a number from 0 to Distinct-1.
	Examples [2]string
	Sample   string
	Distinct int64
}

// Patterns lists every pattern by name.
func Patterns() []Pattern {
	return []Pattern{
		{"country", `^[A-Z]{2}$`, "must be a country code like DE (ISO 3166-1 alpha-2)", 2,
			[2]string{"DE", "JP"}, `fmt.Sprintf("%c%c", 'A'+{n}/26, 'A'+{n}%26)`, 26 * 26},
		{"currency", `^[A-Z]{3}$`, "must be a currency code like EUR (ISO 4217)", 3,
			[2]string{"EUR", "JPY"}, `fmt.Sprintf("%c%cX", 'A'+{n}/26, 'A'+{n}%26)`, 26 * 26},
		{"e164", `^\+[1-9][0-9]{6,14}$`, "must be a telephone number like +4930123456 (E.164)", 16,
			[2]string{"+4930123456", "+14155550100"}, `fmt.Sprintf("+4930%010d", {n})`, 1e10},
		{"hex_color", `^#[0-9a-fA-F]{6}$`, "must be a colour like #1a2b3c", 7,
			[2]string{"#1a2b3c", "#FFFFFF"}, `fmt.Sprintf("#%06x", {n})`, 1 << 24},
		{"language", `^[a-z]{2}$`, "must be a language code like de (ISO 639-1)", 2,
			[2]string{"de", "ja"}, `fmt.Sprintf("%c%c", 'a'+{n}/26, 'a'+{n}%26)`, 26 * 26},
		{"semver", `^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`,
			"must be a version like 1.2.3-rc.1 (Semantic Versioning)", 64,
			[2]string{"1.2.3", "2.0.0-rc.1"}, `fmt.Sprintf("1.0.%d", {n})`, unlimited},
		{"sha256", `^[0-9a-f]{64}$`, "must be a SHA-256 as 64 hexadecimal digits in lower case", 64,
			[2]string{strings.Repeat("0a", 32), strings.Repeat("f9", 32)}, `fmt.Sprintf("%064x", {n})`, unlimited},
		{"username", `^[a-z][a-z0-9_]{2,31}$`, "must be 3 to 32 letters a to z, digits and _, beginning with a letter", 32,
			[2]string{"anna", "user_2"}, `fmt.Sprintf("user%d", {n})`, unlimited},
	}
}

const unlimited = 1 << 40

// Pattern returns what the texts of a field have to match.
func (f Field) Pattern() (Pattern, bool) {
	if f.Match == nil {
		return Pattern{}, false
	}
	i := slices.IndexFunc(Patterns(), func(p Pattern) bool { return p.Name == *f.Match })
	if i < 0 {
		return Pattern{}, false
	}
	return Patterns()[i], true
}

// Fits reports whether a text matches.
func (p Pattern) Fits(text string) bool { return regexp.MustCompile(p.Expression).MatchString(text) }

// unknownPattern is what is said of a name that no pattern has.
func unknownPattern(s string) string {
	var names []string
	for _, p := range Patterns() {
		names = append(names, p.Name)
	}
	return "match=" + name.Quote(s) + ": there is no pattern of that name; there are " + strings.Join(names, " ")
}
