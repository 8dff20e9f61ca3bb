package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/api/internal/plan"
	"github.com/banyan-go/banyan/platform/page"
)

// Info is what a document says of an application.
type Info struct {
	Title       string
	Version     string
	Description string
	// License is an SPDX identifier, "MIT".
	License string
	// Contact is the name of whoever answers for the API, ContactURL the absolute address where to find them.
	Contact, ContactURL string
	// Modules describes modules, by name.
	Modules map[string]string
}

// Document returns the OpenAPI 3.1 document of the mounted operations as JSON. The same operations give the same bytes. The error
// names the operation whose types cannot be described together with the others.
func (a *API) Document(info Info) ([]byte, error) {
	names := &componentNames{outputs: map[reflect.Type]bool{}}
	d := document{components: plan.NewComponents(names.name), used: map[int]bool{}}
	paths := map[string]map[string]any{}
	tags := map[string]bool{}
	// Answers first: what is both question and answer has the plain name as an answer.
	mounted := slices.DeleteFunc(slices.Clone(a.mounted), func(m Mounted) bool { return m.page })
	if len(mounted) == 0 || slices.ContainsFunc(mounted, func(m Mounted) bool { return m.errors == nil }) {
		var err error
		if d.problem, err = d.components.Schema(a.problem); err != nil {
			return nil, err
		}
	}
	for i := range mounted {
		err := a.plan(&mounted[i])
		if err == nil {
			err = d.outputs(mounted[i])
		}
		if err != nil {
			return nil, fmt.Errorf("describe %s: %w", mounted[i].Op.ID, err)
		}
	}
	for _, m := range mounted {
		op, err := d.operation(m)
		if err != nil {
			return nil, fmt.Errorf("describe %s: %w", m.Op.ID, err)
		}
		if paths[m.FullPath] == nil {
			paths[m.FullPath] = map[string]any{}
		}
		paths[m.FullPath][strings.ToLower(m.Method)] = op
		tags[m.Module] = true
	}
	doc := map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title":       info.Title,
			"version":     cmp.Or(info.Version, "0.0.0"),
			"description": cmp.Or(info.Description, "The API of "+info.Title+"."),
			"license":     map[string]any{"name": cmp.Or(info.License, "UNLICENSED"), "identifier": cmp.Or(info.License, "LicenseRef-UNLICENSED")},
			"contact":     contact(info),
		},
		"servers":  []any{map[string]any{"url": "/", "description": "This server."}},
		"security": []any{},
		"tags":     describeTags(tags, info.Modules),
		"paths":    paths,
		"components": map[string]any{
			"schemas":   json.RawMessage(d.components.AppendJSON(nil)),
			"responses": d.responses(),
		},
	}
	if ways := a.securitySchemes(); len(ways) > 0 {
		doc["components"].(map[string]any)["securitySchemes"] = ways //nolint:forcetypeassert // made above
	}
	return json.Marshal(doc)
}

// securitySchemes are the ways in that operations ask for.
func (a *API) securitySchemes() map[string]any {
	used := map[string]any{}
	for _, m := range a.mounted {
		if m.page {
			continue
		}
		switch m.Op.Auth {
		case Session:
			used[string(Session)] = map[string]any{
				"type": "apiKey", "in": "cookie", "name": a.cookie,
				"description": "The cookie of a session. A request that changes something comes from a page of this server, or carries the session's token in X-CSRF-Token.",
			}
		case Token:
			used[string(Token)] = map[string]any{"type": "http", "scheme": "bearer", "description": "A token of a user or a program."}
		}
	}
	return used
}

// security is what an operation wants of its caller; empty for nothing.
func security(o Op) []any {
	if o.Auth.Open() {
		return []any{}
	}
	way := map[string]any{string(o.Auth): []any{}}
	if o.Allow.anybody {
		return []any{map[string]any{}, way}
	}
	return []any{way}
}

func contact(info Info) map[string]any {
	c := map[string]any{"name": cmp.Or(info.Contact, info.Title)}
	if info.ContactURL != "" {
		c["url"] = info.ContactURL
	}
	return c
}

func describeTags(tags map[string]bool, described map[string]string) []any {
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, map[string]any{"name": name, "description": cmp.Or(described[name], "Operations of the module "+name+".")})
	}
	return list
}

// document is one being written.
type document struct {
	components *plan.Components
	problem    *plan.Schema // nil where all operations have errors of their own
	used       map[int]bool // the statuses of errors that operations refer to
}

// outputs describes the answer of m and notes its types.
func (d *document) outputs(m Mounted) error {
	op := m.operation
	if op == nil || op.result == nil {
		return nil
	}
	if _, err := d.components.Schema(op.result); err != nil {
		return err
	}
	if op.sparse(m.Method) {
		_, err := d.components.Sparse(op.result)
		return err
	}
	return nil
}

func (d *document) operation(m Mounted) (map[string]any, error) {
	o := map[string]any{
		"operationId": m.Op.ID,
		"summary":     m.Op.Summary,
		"description": cmp.Or(m.Op.Doc, m.Op.Summary+"."),
		"tags":        []string{m.Module},
		"security":    security(m.Op),
	}
	if m.Op.Deprecated {
		o["deprecated"] = true
	}
	if why := m.Op.Auth.Why(); why != "" {
		o["description"] = fmt.Sprintf("%s Everybody may call it: %s.", o["description"], strings.TrimSuffix(why, "."))
	}
	if !m.Op.Auth.Open() {
		o["description"] = fmt.Sprintf("%s Who may call it: %s.", o["description"], m.Op.Allow)
	}
	op := m.operation
	if op == nil { // a raw route speaks for itself
		o["parameters"] = rawParameters(m.FullPath)
		if m.Op.Upload.Size > 0 {
			o["requestBody"] = m.Op.Upload.describe()
		}
		responses, err := d.errors(m, map[string]any{strconv.Itoa(cmp.Or(m.Op.Status, http.StatusOK)): map[string]any{"description": "Success."}}, rawCodes(m))
		o["responses"] = responses
		return o, err
	}
	if params := d.parameters(m); len(params) > 0 {
		o["parameters"] = params
	}
	if op.incoming {
		o["requestBody"] = m.Op.Upload.describe()
	}
	if op.body != nil {
		body, err := d.components.Schema(op.body)
		if err != nil {
			return nil, err
		}
		content := map[string]any{"application/json": map[string]any{"schema": body}}
		if op.merge {
			content["application/merge-patch+json"] = map[string]any{"schema": body}
		}
		o["requestBody"] = map[string]any{"required": !op.optional, "content": content}
	}
	responses, err := d.answers(m)
	if err != nil {
		return nil, err
	}
	o["responses"] = responses
	return o, nil
}

func rawParameters(path string) []any {
	list := []any{}
	names, _ := pathParams(path) // the route was made from this path
	for _, name := range names {
		list = append(list, map[string]any{"name": name, "in": "path", "required": true, "schema": map[string]any{"type": "string"}})
	}
	return list
}

func (d *document) parameters(m Mounted) []any {
	op := m.operation
	var list []any
	for _, p := range op.params {
		switch {
		case p.Custom && p.Type == reflect.TypeFor[page.Query]():
			list = append(list, listParameters(op.list)...)
		case p.Custom && p.Type == reflect.TypeFor[Include]():
			list = append(list, choice("include", "Related resources to embed, separated by commas.", op.result.EmbeddedFields()))
		case p.Custom:
			doc := cmp.Or(p.Doc, `Change only the version that you have seen, by its entity tag: "7".`)
			list = append(list, parameter("If-Match", "header", doc, map[string]any{"type": "string"}, p.Required))
		default:
			list = append(list, parameter(p.Name, p.In, p.Doc, p.Schema, p.Required))
		}
	}
	if op.sparse(m.Method) {
		list = append(list, choice("fields", "Only these fields of a resource, separated by commas.", op.result.ResourceFields()))
	}
	if m.Method == http.MethodPost && !op.reads(headerIdempotencyKey) {
		doc := "Carry this out once, however often it is sent: a key that the client draws, a UUID for instance, of 1 to 255 visible characters. A repetition gets the first answer."
		list = append(list, parameter(headerIdempotencyKey, "header", doc, map[string]any{"type": "string"}, false))
	}
	if m.Method == http.MethodGet {
		list = append(list, parameter("If-None-Match", "header", "Answer 304 when this entity tag is still the current one.", map[string]any{"type": "string"}, false))
	}
	return list
}

func parameter(name, in, doc string, schema any, required bool) map[string]any {
	p := map[string]any{"name": name, "in": in, "schema": schema}
	if doc != "" {
		p["description"] = doc
	}
	if required {
		p["required"] = true
	}
	return p
}

// choice is a parameter of the query with some of these names, separated by commas.
func choice(name, doc string, names []string) map[string]any {
	p := parameter(name, "query", doc, map[string]any{"type": "array", "items": map[string]any{"type": "string", "enum": names}}, false)
	p["explode"] = false
	return p
}

// listParameters are the words of a page.Query.
func listParameters(l *page.List) []any {
	var sorts []string
	for _, f := range l.Sorts() {
		sorts = append(sorts, f.Name, "-"+f.Name)
	}
	list := []any{
		parameter("limit", "query", "Items on a page.", map[string]any{"type": "integer", "minimum": 1, "maximum": page.MaxLimit, "default": page.DefaultLimit}, false),
		parameter("after", "query", "Begin behind this cursor, page.next of the page before.", map[string]any{"type": "string", "minLength": 1, "maxLength": page.MaxCursor}, false),
		parameter("before", "query", "End in front of this cursor, page.prev of the page behind.", map[string]any{"type": "string", "minLength": 1, "maxLength": page.MaxCursor}, false),
		parameter("sort", "query", "The order: a field, with - in front for the other direction. Null comes last.", map[string]any{"type": "string", "enum": sorts, "default": l.Initial()}, false),
		parameter("count", "query", "Ask for page.total, which costs a count.", map[string]any{"type": "string", "enum": []string{"exact"}}, false),
	}
	if len(l.Search()) > 0 {
		list = append(list, parameter("q", "query", "Items that hold this text in "+strings.Join(l.Search(), " or ")+", in either case.", map[string]any{"type": "string", "minLength": 1, "maxLength": page.MaxSearch}, false))
	}
	for _, f := range l.Filters() {
		for _, op := range f.Ops() {
			list = append(list, filterParameter(f, op))
		}
	}
	return list
}

func filterParameter(f page.Field, op page.Op) map[string]any {
	name := "filter[" + f.Name + "][" + string(op) + "]"
	var schema any = json.RawMessage(f.Type.JSONSchema())
	doc := f.Name + " " + operators()[op] + " this value."
	switch op {
	case page.Eq:
		name = "filter[" + f.Name + "]"
	case page.In:
		doc = f.Name + " is one of these values, separated by commas."
		schema = map[string]any{"type": "array", "items": schema, "maxItems": page.MaxValues}
	case page.Null:
		doc = f.Name + " is null (true) or is not (false)."
		schema = map[string]any{"type": "boolean"}
	}
	p := parameter(name, "query", doc, schema, false)
	if op == page.In {
		p["explode"] = false
	}
	return p
}

func operators() map[page.Op]string {
	return map[page.Op]string{page.Eq: "is", page.Ne: "is not", page.Lt: "is less than", page.Lte: "is at most", page.Gt: "is greater than", page.Gte: "is at least"}
}

// answers describes what may come back.
func (d *document) answers(m Mounted) (map[string]any, error) {
	op := m.operation
	success := map[string]any{"description": cmp.Or(http.StatusText(op.status), "Success") + "."}
	if op.result != nil {
		schema, err := d.components.Schema(op.result)
		if err != nil {
			return nil, err
		}
		var content any = schema
		if op.sparse(m.Method) {
			sparse, err := d.components.Sparse(op.result)
			if err != nil {
				return nil, err
			}
			content = map[string]any{"anyOf": []any{schema, sparse}}
		}
		success["content"] = map[string]any{"application/json": map[string]any{"schema": content}}
	}
	if op.content {
		success["content"] = map[string]any{"*/*": map[string]any{"schema": binary()}}
	}
	headers := map[string]any{}
	for _, h := range op.answers {
		headers[h.Name] = map[string]any{"description": cmp.Or(h.Doc, "See RFC 9110."), "schema": h.Schema}
	}
	if m.Method == http.MethodGet && !op.answersWith(fasthttp.HeaderETag) {
		headers["ETag"] = map[string]any{"description": "The entity tag of this representation.", "schema": map[string]any{"type": "string"}}
	}
	if control := m.Op.Cache.Control(); control != "" {
		headers["Cache-Control"] = map[string]any{"description": "Caches in front may keep it.", "schema": map[string]any{"type": "string"}, "example": control}
	}
	if m.Method == http.MethodPost {
		headers["Idempotency-Replayed"] = map[string]any{"description": "True where an earlier request with the same Idempotency-Key got this answer.", "schema": map[string]any{"type": "string"}}
	}
	if len(headers) > 0 {
		success["headers"] = headers
	}
	responses := map[string]any{strconv.Itoa(op.status): success}
	if op.content {
		responses["206"] = map[string]any{"description": "The part of it that the header Range asks for.", "content": success["content"]}
		responses["416"] = map[string]any{"description": "There is no such part."}
	}
	if m.Method == http.MethodGet {
		responses["304"] = map[string]any{"description": "The representation that If-None-Match names is the current one."}
	}
	return d.errors(m, responses, op.codes(m))
}

// errors adds the errors with these codes to responses.
func (d *document) errors(m Mounted, responses map[string]any, c codes) (map[string]any, error) {
	var own *plan.Schema
	if m.errors != nil {
		var err error
		if own, err = d.components.Schema(m.errors.plan); err != nil {
			return nil, err
		}
	}
	for _, t := range ProblemTypes() {
		if len(c[t.Status]) == 0 {
			continue
		}
		if own != nil {
			responses[strconv.Itoa(t.Status)] = t.response(t.Title+". Codes: "+strings.Join(c[t.Status], ", ")+".", "application/json", own)
			continue
		}
		d.used[t.Status] = true
		responses[strconv.Itoa(t.Status)] = map[string]any{
			"$ref":        "#/components/responses/Problem" + strconv.Itoa(t.Status),
			"description": t.Title + ". Codes: " + strings.Join(c[t.Status], ", ") + ".",
		}
	}
	return responses, nil
}

// response describes the answer with this sort of failure.
func (t ProblemType) response(description, mediaType string, schema *plan.Schema) map[string]any {
	r := map[string]any{"description": description, "content": map[string]any{mediaType: map[string]any{"schema": schema}}}
	if t.mayBeRepeated() {
		r["headers"] = map[string]any{"Retry-After": map[string]any{"description": "Seconds to wait.", "schema": map[string]any{"type": "integer"}}}
	}
	return r
}

// headerIdempotencyKey is heeded in front of the operations (package idempotency).
const headerIdempotencyKey = "Idempotency-Key"

// reads reports whether In has that header.
func (op *operation) reads(name string) bool {
	return slices.ContainsFunc(op.headers, func(p *plan.Param) bool { return strings.EqualFold(p.Name, name) })
}

// answersWith reports whether Out has that header.
func (op *operation) answersWith(name string) bool {
	return slices.ContainsFunc(op.answers, func(h plan.Header) bool { return strings.EqualFold(h.Name, name) })
}

// responses are the errors, one for each status.
func (d *document) responses() map[string]any {
	all := map[string]any{}
	for _, t := range ProblemTypes() {
		if !d.used[t.Status] {
			continue
		}
		all["Problem"+strconv.Itoa(t.Status)] = t.response(t.Title+". "+t.Help, "application/problem+json", d.problem)
	}
	return all
}

// componentNames names the schemas of structs: the module's name or the platform package's, then the type's. A struct without a name stands where it is used.
type componentNames struct{ outputs map[reflect.Type]bool }

func (n *componentNames) name(t reflect.Type, use plan.Use) string {
	name := typeName(t)
	if name == "" {
		return ""
	}
	switch use {
	case plan.Output:
		n.outputs[t] = true
	case plan.Sparse:
		name += "Fields"
	case plan.Input:
		if n.outputs[t] {
			name += "Input"
		}
	}
	return name
}

// typeName returns "CatalogProduct" for the Product of module catalog, "CatalogProductList" for a page of them, and "MoneyAmount" for a
// type of package money.
func typeName(t reflect.Type) string {
	if element, ok := strings.CutPrefix(t.Name(), "ListBody["); ok && t.PkgPath() == reflect.TypeFor[Problem]().PkgPath() {
		path, name := splitType(strings.TrimSuffix(element, "]"))
		return qualified(path, name) + "List"
	}
	if t.PkgPath() == reflect.TypeFor[Problem]().PkgPath() {
		return t.Name()
	}
	return qualified(t.PkgPath(), strings.NewReplacer("[", "", "]", "", ".", "", "/", "", "*", "", ",", "").Replace(t.Name()))
}

func splitType(full string) (path, name string) {
	i := strings.LastIndexByte(full, '.')
	name, _, _ = strings.Cut(full[i+1:], "·") // which numbers the types declared inside functions
	return full[:max(i, 0)], name
}

func qualified(path, name string) string {
	owner := path[strings.LastIndexByte(path, '/')+1:]
	if _, below, ok := strings.Cut(path, "/modules/"); ok {
		owner, _, _ = strings.Cut(below, "/")
	}
	r := []rune(owner)
	if len(r) > 0 {
		r[0] = unicode.ToUpper(r[0])
	}
	return string(r) + name
}
