package schema_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/schema"
)

// The goldens hold version 1 as it is: of every member of every type, one of
// them tells when it is removed, when its type changes, and when it becomes
// required. One that is new and may be left out passes.
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

// samplesOf returns the data of the goldens of a type, by form, and of each
// submission also what is left when an optional member is left out.
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

// An event of a type that nobody knows yet, or of a version to come, is refused.
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
