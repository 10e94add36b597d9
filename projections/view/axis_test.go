package view_test

import (
	"testing"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// Goal: an axis cannot be added without what its row in Axes promises.
// Method: cells are made of a post and of a placement that say everything; an
// axis is filled in exactly if its source says so, and only one name stands once.
func TestAxes(t *testing.T) {
	post := timeline.Attributes{Division: "370211102231", Category: "public_service", Kind: "ward care", Area: "rural"}
	ofPost := view.CellOf(post)
	ofPlacement := view.CellOfPlacement(post, &timeline.Placement{}, timeline.Stretch{Group: "older", Sex: "F", Standing: timeline.Working})
	names := map[string]bool{"": true}
	for a := range view.AxisCount {
		info := view.Axes[a]
		if names[info.Name] || info.About == "" {
			t.Errorf("%v has the name %q, of another or none, and says %q", a, info.Name, info.About)
		}
		names[info.Name] = true
		if early := int(a) < view.PostAxes; early != (info.Source == view.FromPost) {
			t.Errorf("%v: before PostAxes is %v, read from a post is %v", a, early, info.Source == view.FromPost)
		}
		if filled := ofPost[a] != ""; filled != (info.Source == view.FromPost) {
			t.Errorf("%v of a post is %q", a, ofPost[a])
		}
		if filled := ofPlacement[a] != ""; filled != (info.Source != view.FromView) {
			t.Errorf("%v of a placement is %q", a, ofPlacement[a])
		}
	}
	if ofPost.DivisionCode() != division.Code("370211102231") {
		t.Errorf("division %q", ofPost.DivisionCode())
	}
	if got, want := ofPlacement.String(), `370211102231 public_service "ward care" rural older F   working`; got != want {
		t.Errorf("printed as %q, want %q", got, want)
	}
}
