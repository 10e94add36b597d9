package cube

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/view"
)

// Labels holds a label for each axis; nil is none.
type Labels [view.AxisCount]*string

// A By is one axis by which a question breaks figures down. Divisions are added up
// to divisions of a level.
type By struct {
	Axis  view.Axis
	Level division.Level // if Axis is view.Division
}

// levels are the levels of divisions that the parameter by names.
var levels = []string{"prefecture", "county", "township"}

// Choices returns the values that ParseBy takes for some axes, separated by commas.
func Choices(axes []view.Axis) string {
	var all []string
	for _, a := range axes {
		if a != view.Division {
			all = append(all, a.String())
			continue
		}
		for _, level := range levels {
			all = append(all, "division:"+level)
		}
	}
	return strings.Join(all, ", ")
}

// ParseBy reads a list of axes, separated by commas, such as
// "division:county,sex". Each must be one of axes and stand once. The empty list
// is no axis.
func ParseBy(list string, axes []view.Axis) (all []By, err error) {
	if list == "" {
		return nil, nil
	}
	for _, name := range strings.Split(list, ",") {
		b, err := parseOne(name, axes)
		if err != nil {
			return nil, fmt.Errorf("want a comma list of %s", Choices(axes))
		}
		if slices.ContainsFunc(all, func(o By) bool { return o.Axis == b.Axis }) {
			return nil, fmt.Errorf("%v stands twice", b.Axis)
		}
		all = append(all, b)
	}
	return all, nil
}

var errNoAxis = errors.New("no such axis")

func parseOne(name string, axes []view.Axis) (By, error) {
	if level, ok := strings.CutPrefix(name, "division:"); ok && slices.Contains(axes, view.Division) {
		l, err := division.ParseLevel(level)
		return By{view.Division, l}, err
	}
	a := view.Axis(slices.IndexFunc(view.Axes[:], func(x view.AxisInfo) bool { return x.Name == name }))
	if a == view.Division || !slices.Contains(axes, a) {
		return By{}, errNoAxis
	}
	return By{Axis: a}, nil
}

// digits is how many digits of a code name a division of each level.
var digits = [...]int{division.Province: 2, division.Prefecture: 4, division.County: 6, division.Township: 9, division.Village: 12}

// BelowCounty reports whether a prefix names a part of a county.
func BelowCounty(prefix string) bool { return len(prefix) > digits[division.County] }

// AboveCounty reports whether a prefix names more than one county.
func AboveCounty(prefix string) bool { return len(prefix) < digits[division.County] }

// key returns what tells the labels of values apart: the digits of a division at the
// level, or the value itself. A code that is no division is its own key.
func (b By) key(value string) string {
	if b.Axis == view.Division && len(value) == digits[division.Village] {
		return value[:digits[b.Level]]
	}
	return value
}

// label returns the label of the values with a key.
func (b By) label(key string) string {
	if b.Axis == view.Division && len(key) == digits[b.Level] {
		return key + "000000000000"[len(key):]
	}
	return key
}
