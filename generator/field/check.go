package field

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/banyan-go/banyan/generator/name"
)

// sortable is the longest text that a filter, a sort or a cursor takes.
const sortable = 255

// check finds modifiers that contradict each other or do not fit the type.
func (f *Field) check() error {
	if f.Types != nil {
		return fmt.Errorf("types is for the type file, and %s is another", f.Type)
	}
	if err := f.checkPrivacy(); err != nil {
		return err
	}
	if err := f.checkPresence(); err != nil {
		return err
	}
	if err := f.checkMatch(); err != nil {
		return err
	}
	if err := f.checkBounds(); err != nil {
		return err
	}
	if err := f.checkQueries(); err != nil {
		return err
	}
	if f.Default != nil {
		return f.checkDefault(*f.Default)
	}
	return nil
}

// checkPrivacy is about what is kept from others.
func (f *Field) checkPrivacy() error {
	switch {
	case f.Secret && f.Type == Password:
		return errors.New("of a password a hash is kept in any case: take secret away")
	case f.Secret && !f.mayBeSecret():
		return fmt.Errorf("secret is for the types string, text, bytes and json, and %s is none of them; hidden keeps it out of answers", f.Type)
	case f.PII && f.Guarded():
		return errors.New("what is secret is neither answered nor logged in any case: take pii away")
	case f.Hidden && f.Guarded():
		return errors.New("what is secret is in no answer in any case: take hidden away")
	case f.Guarded() && f.Default != nil:
		return errors.New("a default would stand in the source for everybody to read: use null")
	case f.Shown() && f.mayBeSecret() && secretName(f.Name.Snake):
		return errors.New("every answer would show it, in lists as well: a password has the type password, and what is read again the modifier secret")
	}
	return nil
}

// mayBeSecret reports whether the type takes the modifier secret.
func (f *Field) mayBeSecret() bool { return f.Type == String || f.Type == Text || f.Type.Sized() }

// secretName reports whether a name says that the value is for nobody's eyes: by its last words, since password_hint is for many.
func secretName(snake string) bool {
	return slices.ContainsFunc([]string{
		"password", "passwd", "pwd", "passphrase", "secret", "password_hash", "private_key", "secret_key", "api_key", "access_token", "refresh_token",
	}, func(word string) bool { return snake == word || strings.HasSuffix(snake, "_"+word) })
}

// checkMatch is about the pattern of a text.
func (f *Field) checkMatch() error {
	if f.Match == nil {
		return nil
	}
	p, known := f.Pattern()
	switch {
	case f.Type == Email || f.Type == URL || f.Type == Slug:
		return fmt.Errorf("match is for the type string: the type %s says itself what a value looks like", f.Type)
	case f.Type != String:
		return fmt.Errorf("match is for the type string, and %s is another", f.Type)
	case !known:
		return errors.New(unknownPattern(*f.Match))
	case f.Min != nil || f.Max != nil:
		return fmt.Errorf("match=%s says how long a value is: take min and max away", p.Name)
	case f.Default != nil && !p.Fits(*f.Default):
		return fmt.Errorf("default=%s: %s", name.Quote(*f.Default), p.Means)
	}
	return nil
}

func (f *Field) checkPresence() error {
	switch {
	case f.Required && f.Null:
		return errors.New("required and null contradict each other")
	case f.Required && f.Default != nil:
		return errors.New("required and default contradict each other")
	case f.Null && f.Default != nil:
		return errors.New("null and default contradict each other: a field that is left out is null")
	case f.Unique && f.Default != nil:
		return errors.New("unique and default contradict each other: the default can be there once")
	case f.Hidden && f.MustBeGiven():
		return errors.New("a hidden field is not in requests: give it null or a default")
	case f.Hidden && (f.Filter || f.Sort || f.Search):
		return errors.New("a hidden field shows itself by filter, sort and search")
	}
	return nil
}

// Indexable reports whether an index takes values of the field: amounts and uploads are several columns, texts can be too long, and of what is secret there is
// nothing to find.
func (f Field) Indexable() bool {
	return !f.unordered() && !f.Secret && (!f.Type.Textual() || f.MaxLength() <= sortable)
}

// unordered reports whether there is nothing in values of the type that a list could be sorted by.
func (f Field) unordered() bool {
	return f.Type == Money || f.Type == Password || f.Type.Sized() || f.Type.Uploaded()
}

func (f *Field) checkQueries() error {
	for _, mod := range []struct {
		name string
		set  bool
	}{{"filter", f.Filter}, {"sort", f.Sort}, {"unique", f.Unique}, {"index", f.Index}} {
		switch {
		case !mod.set:
		case f.Type == Text || f.unordered():
			return fmt.Errorf("%s is not for the type %s", mod.name, f.Type)
		case f.Secret:
			return fmt.Errorf("%s finds nothing in what is secret: it is encrypted in another way each time", mod.name)
		case !f.Indexable():
			return fmt.Errorf("%s is for texts of at most %d characters: add max=%d", mod.name, sortable, sortable)
		case mod.name == "unique" && (f.Type == Bool || f.Type == Enum):
			return fmt.Errorf("unique is not for the type %s", f.Type)
		}
	}
	switch {
	case f.Search && f.Secret:
		return errors.New("search finds nothing in what is secret: it is encrypted in another way each time")
	case f.Search && !f.Type.Textual():
		return fmt.Errorf("search is for texts, and %s is none", f.Type)
	case f.NoIndex && !f.Filter && !f.Sort:
		return errors.New("noindex takes away the index of filter and sort, and there is neither")
	case f.NoIndex && f.Index:
		return errors.New("index and noindex contradict each other")
	case f.Unique && (f.Index || f.NoIndex):
		return errors.New("unique makes an index in any case")
	}
	return nil
}

func (f *Field) checkBounds() error {
	if f.Min == nil && f.Max == nil {
		return nil
	}
	if !f.Type.Textual() && !f.Type.Numeric() && !f.Type.Sized() && f.Type != Password {
		return fmt.Errorf("min and max are not for the type %s", f.Type)
	}
	if f.Min != nil && (f.Type == Email || f.Type == URL || f.Type == Slug || f.Type == JSON) {
		return fmt.Errorf("min is not for the type %s", f.Type)
	}
	bounds := []*big.Rat{nil, nil}
	for i, bound := range []*string{f.Min, f.Max} {
		if bound == nil {
			continue
		}
		v, err := f.bound(*bound)
		if err != nil {
			return fmt.Errorf("%s=%s: %w", []string{"min", "max"}[i], name.Quote(*bound), err)
		}
		bounds[i] = v
	}
	if bounds[0] != nil && bounds[1] != nil && bounds[0].Cmp(bounds[1]) > 0 {
		return errors.New("min is greater than max")
	}
	if !f.Type.Numeric() && f.Min != nil && f.MaxLength() < int(bounds[0].Num().Int64()) {
		return fmt.Errorf("min is greater than the longest %s, %d", f.Type, f.MaxLength())
	}
	return nil
}

// What min and max of a password can be, in code points. Fewer are guessed, and hashing more would be work for nothing.
const (
	shortestPassword = 8
	longestPassword  = 128
)

// largest is the most bytes that max allows: in base64 they are still below the limit that a body has by default.
const largest = 2 << 20

// bound reads min and max: a length of a text, a size in bytes, a number otherwise.
func (f *Field) bound(s string) (*big.Rat, error) {
	switch {
	case f.Type == Password:
		return whole(s, shortestPassword, longestPassword, "the length of a password")
	case f.Type.Sized():
		return whole(s, 1, largest, "the size in bytes")
	}
	if f.Type.Textual() {
		length, err := whole(s, 1, 65536, "the length of a text")
		if err != nil {
			return nil, err
		}
		n := int(length.Num().Int64())
		if least := map[Type]int{Email: 24, URL: 40, Slug: 16}[f.Type]; n < least {
			return nil, fmt.Errorf("is too short for the type %s: at least %d", f.Type, least)
		}
		if (f.Type == Email && n > 254) || (f.Type == URL && n > 2048) || (f.Type == String && n > 10000) {
			return nil, fmt.Errorf("is more than the type %s allows", f.Type)
		}
		return length, nil
	}
	v, err := f.number(s)
	if err != nil {
		return nil, err
	}
	if n := v.Num(); f.Type == Int && (n.Int64() == math.MinInt32 || n.Int64() == math.MaxInt32) ||
		(f.Type == Int64 || f.Type == Money) && (n.Int64() == math.MinInt64 || n.Int64() == math.MaxInt64) {
		return nil, errors.New("is the limit of the type in any case")
	}
	return v, nil
}

// whole reads a whole number inside a range.
func whole(s string, least, most int, what string) (*big.Rat, error) {
	n, err := strconv.Atoi(s)
	if err != nil || strconv.Itoa(n) != s || n < least || n > most {
		return nil, fmt.Errorf("%s is a whole number from %d to %d", what, least, most)
	}
	return new(big.Rat).SetInt64(int64(n)), nil
}

// Defaults are checked more strictly than values in requests: the API must find nothing wrong with one, and answer with it as it is written.
var (
	wholeSyntax   = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)
	decimalSyntax = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
	floatSyntax   = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?$`)
	slugSyntax    = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	uuidSyntax    = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	emailSyntax   = regexp.MustCompile(`^[a-z0-9]+([._+-][a-z0-9]+)*@[a-z0-9]+([.-][a-z0-9]+)*$`)
	timeSyntax    = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`)
)

const zeroUUID = "00000000-0000-0000-0000-000000000000"

// number reads a value of a numeric type. Money has min and max in minor units.
func (f *Field) number(s string) (*big.Rat, error) {
	if len(s) > 40 {
		return nil, errors.New("is too long for a number")
	}
	syntax := decimalSyntax
	switch f.Type {
	case Int, Int64, Money:
		syntax = wholeSyntax
	case Float:
		syntax = floatSyntax
	}
	if f.Type == Float && decimalSyntax.MatchString(s) && !floatSyntax.MatchString(s) {
		return nil, errors.New("is more than the generator can write exactly: at most 9 digits before the point and 6 behind it")
	}
	if !syntax.MatchString(s) {
		return nil, fmt.Errorf("is not a value of the type %s", f.Type)
	}
	v, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil, fmt.Errorf("is not a value of the type %s", f.Type)
	}
	switch f.Type {
	case Int:
		if !v.Num().IsInt64() || v.Num().Int64() < math.MinInt32 || v.Num().Int64() > math.MaxInt32 {
			return nil, errors.New("does not fit into 32 bits: use int64")
		}
	case Int64, Money:
		if !v.Num().IsInt64() {
			return nil, errors.New("does not fit into 64 bits")
		}
	case Decimal:
		units := new(big.Rat).Mul(v, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(f.Scale)), nil)))
		limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(f.Precision)), nil)
		if !units.IsInt() || units.Num().CmpAbs(limit) >= 0 {
			return nil, fmt.Errorf("does not fit into decimal=%d.%d", f.Precision, f.Scale)
		}
	}
	return v, nil
}

func (f *Field) checkDefault(s string) error {
	bad := func(want string) error { return fmt.Errorf("default=%s: %s", name.Quote(s), want) }
	switch f.Type {
	case Money:
		return bad("an amount has no default; use null")
	case JSON, Bytes:
		return bad("the type " + string(f.Type) + " has no default; use null")
	case UUID:
		if !uuidSyntax.MatchString(s) || s == zeroUUID {
			return bad("is not a UUID in lower case, or the one of zeros, which means none")
		}
	case Bool:
		if s != "true" && s != "false" {
			return bad("is neither true nor false")
		}
	case Enum:
		if !slices.Contains(f.Words, s) {
			return bad("is none of the words of the enum")
		}
	case Date:
		if d, err := time.Parse(time.DateOnly, s); err != nil || d.Year() < 1 {
			return bad("is not a date, 2006-01-02 for instance")
		}
	case Time:
		if t, err := time.Parse(time.RFC3339, s); err != nil || !timeSyntax.MatchString(s) || t.UTC().Year() < 1 || t.UTC().Year() > 9999 || t.IsZero() {
			return bad("is not a time, 2006-01-02T15:04:05Z for instance")
		}
	default:
		if f.Type.Numeric() {
			return f.checkNumber(s)
		}
		return f.checkText(s)
	}
	return nil
}

func (f *Field) checkNumber(s string) error {
	v, err := f.number(s)
	if err != nil {
		return fmt.Errorf("default=%s: %w", name.Quote(s), err)
	}
	for _, bound := range []struct {
		text *string
		sign int
		word string
	}{{f.Min, -1, "less than min"}, {f.Max, 1, "greater than max"}} {
		if bound.text == nil {
			continue
		}
		limit, err := f.number(*bound.text)
		if err != nil {
			return err
		}
		if v.Cmp(limit) == bound.sign {
			return fmt.Errorf("default=%s: is %s", name.Quote(s), bound.word)
		}
	}
	return nil
}

func (f *Field) checkText(s string) error {
	bad := func(want string) error { return fmt.Errorf("default=%s: %s", name.Quote(s), want) }
	for _, r := range s {
		if !unicode.IsPrint(r) || r == utf8.RuneError || strings.ContainsRune("\"'`\\${}", r) {
			return bad("quotes, backslashes, $, braces and invisible characters have no place in a default: set it in the rules")
		}
	}
	n := utf8.RuneCountInString(s)
	if n > f.MaxLength() {
		return bad("is longer than the field")
	}
	if f.Min != nil {
		if least, _ := strconv.Atoi(*f.Min); n < least { // checked
			return bad("is shorter than min")
		}
	}
	switch f.Type {
	case Email:
		if !emailSyntax.MatchString(s) || len(s) > 64 {
			return bad("is not a plain e-mail address in lower case")
		}
	case URL:
		if u, err := url.Parse(s); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || !plainURL(s) {
			return bad("is not an address in ASCII that begins with http:// or https://")
		}
	case Slug:
		if !slugSyntax.MatchString(s) {
			return bad("is not a slug, summer-sale for instance")
		}
	}
	return nil
}

// plainURL reports whether every byte may stand in an address (RFC 3986).
func plainURL(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r) }) < 0
}
