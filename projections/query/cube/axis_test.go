package cube_test

import (
	"slices"
	"testing"

	"github.com/muster-works/muster/projections/view"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/query/cube"
)

func TestParseBy(t *testing.T) {
	axes := []view.Axis{view.Division, view.Kind, view.Sex}
	const choices = "want a comma list of division:prefecture, division:county, division:township, kind, sex"
	for _, c := range []struct {
		name, list string
		want       []cube.By
		err        string
	}{
		{"nothing", "", nil, ""},
		{"an axis", "sex", []cube.By{{Axis: view.Sex}}, ""},
		{"a level, in their order", "kind,division:county", []cube.By{{Axis: view.Kind}, {Axis: view.Division, Level: division.County}}, ""},
		{"an axis that is not offered", "group", nil, choices},
		{"divisions without a level", "division", nil, choices},
		{"a level that is none", "division:country", nil, choices},
		{"no axis", "age", nil, choices},
		{"an empty part", "sex,", nil, choices},
		{"an axis twice", "sex,kind,sex", nil, "sex stands twice"},
		{"divisions of two levels", "division:county,division:township", nil, "division stands twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := cube.ParseBy(c.list, axes)
			if !slices.Equal(got, c.want) || c.err == "" && err != nil || c.err != "" && (err == nil || err.Error() != c.err) {
				t.Errorf("%v, %v; want %v, %q", got, err, c.want, c.err)
			}
		})
	}
	if _, err := cube.ParseBy("division:county", axes[1:]); err == nil || err.Error() != "want a comma list of kind, sex" {
		t.Errorf("divisions, where they are not offered: %v", err)
	}
}
