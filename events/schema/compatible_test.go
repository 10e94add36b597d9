package schema_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/schema"
)

// Goal: the goldens protect every member of version 1. An optional new member is
// allowed.
// Method: each member of each schema is removed, given another type, and made
// required; at least one golden must then no longer fit.
func TestCompatible(t *testing.T) {
	t.Parallel()
	for _, typ := range events.Types() {
		samples := samplesOf(t, typ)
		accepted := func(doc map[string]any) bool {
			for form, all := range samples {
				s := compiled(t, doc, schema.ID(string(typ))+"#"+form)
				for _, data := range all {
					if s.Validate(data) != nil {
						return false
					}
				}
			}
			return true
		}
		doc := stored(t, string(typ))
		if !accepted(doc) {
			t.Fatalf("%s: the goldens do not pass to begin with", typ)
		}
		members(doc, "", func(path, name string, in map[string]any) {
			properties := in["properties"].(map[string]any)
			is := properties[name].(map[string]any)
			delete(properties, name)
			if accepted(doc) {
				t.Errorf("%s: %s can be removed", typ, path)
			}
			properties[name] = map[string]any{"type": retyped(is["type"].(string))}
			if accepted(doc) {
				t.Errorf("%s: %s can become %s", typ, path, retyped(is["type"].(string)))
			}
			properties[name] = is
			required, _ := in["required"].([]any)
			if typ.Family() != events.Gateway && !slices.Contains(required, any(name)) {
				in["required"] = append(slices.Clone(required), name)
				if accepted(doc) {
					t.Errorf("%s: %s can become required", typ, path)
				}
				if in["required"] = required; required == nil {
					delete(in, "required")
				}
			}
			properties["of_tomorrow"] = map[string]any{"type": "string"}
			if !accepted(doc) {
				t.Errorf("%s: nothing can be added beside %s", typ, path)
			}
			delete(properties, "of_tomorrow")
		})
	}
}

// samplesOf returns the data of a type's goldens, by form. For each submission it
// adds copies with one optional member left out.
func samplesOf(t *testing.T, typ events.Type) map[string][]any {
	t.Helper()
	all := map[string][]any{}
	for _, form := range []string{schema.Submission, schema.Record} {
		for _, raw := range goldens(t, form) {
			event := parse(t, raw).(map[string]any)
			if event["type"] != string(typ) {
				continue
			}
			all[form] = append(all[form], event["data"])
			if form == schema.Record {
				continue
			}
			edits(t, raw, func(_, fault string, edited []byte) {
				if fault != "left out" {
					return
				}
				if _, err := events.Submission(edited); err == nil {
					all[form] = append(all[form], parse(t, edited).(map[string]any)["data"])
				}
			})
		}
	}
	return all
}

// members calls f for every member that a document describes.
func members(doc map[string]any, at string, f func(path, name string, in map[string]any)) {
	properties, _ := doc["properties"].(map[string]any)
	for _, name := range sorted(properties) {
		member := properties[name].(map[string]any)
		f(at+name, name, doc)
		members(member, at+name+".", f)
		if items, ok := member["items"].(map[string]any); ok {
			members(items, at+name+"[].", f)
		}
	}
}

func retyped(typ string) string {
	if typ == "string" {
		return "integer"
	}
	return "string"
}

// Goal: an event of an unknown type or of a later version is refused.
// Method: type and version of a golden are changed.
func TestOfTomorrow(t *testing.T) {
	all := compiled(t, stored(t, schema.Submission), schema.ID(schema.Submission))
	for _, change := range []map[string]any{
		{"type": "post.moved"}, {"dataschema": "urn:muster:schemas/post.closed/v2"}, {"specversion": "2.0"},
	} {
		event := parse(t, goldens(t, "submission")["post.closed"]).(map[string]any)
		for name, value := range change {
			event[name] = value
		}
		if raw, _ := json.Marshal(event); all.Validate(event) == nil {
			t.Errorf("accepted: %s", raw)
		}
	}
}
