package command

import "github.com/muster-works/muster/events"

// Format is the version of the file of a fold.
const Format = snapshotFormat

// FixFactors gives the idempotency index of an empty fold constant factors in place of
// random ones, so that its file is the same in every test run.
func FixFactors(f *Fold) {
	x := &f.base.IdempotencyIndex
	x.open()
	x.keyFactor, x.digestFactor = [2]uint64{0x0123456789abcdef, 0x1122334455667789}, 0x99aabbccddeeff01
}

// ReplaceTypes lets folds number the event types by another catalogue, until undo is
// called. Folds made before must not be used meanwhile.
func ReplaceTypes(catalogue []events.Type) (undo func()) {
	before := types
	types = catalogue
	return func() { types = before }
}
