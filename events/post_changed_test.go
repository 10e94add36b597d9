package events_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/muster-works/muster/events"
)

// A change says at least one thing that changes. A 0 is no standard and no number of days.
func TestNothingChanged(t *testing.T) {
	head := `{"specversion":"1.0","id":"c","source":"/agency/a","type":"post.changed","division":"370211102231","data":{"post":"p","on":"2022-07-01"`
	for _, c := range []struct {
		name, changed string
		want          []string
	}{
		{"nothing", ``, nil},
		{"a standard of 0", `,"standard":0`, nil},
		{"an empty kind", `,"kind":"","required_days":0`, nil},
		{"a standard", `,"standard":88000`, []string{"standard"}},
		{"a title", `,"title":"护路员"`, []string{"title"}},
		{"a division and a fund", `,"fund":"F","division":"370211102232"`, []string{"division", "fund"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := events.Submission([]byte(head + c.changed + "}}"))
			var reasons events.Reasons
			switch {
			case c.want == nil && (!errors.As(err, &reasons) || reasons[0].Code != events.Missing || reasons[0].Field != "data.category"):
				t.Errorf("answered %v", err)
			case c.want != nil && err != nil:
				t.Error(err)
			case c.want != nil && !slices.Equal(e.Data.(*events.PostChanged).Changed(), c.want):
				t.Errorf("changes %v, want %v", e.Data.(*events.PostChanged).Changed(), c.want)
			}
		})
	}
}

// Every member beside the post and the day is one that a change may name.
func TestChangedNamesAllMembers(t *testing.T) {
	d := records(t)["post.changed"].Data.(*events.PostChanged)
	if want := reflect.TypeOf(*d).NumField() - 2; len(d.Changed()) != want {
		t.Errorf("a change of everything names %v, want %d members", d.Changed(), want)
	}
}
