package assets

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// rewrite makes the references of a style sheet to files of the tree those to their hashed names. They stay relative, so the style sheet is the
// same at a CDN. What came compressed beside it was made of what it no longer is.
func (t *tree) rewrite(f *File, name string, above []string) error {
	// A comment, whose references are nobody's, or a reference.
	reference := regexp.MustCompile(`(?s)/\*.*?\*/|(?:\burl\(\s*|@import\s+(?:url\(\s*)?)("[^"\n]*"|'[^'\n]*'|[^\s"'()]+)`)
	var wrong []error
	body := reference.ReplaceAllFunc(f.Body, func(match []byte) []byte {
		quoted := reference.FindSubmatch(match)[1]
		target := strings.Trim(string(quoted), `"'`)
		if !isRelative(target) {
			return match
		}
		hashed, err := t.refer(name, target, above)
		if err != nil {
			wrong = append(wrong, err)
			return match
		}
		return slices.Concat(bytes.TrimSuffix(match, quoted), bytes.Replace(quoted, []byte(target), []byte(hashed), 1))
	})
	if !bytes.Equal(body, f.Body) {
		f.Body, f.made = body, nil
	}
	return errors.Join(wrong...)
}

// isRelative reports whether a reference leads to a file of the tree: it names neither a host, nor a scheme, nor a path of the server.
func isRelative(target string) bool {
	scheme, _, hasScheme := strings.Cut(target, ":")
	return target != "" && target[0] != '/' && target[0] != '#' && !(hasScheme && !strings.ContainsAny(scheme, "/?#"))
}

// refer returns a reference to the hashed name of what target, in the file of that name, refers to.
func (t *tree) refer(name, target string, above []string) (string, error) {
	file, rest := target, ""
	if i := strings.IndexAny(target, "?#"); i >= 0 {
		file, rest = target[:i], target[i:]
	}
	full := path.Join(path.Dir(name), file)
	if t.files[full] == nil {
		return "", fmt.Errorf("%s refers to %s, which is not there", name, target)
	}
	if err := t.settle(full, above); err != nil {
		return "", err
	}
	return strings.TrimSuffix(file, path.Base(file)) + path.Base(t.files[full].Path) + rest, nil
}
