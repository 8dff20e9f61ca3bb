package api

import (
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/patch"
)

// ETag is an entity tag as a response header, quoted: a field of Out, tagged header:"ETag". The empty one is not sent.
//
// An entity tag is the version of the resource, then -f and a hash when the representation has only some of the fields, then -i and a hash when
// it embeds related resources, then the name of the coding when it is compressed: each representation has a tag of its own, and a
// precondition looks at the version alone.
type ETag string

// Version returns the entity tag of a resource's version counter.
func Version(v int64) ETag { return ETag(`"` + strconv.FormatInt(v, 10) + `"`) }

// of returns the tag of the representation that has only the fields in m.
func (e ETag) of(m plan.Mask) []byte {
	h := fnv.New32a()
	for _, chosen := range m {
		bit := byte(0)
		if chosen {
			bit = 1
		}
		_, _ = h.Write([]byte{bit}) // a hash.Hash never fails
	}
	b := append([]byte(strings.TrimSuffix(string(e), `"`)), "-f"...)
	b = strconv.AppendUint(b, uint64(h.Sum32()), 16)
	return append(b, '"')
}

// IfMatch is the header If-Match of a request that changes something: a field of In, tagged header:"If-Match". With required:"true" a
// request without the header is answered 428.
type IfMatch struct {
	versions patch.Versions
}

// Versions returns the versions that the caller accepts: nil when it did not say, or said any.
func (m IfMatch) Versions() patch.Versions { return m.versions }

// trimCoding takes away what compression adds.
func trimCoding(tag string) string {
	for _, coding := range []string{"-br", "-gzip", "-zstd"} {
		if t, ok := strings.CutSuffix(tag, coding); ok {
			return t
		}
	}
	return tag
}

// errIfMatch is the answer to a header that is no list of entity tags.
var errIfMatch = fault.New(fault.Malformed, "bad_if_match", `The header If-Match is not a list of entity tags such as "7".`)

// parseIfMatch reads the header, which is there. Tags that are weak or not of this server match no version.
func parseIfMatch(header string) (IfMatch, error) {
	if header = strings.TrimSpace(header); header == "*" {
		return IfMatch{}, nil
	}
	tags, ok := entityTags(header)
	if !ok {
		return IfMatch{}, errIfMatch
	}
	versions := patch.Versions{}
	for _, tag := range tags {
		if v, ok := versionOf(tag.text); ok && !tag.weak {
			versions = append(versions, v)
		}
	}
	return IfMatch{versions: versions}, nil
}

// versionOf undoes Version, of, with and what compression adds, and nothing else.
func versionOf(tag string) (version int64, ok bool) {
	text, hash, embeds := strings.Cut(trimCoding(tag), "-i")
	if embeds && !isHash(hash, 64) {
		return 0, false
	}
	text, hash, sparse := strings.Cut(text, "-f")
	if sparse && !isHash(hash, 32) {
		return 0, false
	}
	version, err := strconv.ParseInt(text, 10, 64)
	return version, err == nil && strconv.FormatInt(version, 10) == text
}

// isHash reports whether text is a number of that many bits as of and with write it.
func isHash(text string, bits int) bool {
	n, err := strconv.ParseUint(text, 16, bits)
	return err == nil && strconv.FormatUint(n, 16) == text
}

type entityTag struct {
	text string
	weak bool
}

// entityTags reads a list of entity tags (RFC 9110, section 8.8.3). Empty elements are no elements (section 5.6.1.2).
func entityTags(header string) ([]entityTag, bool) {
	var tags []entityTag
	rest := header
	for {
		if rest = strings.TrimLeft(rest, ", \t"); rest == "" {
			return tags, len(tags) > 0
		}
		var tag entityTag
		rest, tag.weak = strings.CutPrefix(rest, "W/")
		if !strings.HasPrefix(rest, `"`) {
			return nil, false
		}
		end := strings.IndexByte(rest[1:], '"')
		if end < 0 || len(tags) == maxEntityTags {
			return nil, false
		}
		tag.text = rest[1 : 1+end]
		tags = append(tags, tag)
		if rest = strings.TrimLeft(rest[end+2:], " \t"); rest != "" && rest[0] != ',' {
			return nil, false
		}
	}
}

const maxEntityTags = 20

// MatchETag returns the entity tag among those of If-None-Match that names the representation with this tag, quoted (weak comparison,
// RFC 9110, section 13.1.2), and weak when etag is. A tag of the same representation in a content coding names it as well: codings are
// chosen anew for each answer.
func MatchETag(ifNoneMatch, etag string) (match string, ok bool) {
	header := strings.TrimSpace(ifNoneMatch)
	if header == "*" {
		return etag, true
	}
	tags, ok := entityTags(header)
	if !ok {
		return "", false // a malformed condition is no condition
	}
	own, weak := strings.CutPrefix(etag, "W/")
	own = strings.Trim(own, `"`)
	for _, tag := range tags {
		switch {
		case tag.text != own && trimCoding(tag.text) != own:
		case weak:
			return `W/"` + tag.text + `"`, true
		default:
			return `"` + tag.text + `"`, true
		}
	}
	return "", false
}
