package schema_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/schema"
)

var update = flag.Bool("update", false, "write the documents anew")

// Goal: the committed documents are those that the code generates now.
// Method: they are generated and compared. The flag -update writes them.
func TestFresh(t *testing.T) {
	want := documents(t)
	for _, name := range schema.Names() {
		if want[name] == nil {
			t.Errorf("v1/%s.json is of no event type", name)
		}
	}
	for name, doc := range want {
		text, err := json.MarshalIndent(doc, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, '\n')
		is, err := schema.Read(name)
		if err == nil && bytes.Equal(is, text) {
			continue
		}
		if !*update {
			t.Errorf("v1/%s.json is behind the code; go test ./schema -update writes it anew", name)
			continue
		}
		if err := os.WriteFile(filepath.Join("v1", name+".json"), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// kinds gives the schema of types whose JSON form does not follow from their Go kind.
var kinds = map[reflect.Type]*jsonschema.Schema{
	reflect.TypeFor[civil.Date]():    {Type: "string", Format: "date", Pattern: "^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"},
	reflect.TypeFor[civil.Month]():   {Type: "string", Pattern: "^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$"},
	reflect.TypeFor[division.Code](): {Type: "string", Pattern: divisionForm},
	reflect.TypeFor[events.Person](): {Type: "string", Format: "uuid"},
	reflect.TypeFor[time.Time]():     {Type: "string", Format: "date-time"},
}

const divisionForm = "^(0[1-9]|[1-9][0-9])[0-9]{10}$"

// documents generates all documents, by name.
func documents(t testing.TB) map[string]*jsonschema.Schema {
	says := comments(t)
	submission, record := envelope(false), envelope(true)
	all := map[string]*jsonschema.Schema{schema.Submission: submission.Schema, schema.Record: record.Schema}
	for _, typ := range events.Types() {
		name := string(typ)
		all[name] = payload(t, typ, says)
		record.add(typ, all[name], "record")
		if typ.Family() != events.Gateway {
			submission.add(typ, all[name], "submission")
		}
	}
	return all
}

// sorted returns the keys of m in order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
