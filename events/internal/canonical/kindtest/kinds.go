// Package kindtest holds a payload for each kind of field that the generator
// supports, and the code that it generates for them. The tests of this package
// hold that code to the JSON library, so that a payload of the contract may have
// a field of a kind that no payload had before.
//
// The types Type, Event and Data stand for those of package events.
package kindtest

import (
	"github.com/google/uuid"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

//go:generate go run ../generate

// A Type names a payload.
type Type string

// The types.
const (
	ScalarsType  Type = "scalars"
	OptionalType Type = "optional"
	StructsType  Type = "structs"
	ListsType    Type = "lists"
	NothingType  Type = "nothing"
	MapType      Type = "map"
)

// An Event is a payload and its type.
type Event struct {
	Type Type
	Data Data
}

// Data is a payload.
type Data interface{ Type() Type }

// recordAt is that of package events.
func recordAt[R any](at **R) *R {
	if *at == nil {
		*at = new(R)
	}
	return *at
}

// Named types of the kinds that have them.
type (
	Text   string
	Number int64
	Count  int
	Flag   bool
	ID     = uuid.UUID
	Alias  = civil.Date
)

// Scalars holds required members.
type Scalars struct {
	String   string
	Text     Text          `json:"text"`
	Division division.Code `json:"division"`
	Int      int           `json:"int"`
	Int64    int64         `json:"int64"`
	Number   Number        `json:"number"`
	Count    Count         `json:"count"`
	Bool     bool          `json:"bool"`
	Flag     Flag          `json:"flag"`
	UUID     uuid.UUID     `json:"uuid"`
	ID       ID            `json:"id"`
	Date     civil.Date    `json:"date"`
	Month    civil.Month   `json:"month"`
	Alias    Alias         `json:"alias"`
	Skipped  string        `json:"-"`
}

// Optional holds members that are left out if they are zero.
type Optional struct {
	First    string        `json:"first,omitzero"`
	Text     Text          `json:"text,omitzero"`
	Division division.Code `json:"division,omitzero"`
	Number   Number        `json:"number,omitzero"`
	Count    Count         `json:"count,omitzero"`
	Bool     bool          `json:"bool,omitzero"`
	Flag     Flag          `json:"flag,omitzero"`
	UUID     uuid.UUID     `json:"uuid,omitzero"`
	ID       ID            `json:"id,omitzero"`
	Date     civil.Date    `json:"date,omitzero"`
	Month    civil.Month   `json:"month,omitzero"`
	Last     string        `json:"last"`
	Beyond   string        `json:"beyond,omitzero"`
}

// Structs holds structs in every position.
type Structs struct {
	Embedded
	Value    Inner  `json:"value"`
	Optional Inner  `json:"optional,omitzero"`
	Pointer  *Inner `json:"pointer,omitzero"`
	Outer    *Outer `json:"outer,omitzero"`
	Empty    Empty  `json:"empty"`
}

// Embedded has its members in the object of the struct that embeds it.
type Embedded struct {
	One     string `json:"one,omitzero"`
	Pointed *Inner `json:"pointed,omitzero"`
}

// Inner is a struct that can be compared.
type Inner struct {
	Name string `json:"name"`
	Size int    `json:"size,omitzero"`
}

// Outer holds memory that is allocated whenever it is read.
type Outer struct {
	Inner *Inner   `json:"inner,omitzero"`
	Texts []string `json:"texts"`
}

// Empty has no members.
type Empty struct{}

// Lists holds lists of every kind of element.
type Lists struct {
	Optional []Line          `json:"optional,omitzero"`
	Lines    []Line          `json:"lines"`
	Outers   []Outer         `json:"outers"`
	Strings  []string        `json:"strings"`
	Codes    []division.Code `json:"codes"`
	Numbers  []Number        `json:"numbers"`
	Flags    []bool          `json:"flags"`
	Dates    []civil.Date    `json:"dates"`
	Persons  []ID            `json:"persons,omitzero"`
}

// A Line is an element of a list.
type Line struct {
	Embedded
	Amount Number  `json:"amount"`
	Nested []Line2 `json:"nested,omitzero"`
}

// A Line2 is an element of a list in a list.
type Line2 struct {
	Month civil.Month `json:"month,omitzero"`
}

// Nothing has no members.
type Nothing struct{}

// Map is left to the JSON library.
type Map struct {
	Map map[string]int `json:"map"`
}

// Type names the payload.
func (*Scalars) Type() Type { return ScalarsType }

// Type names the payload.
func (*Optional) Type() Type { return OptionalType }

// Type names the payload.
func (*Structs) Type() Type { return StructsType }

// Type names the payload.
func (*Lists) Type() Type { return ListsType }

// Type names the payload.
func (*Nothing) Type() Type { return NothingType }

// Type names the payload.
func (*Map) Type() Type { return MapType }
