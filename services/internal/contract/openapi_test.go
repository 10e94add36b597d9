package contract_test

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/muster-works/muster/events/schema"
	"github.com/muster-works/muster/projections/query"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/table"
	"github.com/muster-works/muster/services/deployment"
	"github.com/muster-works/muster/services/gateway"
)

// TestOpenAPI fails if openapi.json differs from the document that the code gives.
func TestOpenAPI(t *testing.T) { freshFile(t, "openapi.json", openAPI(t)) }

// openAPI returns the document. Paths, parameters and the types of bodies and answers come
// from the route tables. The descriptions, and the statuses that an answer may have, come
// from operations.
func openAPI(t *testing.T) *huma.OpenAPI {
	t.Helper()
	huma.DefaultArrayNullable = false // an empty list is written as [], never as null
	registry := answers(t)
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Muster", Version: "1.0.0", License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			Description: "The books of a public-employment programme: agencies submit events, anybody who may asks for any date as it was known at any moment.\n\n" +
				"Money is whole fen, dates are YYYY-MM-DD in Asia/Shanghai, months YYYY-MM; `until` is the first day that no longer counts. Errors are application/problem+json.",
		},
		Servers:    []*huma.Server{{URL: "/", Description: "the instance that serves this document"}},
		Components: &huma.Components{Schemas: registry, SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer", Description: "the token of an agency, or of a reader for questions; on a loopback address without --auth there is none"}}},
		Security:   []map[string][]string{{"token": {}}, {}},
		Tags: []*huma.Tag{
			{Name: "events", Description: "what agencies submit"}, {Name: "questions", Description: "what there is, for any date, as known at any moment"},
			{Name: "people", Description: "who a person is, for those who may know"}, {Name: "operation", Description: "how the deployment does"},
			{Name: "contract", Description: "this document and its like"},
		},
	}
	components(t, registry.Map())
	doc.Components.Responses = map[string]*huma.Response{}
	for code, says := range problems {
		r := &huma.Response{Description: says, Content: map[string]*huma.MediaType{"application/problem+json": {Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}}}}
		if slices.Contains([]string{"429", "503", "504"}, code) {
			r.Headers = map[string]*huma.Param{"Retry-After": {Description: "seconds", Schema: &huma.Schema{Type: "integer"}}}
		}
		doc.Components.Responses[code] = r
	}
	for _, r := range gateway.Requests() {
		op := operation(t, "POST "+r.Path)
		op.RequestBody = body(registry, r.Asks)
		op.Parameters = append(op.Parameters, &huma.Param{Name: "Accept-Language", In: "header", Description: acceptLanguage, Schema: &huma.Schema{Type: "string"}})
		op.Responses["200"].Content = map[string]*huma.MediaType{"application/json": {Schema: schemaOf(registry, r.Answers)}}
		doc.AddOperation(op)
	}
	for _, q := range query.Questions() {
		op := operation(t, "GET /v1/"+q.Path)
		for _, p := range q.Parameters() {
			op.Parameters = append(op.Parameters, parameter(p))
		}
		op.Responses["200"].Content = map[string]*huma.MediaType{
			"application/json": {Schema: schemaOf(registry, q.Answer)},
			"text/csv":         {Schema: &huma.Schema{Type: "string", Description: "with Accept: text/csv; the rows alone"}},
			table.XLSX:         {Schema: &huma.Schema{Type: "string", Format: "binary", Description: "with that media type in Accept: a workbook, the rows on its first sheet, what the JSON says beside them on its second"}},
		}
		op.Responses["200"].Headers = map[string]*huma.Param{
			"Muster-Origin": {Description: "of CSV and workbooks: what the JSON says beside its rows", Schema: &huma.Schema{Type: "string"}},
			"Link":          {Description: "the next page, where there is one", Schema: &huma.Schema{Type: "string"}},
		}
		doc.AddOperation(op)
	}
	for _, pattern := range deployment.Paths() {
		op := operation(t, pattern)
		if pattern == "GET /v1/services" {
			op.Responses["200"].Content["application/json"].Schema = schemaOf(registry, &deployment.Roster{})
		}
		doc.AddOperation(op)
	}
	open(registry)
	registry.Map()["Problem"] = problem()
	describe(t, registry)
	for pattern := range described() {
		method, path, _ := strings.Cut(pattern, " ")
		if item := doc.Paths[path]; item == nil || (method == "GET") != (item.Get != nil) {
			t.Errorf("%s is described and not answered", pattern)
		}
	}
	return doc
}

// body describes the body of a request. If asks is nil, the body holds events.
func body(registry huma.Registry, asks any) *huma.RequestBody {
	if asks != nil {
		return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schemaOf(registry, asks)}}}
	}
	event := &huma.Schema{Ref: "#/components/schemas/submission"}
	batch := &huma.Schema{Type: "array", Items: event, MaxItems: ptr(1000)}
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/cloudevents+json":       {Schema: event},
		"application/cloudevents-batch+json": {Schema: batch},
		"application/json":                   {Schema: &huma.Schema{OneOf: []*huma.Schema{event, batch}}},
		"application/x-ndjson":               {Schema: &huma.Schema{Type: "string", Description: "an event a line, any number of them; the receipts stream back"}},
	}}
}

// acceptLanguage describes the header of that name, over HTTP and NATS.
const acceptLanguage = "language of the sentences in the answer: zh, zh-CN and the like for Chinese, otherwise English; codes are the same in both"

// schemaOf returns the schema of the type that pointer points to.
func schemaOf(registry huma.Registry, pointer any) *huma.Schema {
	return registry.Schema(reflect.TypeOf(pointer).Elem(), true, "")
}

func ptr[T any](v T) *T { return &v }

// operation returns the description of a route, without the parts that come from the route
// tables.
func operation(t *testing.T, pattern string) *huma.Operation {
	t.Helper()
	o, ok := described()[pattern]
	if !ok {
		t.Fatalf("%s is answered and not described; add it to operations", pattern)
	}
	method, path, _ := strings.Cut(pattern, " ")
	op := &huma.Operation{
		Method: method, Path: path, OperationID: o.id, Summary: o.summary, Description: cmp.Or(o.says, o.answer), Tags: []string{o.tag},
		Responses: map[string]*huma.Response{},
	}
	for rest := path; ; {
		_, name, ok := strings.Cut(rest, "{")
		if !ok {
			break
		}
		name, rest, _ = strings.Cut(name, "}")
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: name, In: "path", Required: true, Description: placeholders[path+" "+name], Schema: &huma.Schema{Type: "string"},
		})
	}
	good := &huma.Response{Description: o.answer}
	if o.kind != "" {
		good.Content = map[string]*huma.MediaType{o.kind: {Schema: &huma.Schema{}}}
		if strings.HasPrefix(o.kind, "text/") {
			good.Content[o.kind].Schema.Type = "string"
		} else {
			good.Content[o.kind].Schema.Type = "object"
		}
	}
	status := "200"
	if pattern == "POST /v1/projections/{view}/rebuild" {
		status = "202"
	}
	op.Responses[status] = good
	for _, code := range append([]string{"421"}, o.errors...) {
		op.Responses[code] = &huma.Response{Ref: "#/components/responses/" + code}
	}
	if o.tag == "contract" || o.kind == "text/plain" && o.id != "metrics" {
		op.Security = []map[string][]string{{}} // needs no token
	}
	return op
}

// parameter returns the description of a parameter of a question.
func parameter(p question.Parameter) *huma.Param {
	s := &huma.Schema{Type: cmp.Or(p.Type, "string"), Format: p.Format, Pattern: p.Pattern}
	if p.Type == "integer" {
		s.Minimum = ptr(1.0)
	}
	return &huma.Param{Name: p.Name, In: "query", Description: p.About, Required: p.Required, Schema: s}
}

// answers returns a registry that knows how special types are written in JSON.
func answers(t *testing.T) huma.Registry {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	for is, written := range aliases {
		registry.RegisterTypeAlias(is, written)
	}
	return registry
}

// open allows further members in the schemas of answers: later versions may add members, and
// clients must ignore those that they do not know. It leaves out the second sentence of a
// reason, which only the parts of a deployment send to one another.
func open(registry huma.Registry) {
	for name, s := range registry.Map() {
		delete(s.Properties, "detail_zh")
		if registry.TypeFromRef("#/components/schemas/"+name) != nil {
			s.AdditionalProperties = nil
		}
	}
}

// components adds the schemas of the events.
func components(t *testing.T, all map[string]*huma.Schema) {
	t.Helper()
	for name, doc := range eventSchemas(t, "#/components/schemas/") {
		if name != schema.Record { // HTTP never answers whole records of the log
			all[name] = &huma.Schema{Extensions: doc}
		}
	}
}

// problem returns the schema of errors.
func problem() *huma.Schema {
	return &huma.Schema{
		Type: "object", Description: "An error of a request as a whole (RFC 9457).", Required: []string{"title", "status", "detail"},
		Properties: map[string]*huma.Schema{
			"type": {Type: "string"}, "title": {Type: "string"}, "status": {Type: "integer"},
			"detail": {Type: "string", Description: "a sentence that says what to do"},
			"code":   {Type: "string", Description: "stable, where there is one"},
			"receipts": {Type: "array", Items: &huma.Schema{Ref: "#/components/schemas/Receipt"},
				Description: "of what was decided before, or refuses the body as one event"},
		},
	}
}
