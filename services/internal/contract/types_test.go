package contract_test

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/schema"
	"github.com/muster-works/muster/projections/query/question"
)

// aliases are the types whose JSON differs from what their Go kind suggests, each with a
// type that has the schema of that JSON.
var aliases = map[reflect.Type]reflect.Type{
	reflect.TypeFor[civil.Date]():       reflect.TypeFor[date](),
	reflect.TypeFor[civil.Month]():      reflect.TypeFor[month](),
	reflect.TypeFor[uuid.UUID]():        reflect.TypeFor[pseudonym](),
	reflect.TypeFor[log.Position]():     reflect.TypeFor[position](),
	reflect.TypeFor[question.Percent](): reflect.TypeFor[percent](),
	reflect.TypeFor[events.Data]():      reflect.TypeFor[recorded](),
	reflect.TypeFor[events.Status]():    reflect.TypeFor[status](),
}

type (
	date      struct{}
	month     struct{}
	pseudonym struct{}
	position  struct{}
	percent   struct{}
	recorded  struct{}
	status    struct{}
)

func (date) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: "string", Format: "date"} }

func (month) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", Pattern: "^[0-9]{4}-[0-9]{2}$"}
}

func (pseudonym) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", Format: "uuid"}
}

func (position) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", Pattern: "^[0-9]+(\\.[0-9]+)?-[0-9]+$"}
}

func (percent) Schema(huma.Registry) *huma.Schema { return &huma.Schema{Type: "number"} }

func (status) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: "string", Enum: []any{string(events.Accepted), string(events.Duplicate), string(events.Rejected)}}
}

func (recorded) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Description: "the data of the event, as its type has it"}
	for _, t := range events.Types() {
		s.AnyOf = append(s.AnyOf, &huma.Schema{Ref: "#/components/schemas/" + string(t) + ".record"})
	}
	return s
}

// eventSchemas returns the schemas of the events as parts of another document. References to
// other schemas become references under prefix. The definitions for submissions and records
// of a type become schemas of their own.
func eventSchemas(t *testing.T, prefix string) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for _, name := range schema.Names() {
		raw, err := schema.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := json.Unmarshal(raw, &doc); err != nil {
			t.Fatal(err)
		}
		if name == schema.Submission || name == schema.Record {
			delete(doc, "$defs") // the schemas of the types are added themselves
		}
		parts, _ := doc["$defs"].(map[string]any)
		delete(doc, "$defs")
		all[name] = doc
		for form, part := range parts {
			part := part.(map[string]any)
			part["title"] = name + ", " + form
			all[name+"."+form] = part
		}
	}
	for name, doc := range all {
		typ := strings.TrimSuffix(strings.TrimSuffix(name, ".submission"), ".record")
		relocate(doc, prefix, typ)
	}
	return all
}

// address matches the reference of one schema to a definition in another.
var address = regexp.MustCompile(`^urn:muster:schemas/([a-z.]+)/v1#([a-z]+)$`)

// relocate rewrites the references in a schema, and removes the addresses that it had on its own.
func relocate(v any, prefix, self string) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			relocate(e, prefix, self)
		}
	case map[string]any:
		delete(v, "$id")
		delete(v, "$schema")
		delete(v, "$anchor")
		if ref, ok := v["$ref"].(string); ok && ref == "#" {
			v["$ref"] = prefix + self
		} else if ok {
			v["$ref"] = address.ReplaceAllString(ref, prefix+"$1.$2")
		}
		if ref := v["$ref"]; ref != nil && len(v) > 1 {
			// AsyncAPI uses JSON Schema draft 7, which ignores all members beside $ref.
			delete(v, "$ref")
			v["allOf"] = []any{map[string]any{"$ref": ref}}
		}
		for _, e := range v {
			relocate(e, prefix, self)
		}
	}
}
