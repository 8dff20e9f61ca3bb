package config

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// document is one file on its way to a layer.
type document struct {
	*loader
	file  string // as named in problems
	layer map[string]*value
}

// parseFile returns the values that a file sets, by key, and notes what is wrong with the rest.
func (l *loader) parseFile(name string, data []byte) map[string]*value {
	d := &document{loader: l, file: name, layer: map[string]*value{}}
	root, p, line := parseYAML(data)
	if p != nil {
		p.Where = d.at(line)
		l.problem(*p)
		return nil
	}
	switch {
	case root == nil || isNull(root):
	case d.isOdd("", root):
	case root.Kind != yaml.MappingNode:
		d.problem(Problem{Where: d.at(root.Line), Got: kindOf(root), Want: "keys and values", Hint: "server: for instance"})
	default:
		d.section("", root)
	}
	return d.layer
}

func (d *document) at(line int) string { return d.file + ":" + strconv.Itoa(line) }

// pairs calls each with the keys of a mapping and their values. Keys that are odd or repeated are noted and left out.
func (d *document) pairs(parent string, n *yaml.Node, each func(key string, k, v *yaml.Node)) {
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if d.isOdd(parent, k) {
			continue
		}
		if k.Kind != yaml.ScalarNode || k.Tag == "!!merge" {
			d.problem(Problem{Key: parent, Where: d.at(k.Line), Got: "a key that is no word", Want: "a plain key"})
			continue
		}
		key := join(parent, printable(k.Value))
		if first := seen[k.Value]; first != 0 {
			d.problem(Problem{Key: key, Where: d.at(k.Line), Got: "duplicate key", Hint: fmt.Sprintf("first set on line %d", first)})
			continue
		}
		seen[k.Value] = k.Line
		each(key, k, v)
	}
}

// section reads a mapping whose keys are fields and sections.
func (d *document) section(parent string, n *yaml.Node) {
	d.pairs(parent, n, func(key string, k, v *yaml.Node) {
		f := d.fields[key]
		switch {
		case f == nil && !d.isSection(key) || strings.Contains(k.Value, "."):
			d.problem(Problem{Key: key, Where: d.at(k.Line), Got: "unknown key", Hint: d.hint(key)})
		case d.isOdd(key, v):
		case f != nil && !f.isMap:
			d.set(f, key, k, v)
		case isNull(v): // a section whose keys are all commented out
		case v.Kind != yaml.MappingNode:
			// The value itself stays out: it may be a secret that lost its key.
			d.problem(Problem{Key: key, Where: d.at(v.Line), Got: kindOf(v), Want: "keys below it", Hint: d.example(key, asIs)})
		case f != nil:
			d.entries(f, v)
		default:
			d.section(key, v)
		}
	})
}

// entries reads the mapping of a map field.
func (d *document) entries(f *field, n *yaml.Node) {
	d.pairs(f.key, n, func(key string, k, v *yaml.Node) {
		switch {
		case !isWord(k.Value, f.joints):
			d.problem(Problem{Key: f.key, Where: d.at(k.Line), Got: "the name " + quote(k.Value), Want: f.names()})
		case !d.isOdd(key, v):
			d.set(f, key, k, v)
		}
	})
}

// names says what the name of an entry is.
func (f *field) names() string {
	if f.joints == dottedJoints {
		return "lower case letters and digits, joined by single _, - or ."
	}
	return "lower case letters and digits, joined by single _ or -"
}

// set decodes a node into the layer.
func (d *document) set(f *field, key string, k, n *yaml.Node) {
	in := input{where: d.at(k.Line)} // the key's line: where a value is missing, its own may be the next one
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		in.isList, nodes = true, n.Content
	}
	for _, e := range nodes {
		if in.isList && d.isOdd(key, e) {
			return
		}
		if e.Kind != yaml.ScalarNode {
			in.other = kindOf(e)
			if in.isList {
				in.other = "a list that holds " + in.other
			}
			break
		}
		sc := scalar{text: e.Value, quoted: e.Style != 0, null: isNull(e), where: in.where}
		if in.isList {
			sc.where = d.at(e.Line)
		}
		in.scalars = append(in.scalars, sc)
	}
	if v := d.decode(f, key, in); v != nil {
		d.layer[key] = v
	}
}

// isOdd notes what YAML allows and a configuration does not, since it hides what a value is.
func (d *document) isOdd(key string, n *yaml.Node) bool {
	var p Problem
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		p = anchorProblem()
	case n.Style&yaml.TaggedStyle != 0:
		p = Problem{Got: "a tag (!)", Hint: "write the value without it, or put it in quotes"}
	default:
		return false
	}
	p.Key, p.Where = key, d.at(n.Line)
	d.problem(p)
	return true
}

func anchorProblem() Problem {
	return Problem{Got: "an anchor (&) or alias (*)", Hint: "write the value out, or put it in quotes"}
}

// hint says which key was probably meant by an unknown one.
func (d *document) hint(key string) string {
	if f, _ := d.find(key); f != nil {
		return "write each part between the dots on a line of its own"
	}
	return didYouMean(suggest(key, d.names))
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// kindOf names a node without quoting it.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		return "a single value"
	}
}

// printable returns a word of a file as it may be shown in one line of a terminal.
func printable(word string) string {
	odd := func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) || r == '"' }
	if word == "" || len(word) > 60 || strings.ContainsFunc(word, odd) {
		return quote(word)
	}
	return word
}
