package gateway

import (
	"reflect"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
	"pgregory.net/rapid"
)

// plant writes the planted number into every string of a payload, those of
// nested structs, lines and pointers too, and calls visit before with the JSON
// name of each.
func plant(v reflect.Value, name, number string, visit func(name string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		plant(v.Elem(), name, number, visit)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				plant(v.Field(i), tag, number, visit)
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		plant(v.Index(0), name, number, visit)
	case reflect.String:
		v.SetString(number)
		visit(name, v)
	}
}

// Every member named id_number, in every type of the contract, is one that the
// gateway replaces, and leaves the caller's event alone: the quick scan relies
// on the first, and sending again on the second.
func TestEveryNumberIsReplaced(t *testing.T) {
	found := 0
	for _, typ := range events.Types() {
		d := events.New(typ)
		var members []reflect.Value
		plant(reflect.ValueOf(d), "", number(1), func(name string, v reflect.Value) {
			if name == "id_number" {
				members = append(members, v)
			}
		})
		c := d.Clone()
		events.ClearPrivate(c)
		for _, m := range members {
			found++
			if m.String() != number(1) {
				t.Errorf("%s: blanking the copy changed the original", typ)
			}
		}
		plantedIn(t, typ, reflect.ValueOf(c), "")
	}
	if found < 8 {
		t.Errorf("only %d members named id_number", found)
	}
}

func plantedIn(t *testing.T, typ events.Type, v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			plantedIn(t, typ, v.Elem(), name)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				plantedIn(t, typ, v.Field(i), tag)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			plantedIn(t, typ, v.Index(i), name)
		}
	case reflect.String:
		if name == "id_number" && v.String() != "" {
			t.Errorf("%s: a member id_number is not blanked", typ)
		}
	}
}

// The quick scan never lets pass what the slow one finds.
func TestScansAgree(t *testing.T) {
	pieces := []string{"1", "0", "x", " ", `"`, `\`, "\x00", "\x1f", "身", `"id_number":"`, `\"id_number\":\"`, number(1), number(2), number(1)[:17], "12345678901234567"}
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 6).Draw(t, name), "")
		}
		e := sheet(text("id"), 1, 2)
		e.Subject = text("subject")
		d := e.Data.(*events.AttendanceReported)
		d.Recorder, d.Lines[1].Evidence, d.Lines[0].IDNumber = text("recorder"), text("evidence"), text("number")
		raw, err := e.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		field, found, err := inClear(e)
		if err != nil {
			t.Fatal(err)
		}
		want := idnumber.In(e.ID) || idnumber.In(e.Subject) || idnumber.In(d.Recorder) || idnumber.In(d.Lines[1].Evidence)
		if found != want {
			t.Fatalf("inClear = %q, %v; want %v", field, found, want)
		}
		if found && !suspicious(raw) {
			t.Fatalf("the quick scan passes %s", raw)
		}
	})
}

func TestQuickScanIsQuiet(t *testing.T) {
	for _, e := range []*events.Event{sheet("s-2022-05-001", 1, 2, 3), hire(1)} {
		raw, err := e.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if suspicious(raw) {
			t.Errorf("suspects %s", raw)
		}
	}
}
