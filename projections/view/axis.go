package view

import (
	"fmt"
	"strings"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/timeline"
)

// An Axis is one of the attributes by which figures are broken down. It is an
// index into a [Cell] and into [Axes].
//
// The order of the axes is part of the byte layout of cells: see package
// packing and FORMAT.md. A new axis goes to the end, before AxisCount, with a
// row in Axes, and raises the schema version of package readmodel. If placements
// tell it, [CellOfPlacement] fills it in; else the view that counts by it does.
type Axis int

// The axes. Those that a post tells come first; [PostAxes] counts them.
const (
	Division Axis = iota
	Category
	Kind
	Area
	Group
	Sex
	Reason
	Agency
	Standing
	AxisCount
)

// PostAxes is how many axes, from the first on, are attributes of a post.
const PostAxes = int(Area) + 1

// A Source says from what the value of an axis is read.
type Source int

const (
	FromPost      Source = iota // filled in by CellOf
	FromPlacement               // filled in by CellOfPlacement
	FromView                    // filled in by the view that counts by the axis
)

// An AxisInfo describes an axis.
type AxisInfo struct {
	Name   string // in questions and answers: lower case
	About  string // what a value says
	Source Source
	// FreeText is set if values may hold spaces. Such values are quoted when a
	// cell is printed.
	FreeText bool
}

// Axes describes every axis. It is the one list of them: the layout of cells,
// their numbering, the comparison of generations and the grouping of answers
// follow from it.
var Axes = [AxisCount]AxisInfo{
	Division: {Name: "division", About: "code of the village or of the unit above it where the post lies, as developed", Source: FromPost},
	Category: {Name: "category", About: "category of the post", Source: FromPost},
	Kind:     {Name: "kind", About: "kind of work of the post; in the view agencies, an event type", Source: FromPost, FreeText: true},
	Area:     {Name: "area", About: "rural or urban", Source: FromPost},
	Group:    {Name: "group", About: "group of persons in hardship that the person belongs to", Source: FromPlacement},
	Sex:      {Name: "sex", About: "F or M", Source: FromPlacement},
	Reason:   {Name: "reason", About: "why a seat fell vacant, as an exit code, empty if it was never filled; in the view agencies, a code of a refusal", Source: FromView},
	Agency:   {Name: "agency", About: "the agency that submitted something", Source: FromView},
	Standing: {Name: "standing", About: "how the person is in place: working, suspended, or stand_in for a suspended person", Source: FromPlacement},
}

// String returns the name of the axis.
func (a Axis) String() string {
	if a < 0 || a >= AxisCount {
		return fmt.Sprintf("axis %d", int(a))
	}
	return Axes[a].Name
}

// A Cell holds a value for each axis, and is what figures are broken down by. A
// view fills in the values that it knows and leaves the others empty. Cells are
// comparable: equal cells count together.
type Cell [AxisCount]string

// DivisionCode returns the value of the axis Division as a code.
func (c *Cell) DivisionCode() division.Code { return division.Code(c[Division]) }

// String returns the values in the order of the axes, separated by spaces.
func (c Cell) String() string {
	var b strings.Builder
	for a, value := range c {
		if a > 0 {
			b.WriteByte(' ')
		}
		if Axes[a].FreeText {
			fmt.Fprintf(&b, "%q", value)
		} else {
			b.WriteString(value)
		}
	}
	return b.String()
}

// CellOf returns the cell of a post while some attributes hold: the axes that are read
// from posts are filled in. A post changes from one cell to another on the day on which a
// new period begins, see [timeline.Post.Periods].
func CellOf(a timeline.Attributes) Cell {
	return Cell{Division: string(a.Division), Category: a.Category, Kind: a.Kind, Area: a.Area}
}

// CellOfPlacement returns the cell of a stretch of a placement on a post: the axes that
// are read from posts and from placements are filled in.
func CellOfPlacement(a timeline.Attributes, p *timeline.Placement, s timeline.Stretch) Cell {
	c := CellOf(a)
	c[Group], c[Sex], c[Standing] = s.Group, s.Sex, s.Standing
	return c
}
