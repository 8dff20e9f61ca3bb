package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/api"
)

// described is a document, as far as a client needs it to call an operation.
type described struct {
	schemas schemas
	ops     []describedOp
}

type describedOp struct {
	ID         string `json:"operationId"`
	Parameters []*describedParam
	Body       *struct {
		Content map[string]struct{ Schema *schema }
	} `json:"requestBody"`
	Responses map[string]struct {
		Ref         string `json:"$ref"`
		Description string
		Content     map[string]struct{ Schema *schema }
	}
	method, path string
}

type describedParam struct {
	Name     string
	In       string
	Required bool
	Explode  *bool
	Schema   *schema
}

func read(t *testing.T, doc []byte) described {
	t.Helper()
	var raw struct {
		Paths      map[string]map[string]json.RawMessage
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal(doc, &raw); err != nil {
		t.Fatal(err)
	}
	d := described{schemas: schemas{map[string]*schema{}, map[*schema]any{}}}
	for name, text := range raw.Components.Schemas {
		s := &schema{}
		if err := decodeStrict(text, s); err != nil {
			t.Fatalf("schema %s: %v", name, err)
		}
		d.schemas.named[name] = s
	}
	for _, path := range slices.Sorted(maps.Keys(raw.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(raw.Paths[path])) {
			op := describedOp{method: strings.ToUpper(method), path: path}
			decoder := json.NewDecoder(strings.NewReader(string(raw.Paths[path][method])))
			decoder.UseNumber()
			if err := decoder.Decode(&op); err != nil {
				t.Fatalf("%s %s: %v", method, path, err)
			}
			d.ops = append(d.ops, op)
		}
	}
	return d
}

// question is a request to an operation: the texts of its parameters, nil for one that is left out, and its body.
type question struct {
	op     describedOp
	params map[*describedParam][]string
	body   any
}

// ask sends q with another value of one parameter.
func (s *server) ask(q question, p *describedParam, texts []string) answer {
	s.t.Helper()
	path, query, headers := strings.TrimPrefix(q.op.path, api.Prefix+"/test"), url.Values{}, []string(nil)
	params := maps.Clone(q.params)
	if p != nil {
		params[p] = texts
	}
	for p, texts := range params {
		for _, text := range texts {
			switch p.In {
			case "path":
				path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(text))
			case "query":
				query.Add(p.Name, text)
			case "header":
				headers = append(headers, p.Name+": "+text)
			}
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	if q.op.Body == nil {
		return s.do(q.op.method, path, "", headers...)
	}
	body, err := json.Marshal(q.body)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.json(q.op.method, path, string(body), headers...)
}

// asWritten returns the texts by which a value stands in a parameter, and the value that a client which reads the schema would mean by
// them. A value that cannot be written in a parameter is not ok.
func (p *describedParam) asWritten(v any) (texts []string, meant any, ok bool) {
	list, isList := v.([]any)
	if wantsList := slices.Contains(p.Schema.Type, "array"); isList != wantsList {
		return nil, nil, false
	}
	of := p.Schema
	if isList {
		of = p.Schema.Items
	} else {
		list = []any{v}
	}
	meanings := make([]any, len(list))
	for i, item := range list {
		switch item.(type) {
		case string, bool, json.Number:
		default:
			return nil, nil, false
		}
		text := fmt.Sprint(item)
		texts, meanings[i] = append(texts, text), text
		switch {
		case slices.Contains(of.Type, "boolean") && (text == "true" || text == "false"):
			meanings[i] = text == "true"
		case (slices.Contains(of.Type, "integer") || slices.Contains(of.Type, "number")) && regexp.MustCompile(`^-?\d+(\.\d+)?(e\d+)?$`).MatchString(text):
			meanings[i] = json.Number(text)
		}
	}
	switch {
	case !isList:
		return texts, meanings[0], p.In == "query" || texts[0] != ""
	case len(texts) == 0:
		return nil, nil, false // it would be left out
	case p.Explode != nil && !*p.Explode:
		return []string{strings.Join(texts, ",")}, meanings, !slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(s, ",") })
	default:
		return texts, meanings, true
	}
}

// question returns a request that obeys, with what has to be there.
func (d described) question(t *testing.T, op describedOp) question {
	t.Helper()
	q := question{op: op, params: map[*describedParam][]string{}}
	for _, p := range op.Parameters {
		switch {
		case p.Name == "If-Match":
			q.params[p] = []string{`"7"`}
		case p.Required:
			q.params[p], _, _ = p.asWritten(d.schemas.valid(t, p.Schema))
		}
	}
	if op.Body != nil {
		q.body = d.schemas.valid(t, op.Body.Content["application/json"].Schema)
	}
	return q
}

// enforced is one run over the sample.
type enforced struct {
	described
	s    *server
	seen map[string]int // how often a word was broken
}

// verdict compares an answer with what the document says of the request: word is what it breaks.
func (e *enforced) verdict(t *testing.T, op describedOp, a answer, word, what string) {
	t.Helper()
	e.seen[word]++
	if good := a.status < 300; good != (word == "") {
		t.Errorf("%s: %s breaks %q in the document, and is answered %d %s", op.ID, what, word, a.status, a.body)
	}
	documented, ok := op.Responses[fmt.Sprint(a.status)]
	if !ok {
		t.Errorf("%s: the status %d is not in the document", op.ID, a.status)
	}
	if a.status >= 400 {
		if code := a.problem(t).Code; !strings.Contains(documented.Description, " "+code) {
			t.Errorf("%s: %d is documented as %q, and answered with the code %s", op.ID, a.status, documented.Description, code)
		}
	}
	of, typ := &schema{Ref: "#/components/schemas/Problem"}, "application/problem+json"
	if a.status < 300 {
		typ = "application/json"
		of = documented.Content[typ].Schema
	}
	if of == nil && len(a.body) == 0 {
		return
	}
	var body any
	if err := decodeStrict(a.body, &body); err != nil || of == nil {
		t.Fatalf("%s: %v in %s", op.ID, err, a.body)
	}
	if word := e.schemas.broken(of, body); word != "" || a.get("Content-Type") != typ {
		t.Errorf("%s: the answer breaks %q in the document: %s", op.ID, word, a.body)
	}
}

// TestWhatIsDocumentedIsEnforced walks the document of the sample: for each value of a request it tries what the document allows, what it
// just allows and what it does not, and wants the server to judge as somebody would who has read the document and nothing else.
func TestWhatIsDocumentedIsEnforced(t *testing.T) {
	t.Parallel()
	s := serve(t, sample()...)
	doc, err := s.api.Document(api.Info{Title: "Sample"})
	if err != nil {
		t.Fatal(err)
	}
	e := &enforced{described: read(t, doc), s: s, seen: map[string]int{}}
	for _, op := range e.ops {
		if slices.Contains([]string{"getImage", "importThings", "uploadThing", "loadThing"}, op.ID) { // raw, or bytes
			continue
		}
		q := e.question(t, op)
		e.verdict(t, op, s.ask(q, nil, nil), "", "a request that obeys")
		if op.Body != nil {
			e.body(t, q)
		}
		for _, p := range op.Parameters {
			e.param(t, q, p)
		}
	}
	delete(e.seen, "")
	if got := slices.Sorted(maps.Keys(e.seen)); !slices.Equal(got, words()) { // the sample has them all
		t.Errorf("tried to break\n%q, want\n%q", got, words())
	}
}

func (e *enforced) body(t *testing.T, q question) {
	t.Helper()
	of := q.op.Body.Content["application/json"].Schema
	whole := func(v any) any { return v }
	e.schemas.everywhere(t, of, "", whole, func(at string, body any) {
		q.body = body
		a := e.s.ask(q, nil, nil)
		word := e.schemas.broken(of, body)
		e.verdict(t, q.op, a, word, fmt.Sprintf("%.200v", body))
		switch a.status {
		case 422:
			e.pointed(t, a, "body", at)
		case 201:
			e.given(t, a, e.schemas.resolve(of), body.(map[string]any))
		}
	})
}

// pointed wants an answer to point at the value that was tried, or into it.
func (e *enforced) pointed(t *testing.T, a answer, in, at string) {
	t.Helper()
	p := a.problem(t)
	if p.Code != "invalid" || len(p.Errors) == 0 {
		t.Errorf("%s: %s", at, a.body)
	}
	for _, f := range p.Errors {
		if f.In != in || !strings.HasPrefix(f.Pointer, at) || f.Code == "" || f.Detail == "" {
			t.Errorf("what is wrong is at %q of the %s, and the answer points at %+v", at, in, f)
		}
	}
}

// given wants back what was sent, with the documented defaults in place of what was not.
func (e *enforced) given(t *testing.T, a answer, of *schema, sent map[string]any) {
	t.Helper()
	var got map[string]any
	if err := decodeStrict(a.body, &got); err != nil {
		t.Fatal(err)
	}
	for name, p := range of.Properties {
		want, wasSent := sent[name]
		if !wasSent {
			want = p.Default
		}
		switch v := want.(type) {
		case []any, map[string]any: // the defaults of its fields are those of another schema
			continue
		case json.Number:
			if n, ok := got[name].(json.Number); ok && e.schemas.resolve(p).near(n, v) {
				continue
			}
		}
		if !reflect.DeepEqual(got[name], want) {
			t.Errorf("%s: sent %v, with the default %v, got %v", name, sent[name], p.Default, got[name])
		}
	}
}

// near reports whether two numbers are the same one to a type that may round.
func (s *schema) near(a, b json.Number) bool {
	if s.Format != "float" && s.Format != "double" {
		return a == b
	}
	x, _ := rat(a).Float32()
	y, _ := rat(b).Float32()
	return x == y
}

func (e *enforced) param(t *testing.T, q question, p *describedParam) {
	t.Helper()
	if p.Name == "If-Match" || p.Name == "If-None-Match" { // any text, said the document; see TestParseIfMatch
		return
	}
	if p.Required && p.In != "path" {
		a := e.s.ask(q, p, nil)
		e.verdict(t, q.op, a, "required", p.Name+", left out,")
		e.pointed(t, a, p.In, "/"+p.Name)
	}
	tried := 0
	try := func(_ string, v any) {
		texts, meant, ok := p.asWritten(v)
		if !ok {
			return
		}
		tried++
		a := e.s.ask(q, p, texts)
		word := e.schemas.broken(p.Schema, meant)
		what := fmt.Sprintf("%s = %.100q", p.Name, texts)
		switch {
		case (p.Name == "after" || p.Name == "before") && word == "": // nobody has signed it
			if a.status != 400 && a.status != 422 {
				t.Errorf("%s: %d %s", what, a.status, a.body)
			}
		default:
			e.verdict(t, q.op, a, word, what)
		}
		if a.status == 422 {
			e.pointed(t, a, p.In, "/"+p.Name)
		}
		if word != "" && p.In == "path" && a.status != 404 {
			t.Errorf("%s: %d, want 404: there is nothing at this address", what, a.status)
		}
	}
	e.schemas.everywhere(t, p.Schema, "", func(v any) any { return v }, try)
	if tried < 3 {
		t.Errorf("%s %s: %d values were tried", q.op.ID, p.Name, tried)
	}
}
