package command

import "github.com/muster-works/muster/events"

// Format is the version of the form of a fold.
const Format = snapshotFormat

// FixFactors gives the idempotency index of an empty fold factors that are not
// random, so that what is written down of it is the same each time.
func FixFactors(f *Fold) {
	l := &f.base.IdempotencyIndex
	l.open()
	l.keyFactor, l.digestFactor = [2]uint64{0x0123456789abcdef, 0x1122334455667789}, 0x99aabbccddeeff01
}

// ReplaceTypes has folds number the types of events by another catalogue, until
// undo is called. No fold may be in use meanwhile that was made before.
func ReplaceTypes(catalogue []events.Type) (undo func()) {
	before := types
	types = catalogue
	return func() { types = before }
}
