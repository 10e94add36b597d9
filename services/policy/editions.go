package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
)

// linesOfPart is how many lines of a table one event holds. It stays well below the size that an
// event may have.
const linesOfPart = 2000

// Editions returns the events by which a source says statements about divisions under at. Their ids
// follow from what they say, so that saying the same again changes nothing.
func Editions(source, edition string, at division.Code, statements []division.Statement) (list []*events.Event) {
	for part := range slices.Chunk(statements, linesOfPart) {
		d := &events.DivisionsAdopted{Edition: edition}
		said := sha256.New()
		for _, s := range part {
			d.Lines = append(d.Lines, events.DivisionLine{
				Code: s.Code, Level: s.Code.Level().String(), Name: s.Name, ValidFrom: s.ValidFrom, ValidTo: s.ValidTo, Successor: s.Successor,
			})
			fmt.Fprintln(said, s.Code, s.Name, s.ValidFrom, s.ValidTo, s.Successor)
		}
		list = append(list, &events.Event{
			ID: "divisions-" + hex.EncodeToString(said.Sum(nil)[:8]), Source: source, Type: events.DivisionsAdoptedType, Division: at, Data: d,
		})
	}
	return list
}
