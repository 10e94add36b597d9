package schema_test

import (
	"maps"
	"regexp"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/schema"
)

// whole is the document of an event. The documents of the types become parts of it.
type whole struct{ *jsonschema.Schema }

// envelope returns a document of an event without data, in the form of a record or of
// a submission.
func envelope(record bool) whole {
	constant := func(s string) *jsonschema.Schema { var v any = s; return &jsonschema.Schema{Const: &v} }
	some, most := 1, 200
	text := func() *jsonschema.Schema { return &jsonschema.Schema{Type: "string", MaxLength: &most} }
	name := func(says string) *jsonschema.Schema {
		return &jsonschema.Schema{Type: "string", MinLength: &some, MaxLength: &most, Description: says}
	}
	s := &jsonschema.Schema{
		Schema: dialect, ID: schema.ID(schema.Submission), Title: "An event as an agency submits it", Type: "object",
		Description: "A CloudEvent 1.0 in JSON. A member that is not named here is refused.",
		Properties: map[string]*jsonschema.Schema{
			"specversion":     constant(events.SpecVersion),
			"id":              name("unique among your events of one family; the same id again is answered duplicate"),
			"source":          name("/agency/<agency>, or what lies under it"),
			"type":            {Type: "string", Description: "what happened"},
			"subject":         text(),
			"time":            {Type: "string", Format: "date-time", Description: "when it was written down; decides nothing"},
			"datacontenttype": constant("application/json"),
			"dataschema":      {Type: "string"},
			"division":        {Type: "string", Pattern: divisionForm, Description: "where it happened: 12 digits"},
			"submode":         {Type: "string", Enum: []any{string(events.ModeDecide), string(events.ModeRecord)}, Description: "decide where left out"},
			"replaces":        text(),
			"replacessource":  {Type: "string", MaxLength: &most, Description: "source of the event that this one replaces or withdraws, where that is another agency's; takes the right oversee"},
			"data":            {Type: "object"},
		},
		Required: []string{"specversion", "id", "source", "type", "data"},
	}
	s.PropertyOrder = []string{"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "division", "submode", "replaces", "replacessource"}
	s.Properties["replaces"].Description = "id of the own, earlier event of this type that this one corrects"
	if record {
		s.ID, s.Title = schema.ID(schema.Record), "An event as it stands in the log"
		s.Description = "A CloudEvent 1.0 in JSON, decided and without identities."
		s.Required = append(s.Required, "dataschema")
		for name, says := range map[string]string{
			"authtype": "how the agency was authenticated", "authid": "the agency as it was authenticated",
			"authdivision":  "the prefix of the divisions that the agency answered for, 00 for all; left out before 1.1, in an import, and without an access file",
			"correlationid": "the submission that the event came in", "policyversion": "the pack that it was decided by",
			"digest": "keyed digest of what was submitted",
		} {
			s.Properties[name] = &jsonschema.Schema{Type: "string", Description: says}
		}
		s.PropertyOrder = append(s.PropertyOrder, "authtype", "authid", "authdivision", "correlationid", "policyversion", "digest")
	}
	s.PropertyOrder = append(s.PropertyOrder, "data")
	s.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}}
	s.Defs = map[string]*jsonschema.Schema{}
	return whole{s}
}

// add adds the document of a type. The argument anchor names the part of it that
// holds for the form of w.
func (w whole) add(typ events.Type, doc *jsonschema.Schema, anchor string) {
	var name any = string(typ)
	w.Properties["type"].Enum = append(w.Properties["type"].Enum, name)
	part := *doc
	part.Schema = ""
	part.Defs = maps.Clone(doc.Defs)
	w.Defs[string(typ)] = &part
	w.AllOf = append(w.AllOf, &jsonschema.Schema{
		If: &jsonschema.Schema{Properties: map[string]*jsonschema.Schema{"type": {Const: &name}}, Required: []string{"type"}},
		Then: &jsonschema.Schema{Properties: map[string]*jsonschema.Schema{
			"data":       {Ref: schema.ID(string(typ)) + "#" + anchor},
			"dataschema": {Pattern: "/" + regexp.QuoteMeta(string(typ)) + "/v1$"},
		}},
	})
}
