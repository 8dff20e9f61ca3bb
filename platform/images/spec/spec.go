// Package spec reads which variants of an image there are: "thumb.320+hero.1280". It stands apart, so that whoever writes code about images need not
// link what decodes them.
package spec

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/banyan-go/banyan/platform/blob"
)

// Variant is a size of an image.
type Variant = blob.Variant

// The limits of a list.
const (
	MaxVariants = 8
	MinWidth    = 16
	MaxWidth    = 4096
)

// Parse reads a list of variants: a name, a dot and a width in pixels, joined by +. The error says what to write instead.
func Parse(text string) ([]Variant, error) {
	if text == "" {
		return nil, errors.New("name the variants of the image, thumb.320+hero.1280 for instance: a name, a dot and a width in pixels each, joined by +")
	}
	var all []Variant
	for part := range strings.SplitSeq(text, "+") {
		v, err := parse(part)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(other Variant) bool { return other.Name == v.Name || other.Width == v.Width }) {
			return nil, fmt.Errorf("%s has the name or the width of another variant", v)
		}
		all = append(all, v)
	}
	if len(all) > MaxVariants {
		return nil, fmt.Errorf("there are %d variants, and may be %d", len(all), MaxVariants)
	}
	return all, nil
}

// MustParse is Parse for a constant of a program, where an error is a defect: it panics.
func MustParse(text string) []Variant {
	all, err := Parse(text)
	if err != nil {
		panic("images: " + err.Error())
	}
	return all
}

func parse(part string) (Variant, error) {
	name, digits, ok := strings.Cut(part, ".")
	if !ok {
		return Variant{}, fmt.Errorf("%q has no width: write %s.320", part, part)
	}
	if len(name) == 0 || len(name) > 20 || name[0] < 'a' || name[0] > 'z' || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return Variant{}, fmt.Errorf("%q is no name of a variant: lower case letters and digits, a letter first, at most 20", name)
	}
	width, err := strconv.Atoi(digits)
	if err != nil || strconv.Itoa(width) != digits || width < MinWidth || width > MaxWidth {
		return Variant{}, fmt.Errorf("%q is no width: %d to %d pixels", digits, MinWidth, MaxWidth)
	}
	return Variant{Name: name, Width: width}, nil
}

// Format writes a list as Parse reads it.
func Format(all []Variant) string {
	parts := make([]string, len(all))
	for i, v := range all {
		parts[i] = v.String()
	}
	return strings.Join(parts, "+")
}
