package admission

import (
	"reflect"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
	"pgregory.net/rapid"
)

// These valid identity numbers stand for people.
const (
	firstNumber  = "370000195001010013"
	secondNumber = "370000195001010021"
)

// sheet returns an attendance sheet with a line for each number.
func sheet(id string, numbers ...string) *events.Event {
	d := &events.AttendanceReported{Post: "p-1", Month: civil.MustMonth("2022-05")}
	for _, number := range numbers {
		d.Lines = append(d.Lines, events.AttendanceLine{IDNumber: number, Marks: ".PPPPP..PPPPP..PPPLP..PPPPP..PP"})
	}
	return &events.Event{ID: id, Source: "/agency/370211-rsj", Type: d.Type(), Division: "370211102231", Data: d}
}

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

// Goal: in every type of the contract ClearPrivate empties each member named
// id_number, on which the quick scan relies, and leaves the event that was cloned
// alone, on which a second try at a submission relies. Method: a number is planted
// in every string of every payload.
func TestEveryNumberIsReplaced(t *testing.T) {
	found := 0
	for _, typ := range events.Types() {
		d := events.New(typ)
		var members []reflect.Value
		plant(reflect.ValueOf(d), "", firstNumber, func(name string, v reflect.Value) {
			if name == "id_number" {
				members = append(members, v)
			}
		})
		c := d.Clone()
		events.ClearPrivate(c)
		for _, m := range members {
			found++
			if m.String() != firstNumber {
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

// Goal: the quick scan suspects every event in which the close look finds a number.
// Method: events whose texts are made of pieces of numbers, quotes and escapes.
func TestScansAgree(t *testing.T) {
	pieces := []string{"1", "0", "x", " ", `"`, `\`, "\x00", "\x1f", "身", `"id_number":"`, `\"id_number\":\"`, firstNumber, secondNumber, firstNumber[:17], "12345678901234567"}
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 6).Draw(t, name), "")
		}
		e := sheet(text("id"), firstNumber, secondNumber)
		e.Subject = text("subject")
		d := e.Data.(*events.AttendanceReported)
		d.Recorder, d.Lines[1].Evidence, d.Lines[0].IDNumber = text("recorder"), text("evidence"), text("number")
		raw, err := e.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		field, found, err := findNumber(e)
		if err != nil {
			t.Fatal(err)
		}
		want := idnumber.In(e.ID) || idnumber.In(e.Subject) || idnumber.In(d.Recorder) || idnumber.In(d.Lines[1].Evidence)
		if found != want {
			t.Fatalf("findNumber = %q, %v; want %v", field, found, want)
		}
		if found && !mayHoldNumber(raw) {
			t.Fatalf("the quick scan passes %s", raw)
		}
	})
}

// An ordinary event is not suspected, or every event would be looked at twice.
func TestQuickScanIsQuiet(t *testing.T) {
	d := &events.HirePlaced{Post: "p-1", From: civil.MustDate("2022-05-01"), Group: "older",
		Who: events.Who{Identity: &events.Identity{IDNumber: firstNumber, Name: "王小1", Phone: "13900000001", Household: "东村1号"}}}
	hire := &events.Event{ID: "h-1", Source: "/agency/370211-rsj", Type: d.Type(), Division: "370211102231", Data: d}
	for _, e := range []*events.Event{sheet("s-2022-05-001", firstNumber, secondNumber, firstNumber), hire} {
		raw, err := e.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if mayHoldNumber(raw) {
			t.Errorf("suspects %s", raw)
		}
	}
}
