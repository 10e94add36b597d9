package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// DivisionsAdoptedType is the type of [DivisionsAdopted].
const DivisionsAdoptedType Type = "divisions.adopted"

// DivisionsAdopted changes the table of divisions. Each line says for which division a code stands,
// and on which days. A code that no line names stays as it was. A large edition comes in several
// events. Package editions makes the table from all of them.
type DivisionsAdopted struct {
	Edition string         `json:"edition,omitzero"` // which edition of the table this is from, such as 2023
	Lines   []DivisionLine `json:"lines"`
}

// A DivisionLine says of a code for which division it stands, and when.
type DivisionLine struct {
	Code      division.Code `json:"code"`
	Level     string        `json:"level,omitzero"` // that of the code
	Name      string        `json:"name"`
	ValidFrom civil.Date    `json:"valid_from,omitzero"` // 0 is always
	ValidTo   civil.Date    `json:"valid_to,omitzero"`   // first day on which the code no longer holds; 0 is never
	Successor division.Code `json:"successor,omitzero"`  // which takes the place of the code on ValidTo; without ValidTo it says nothing
}

// Type implements [Data].
func (*DivisionsAdopted) Type() Type { return DivisionsAdoptedType }

// BusinessDate implements [Data].
func (*DivisionsAdopted) BusinessDate() string { return "" }

// Days implements [Data].
func (*DivisionsAdopted) Days(Horizon) {}

// Clone implements [Data].
func (d *DivisionsAdopted) Clone() Data { return new(*d) }

// About implements [Data].
func (*DivisionsAdopted) About() *Who { return nil }

// PersonLines implements [Data].
func (*DivisionsAdopted) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*DivisionsAdopted) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*DivisionsAdopted) Place() *division.Code { return nil }

func (*DivisionsAdopted) private() *string { return nil }

func (d *DivisionsAdopted) check(c *checker) {
	c.text("edition", d.Edition)
	c.lines("lines", len(d.Lines))
	for i := range d.Lines {
		l := &d.Lines[i]
		c.line("lines", i)
		c.requiredDivision("code", l.Code)
		c.words("name", l.Name)
		c.option("level", l.Level, "province", "prefecture", "county", "township", "village")
		if level, err := division.ParseLevel(l.Level); err == nil && l.Code.Valid() && level != l.Code.Level() {
			c.add(Invalid, "level", Say("is not the level that the digits of the code say: %s", "与代码位数表示的级别（%s）不符", l.Code.Level()))
		}
		c.interval("valid_to", l.ValidFrom, l.ValidTo)
		c.division("successor", l.Successor)
		if c.rules == nil && l.Successor != "" && l.Successor == l.Code {
			c.add(Invalid, "successor", Say("must be another code", "须为另一个代码"))
		}
		c.endLine()
	}
}
