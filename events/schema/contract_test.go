package schema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/schema"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// compiled compiles a document by an independent library. The document must not refer
// to other documents.
func compiled(t testing.TB, doc any, at string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	id, _, _ := strings.Cut(at, "#")
	if err := c.AddResource(id, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(at)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// stored returns a document in its committed form.
func stored(t testing.TB, name string) map[string]any {
	t.Helper()
	raw, err := schema.Read(name)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, raw).(map[string]any)
}

func parse(t testing.TB, raw []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func goldens(t testing.TB, folder string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("../testdata/v1", folder, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no goldens in %s: %v", folder, err)
	}
	all := map[string][]byte{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".json")] = raw
	}
	return all
}

// Goal: every golden fits the document of all types, and its data the document of its
// type: both the root, which dataschema names, and the part for its form.
// Method: each golden is validated.
func TestGoldens(t *testing.T) {
	for _, form := range []string{schema.Submission, schema.Record} {
		all := compiled(t, stored(t, form), schema.ID(form))
		for name, raw := range goldens(t, form) {
			event := parse(t, raw).(map[string]any)
			if err := all.Validate(event); err != nil {
				t.Errorf("%s %s: %v", form, name, err)
			}
			typ := event["type"].(string)
			if id := event["dataschema"]; form == schema.Record && id != schema.ID(typ) {
				t.Errorf("%s %s: dataschema is %v", form, name, id)
			}
			for _, part := range []string{"", "#" + form} {
				if err := compiled(t, stored(t, typ), schema.ID(typ)+part).Validate(event["data"]); err != nil {
					t.Errorf("%s %s: %v", form, name, err)
				}
			}
		}
	}
}

// Goal: a submission with an identity does not fit the schema of records, and a
// record does not fit the schema of submissions.
// Method: goldens are validated by the other schema.
func TestFormsDiffer(t *testing.T) {
	submission := compiled(t, stored(t, schema.Submission), schema.ID(schema.Submission))
	for name, raw := range goldens(t, "record") {
		if submission.Validate(parse(t, raw)) == nil {
			t.Errorf("record %s would do as a submission", name)
		}
	}
	for name, raw := range goldens(t, "submission") {
		data := parse(t, raw).(map[string]any)["data"]
		typ := parse(t, raw).(map[string]any)["type"].(string)
		err := compiled(t, stored(t, typ), schema.ID(typ)+"#record").Validate(data)
		if private := strings.Contains(string(raw), `"id_number"`) || strings.Contains(string(raw), `"number":"6`); private && err == nil {
			t.Errorf("submission %s holds an identity and would do as a record", name)
		}
	}
}

// faults are the values by which each value of a submission is replaced in turn.
var faults = []string{
	`17`, `-1`, `0`, `0.5`, `1e20`, `true`, `"x"`, `[]`, `[1]`, `{}`, `{"x":1}`, `"2022-02-01"`, `"2022-13-01"`, `"2022-05"`, `"1899-12"`,
	`"370211102231"`, `"3702"`, `"370211196501010014"`, `"PPP"`, `"pp"`, `"natural"`, `"hire.placed"`, `"person.erased"`, `"1.0"`,
	`"3f2c1f0a-6f0e-4d55-9a51-0d2f7f8b6c11"`, `"3f2c1f0a"`, `"2022-05-01T09:00:00+08:00"`, `"` + strings.Repeat("x", 201) + `"`, `"` + strings.Repeat("x", 2001) + `"`,
}

// Goal: the codec refuses what the schema refuses, and both refuse what is wrong in
// form.
// Method: every value of every golden is replaced by every fault, removed, and joined
// by an unknown member.
func TestRefusedBySchemaAndCodec(t *testing.T) {
	t.Parallel()
	all := compiled(t, stored(t, schema.Submission), schema.ID(schema.Submission))
	tried, refused := 0, 0
	for name, raw := range goldens(t, "submission") {
		edits(t, raw, func(path, fault string, edited []byte) {
			tried++
			bySchema := all.Validate(parse(t, edited)) != nil
			_, err := events.Submission(edited)
			switch {
			case bySchema && err == nil:
				t.Errorf("%s: %s %s: refused by the schema alone", name, path, fault)
			case bySchema:
				refused++
			case err != nil && (fault == "left out" || fault == "unknown" || fault == "true" || fault == "[1]" || fault == "0.5"):
				t.Errorf("%s: %s %s: refused by the codec alone: %v", name, path, fault, err)
			}
		})
	}
	t.Logf("%d edits, %d refused by the schema", tried, refused)
	if refused < tried/2 {
		t.Errorf("of %d edits the schema refuses %d", tried, refused)
	}
}

// edits calls f for every edit of an event.
func edits(t testing.TB, raw []byte, f func(path, fault string, edited []byte)) {
	t.Helper()
	var root map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&root); err != nil {
		t.Fatal(err)
	}
	write := func(path, fault string) {
		edited, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		f(path, fault, edited)
	}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			v["no_such_member"] = "x"
			write(at, "unknown")
			delete(v, "no_such_member")
			for _, name := range slices.Sorted(maps.Keys(v)) {
				was := v[name]
				delete(v, name)
				write(at+"."+name, "left out")
				for _, fault := range faults {
					v[name] = json.RawMessage(fault)
					write(at+"."+name, fault)
				}
				v[name] = was
				walk(at+"."+name, was)
			}
		case []any:
			for i, was := range v {
				for _, fault := range faults {
					v[i] = json.RawMessage(fault)
					write(fmt.Sprintf("%s[%d]", at, i), fault)
				}
				v[i] = was
				walk(fmt.Sprintf("%s[%d]", at, i), was)
			}
		}
	}
	walk("", root)
}
