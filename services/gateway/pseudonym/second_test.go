package pseudonym

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
)

// Goal: who kept a sheet is named by a pseudonym in the record, and a recorder whom nobody
// knows is refused by the field that names the recorder.
// Method: the same sheet with each way of naming, in a real and in a dry run.
func TestRecorder(t *testing.T) {
	v := newVault(t)
	known := v.Find(nil, knownNumber)[0]
	stranger := uuid.MustParse("b81d3c52-2c7b-4a0e-8f64-7e1f0c9a2d22")
	for _, c := range []struct {
		name   string
		number string
		person events.Person
		want   events.Person
		field  string
	}{
		{"nobody", "", events.Person{}, events.Person{}, ""},
		{"by number", knownNumber, events.Person{}, known, ""},
		{"by pseudonym", "", known, known, ""},
		{"a stranger by number", strangerNumber, events.Person{}, events.Person{}, "data.recorder_id_number"},
		{"a stranger by pseudonym", "", stranger, stranger, "data.recorder_person"},
	} {
		for run, resolve := range map[string]func(context.Context, []*events.Event) ([]events.Reasons, error){
			"real": newResolver(v).Resolve, "dry": NewThrowaway(v).Resolve,
		} {
			t.Run(c.name+", "+run, func(t *testing.T) {
				d := &events.AttendanceReported{RecorderPerson: c.person, RecorderIDNumber: c.number, Lines: []events.AttendanceLine{{Person: known}}}
				refused, err := resolve(t.Context(), []*events.Event{{Type: d.Type(), Data: d}})
				if err != nil {
					t.Fatal(err)
				}
				field := ""
				for _, r := range refused[0] {
					field += r.Field
				}
				if field != c.field || d.RecorderPerson != c.want || d.RecorderIDNumber != "" {
					t.Errorf("refused %q, recorder %s, number %q; want %q, %s", field, d.RecorderPerson, d.RecorderIDNumber, c.field, c.want)
				}
			})
		}
	}
}
