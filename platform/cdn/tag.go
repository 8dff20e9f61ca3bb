package cdn

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
)

// maxTags is how many tags an answer has: about a kilobyte of header.
const maxTags = 80

// Names of what is read are those of package cache: of a key "catalog.products:1", of a group "@catalog.products", of a tag "#catalog", and "*" of everything.
const (
	ofTag      = "#"
	everything = "*"
	// anyKey stands in front of a group for all of its keys: of an answer that was made of too many of them.
	anyKey = "+"
)

// tags returns those of an answer that was made of what has these names. Each has the one for everything.
func (c *CDN) tags(names []string) []string {
	tags := []string{c.tag(everything)}
	many := len(names) >= maxTags
	for _, name := range names {
		group, _, key := strings.Cut(name, ":")
		if many && key && !strings.HasPrefix(name, ofTag) {
			name = anyKey + group
		}
		if t := c.tag(name); !many || !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	if len(tags) > maxTags {
		return nil // of that many groups
	}
	return tags
}

// purged returns the tags of all answers that what has these names may be in.
func (c *CDN) purged(names []string) []string {
	var tags []string
	for _, name := range names {
		tags = append(tags, c.tag(name))
		if group, _, key := strings.Cut(name, ":"); key && !strings.HasPrefix(name, ofTag) {
			tags = append(tags, c.tag(anyKey+group))
		}
	}
	return tags
}

// tag returns what a name is called in a header. Tags of operations and groups that look like one stand there as they are, so that they can be purged by hand; of the
// rest there is a hash, of 72 bits: keys may be anything, and are not for strangers.
func (c *CDN) tag(name string) string {
	if tag, ok := strings.CutPrefix(name, ofTag); ok && plain(tag) {
		return tag
	}
	sum := sha256.Sum256([]byte(c.app + "\x00" + name))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// plain reports whether a tag can stand in a header, and in a regular expression, for itself.
func plain(tag string) bool {
	return tag != "" && len(tag) <= 64 && strings.Trim(tag, "abcdefghijklmnopqrstuvwxyz0123456789_.:-") == ""
}
