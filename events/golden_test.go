package events_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events"
)

var anyIndex = regexp.MustCompile(`\[\d+\]`)

var update = flag.Bool("update", false, "write the goldens of records that are missing; existing ones are frozen")

// Goal: every record that was ever written can be read for ever, and is written again
// with the same bytes, since Merkle proofs are computed over these bytes.
// Method: the golden records are decoded and appended.
func TestRecords(t *testing.T) {
	samples := records(t)
	for name, e := range samples {
		file := filepath.Join("testdata/v1/record", name+".json")
		if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) && *update {
			if err := os.WriteFile(file, append(must(e.Append(nil)), '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	goldens := read(t, "record")
	for name, raw := range goldens {
		e, err := events.Decode(raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := must(e.Append(nil)); !bytes.Equal(got, raw) {
			t.Errorf("%s: Append writes\n%s\nthe golden is\n%s", name, got, raw)
		}
		if !same(e, samples[name]) {
			t.Errorf("%s: decoded as\n%+v\nwant\n%+v", name, e, samples[name])
		}
	}
	for _, want := range events.Types() {
		if goldens[string(want)] == nil {
			t.Errorf("no golden record of %s", want)
		}
	}
}

// Goal: every submission that an agency's programme was built on is accepted for
// ever, and becomes a record with the same content.
// Method: the golden submissions are read, and written as records.
func TestSubmissions(t *testing.T) {
	goldens := read(t, "submission")
	for name, raw := range goldens {
		e, err := events.Submission(raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if back, err := events.Decode(must(e.Append(nil))); err != nil || !same(back, e) {
			t.Errorf("%s: came back as\n%+v, %v, want\n%+v", name, back, err, e)
		}
	}
	for _, want := range events.Types() {
		if (goldens[string(want)] != nil) != (want.Family() != events.Gateway) {
			t.Errorf("golden submission of %s: %v", want, goldens[string(want)] != nil)
		}
	}
}

// Goal: no member becomes required within a version of the contract.
// Method: each member of each golden is removed. Only members listed in
// testdata/v1/required may then be refused. The list gives, for a type or for all
// types (*), the member and, if it differs, the field that the refusal names.
func TestOptionalMembers(t *testing.T) {
	required := map[string]string{}
	list, err := os.ReadFile("testdata/v1/required")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		f := strings.Fields(line)
		required[f[0]+" "+f[1]] = f[len(f)-1]
	}
	seen := map[string]bool{}
	for name, raw := range read(t, "submission") {
		for path, without := range removals(t, raw) {
			key := name + " " + path
			_, err := events.Submission(without)
			if _, ok := required["* "+path]; ok {
				key = "* " + path
			}
			field, must := required[key]
			seen[key] = true
			var reasons events.Reasons
			switch {
			case !must && err != nil:
				t.Errorf("%s %s: refused without it: %v", name, path, err)
			case must && !errors.As(err, &reasons):
				t.Errorf("%s %s: accepted without it", name, path)
			case must && !slices.ContainsFunc(reasons, func(r events.Reason) bool { return r.Field == field }):
				t.Errorf("%s %s: refused for another field: %v", name, path, err)
			}
		}
	}
	for key := range required {
		if !seen[key] {
			t.Errorf("%s: listed as required and not in the golden", key)
		}
	}
}

// Goal: no field of the contract can be removed or retyped unnoticed.
// Method: every field of every payload must occur in a golden.
func TestEveryFieldHasAGolden(t *testing.T) {
	var all [][]byte
	all = slices.AppendSeq(all, maps.Values(read(t, "record")))
	all = slices.AppendSeq(all, maps.Values(read(t, "submission")))
	seen := map[string]bool{}
	for _, raw := range all {
		e, err := events.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		for path := range removals(t, raw) {
			if field, ok := strings.CutPrefix(path, "data."); ok {
				seen[string(e.Type)+" "+anyIndex.ReplaceAllString(field, "[]")] = true
			}
		}
	}
	for _, typ := range events.Types() {
		for _, field := range fields(reflect.TypeOf(events.New(typ)).Elem(), "") {
			if !seen[string(typ)+" "+field] {
				t.Errorf("%s: no golden holds %s", typ, field)
			}
		}
	}
}

// read returns the golden files of a folder by name.
func read(t testing.TB, folder string) map[string][]byte {
	files, err := filepath.Glob(filepath.Join("testdata/v1", folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no goldens in %s: %v", folder, err)
	}
	out := map[string][]byte{}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(file), ".json")] = bytes.TrimSuffix(raw, []byte("\n"))
	}
	return out
}

// same reports whether two events are equal. Times are equal if they are the same
// instant, and an empty list equals a nil list.
func same(a, b *events.Event) bool {
	x, y := *a, *b
	x.Time, y.Time = x.Time.UTC(), y.Time.UTC()
	for _, e := range []*events.Event{&x, &y} {
		if d, ok := e.Data.(*events.SubmissionsTallied); ok {
			c := *d
			c.From, c.Until = c.From.UTC(), c.Until.UTC()
			e.Data = &c
		}
		leaveOutEmpty(reflect.ValueOf(e.Data))
	}
	return reflect.DeepEqual(x, y)
}

// leaveOutEmpty replaces empty lists and maps by nil, since the codec does not
// distinguish the two.
func leaveOutEmpty(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			leaveOutEmpty(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				leaveOutEmpty(v.Field(i))
			}
		}
	case reflect.Map:
		if v.Len() == 0 {
			v.SetZero()
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.SetZero()
		}
		for i := range v.Len() {
			leaveOutEmpty(v.Index(i))
		}
	}
}

// removals returns, for each member of raw, a copy of raw without that member. The
// keys are the paths of the members.
func removals(t testing.TB, raw []byte) map[string][]byte {
	out := map[string][]byte{}
	edit(t, raw, func(path string, parent map[string]any, name string, whole func() []byte) {
		value := parent[name]
		delete(parent, name)
		out[path] = whole()
		parent[name] = value
	})
	return out
}

// edit calls f once for each member of raw. The function f may change the member in
// its parent, but must restore it before it returns.
func edit(t testing.TB, raw []byte, f func(path string, parent map[string]any, name string, whole func() []byte)) {
	var root map[string]any
	if err := json.Unmarshal(raw, &root); err != nil {
		t.Fatal(err)
	}
	whole := func() []byte { return arranged(t, must(json.Marshal(root)), false) }
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				f(at+name, v, name, whole)
				walk(at+name+".", v[name])
			}
		case []any:
			for i := range v {
				walk(fmt.Sprintf("%s[%d].", strings.TrimSuffix(at, "."), i), v[i])
			}
		}
	}
	walk("", root)
}

// arranged returns the object raw with its data as the first or the last member. The
// order of the other members does not change. An event whose data comes before its
// type is read in two passes.
func arranged(t testing.TB, raw []byte, dataFirst bool) []byte {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(raw, &members); err != nil {
		t.Fatal(err)
	}
	names := slices.SortedFunc(maps.Keys(members), func(a, b string) int {
		if (a == "data") != (b == "data") && (a == "data") == dataFirst {
			return -1
		} else if (a == "data") != (b == "data") {
			return 1
		}
		return strings.Compare(a, b)
	})
	b := []byte{'{'}
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, must(json.Marshal(name))...), ':'), members[name]...)
	}
	return append(b, '}')
}

// fields returns the paths of all members that a Go type has in JSON.
func fields(typ reflect.Type, at string) (paths []string) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch {
		case f.Anonymous:
			paths = append(paths, fields(inner, at)...)
			continue
		case inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Struct:
			paths = append(paths, fields(inner.Elem(), at+name+"[].")...)
		case inner.Kind() == reflect.Struct && inner != reflect.TypeFor[time.Time]():
			paths = append(paths, fields(inner, at+name+".")...)
		}
		paths = append(paths, at+name)
	}
	return paths
}
