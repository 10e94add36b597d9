package delta

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/muster-works/muster/projections/readmodel"
)

// A stateHasher hashes what the runner makes of the log, commit by commit. The state at
// a commit is the SHA-256 of, in this order:
//
//	rows of the views and new cells   what they are of, length, packed rows
//	new persons                       number, pseudonym
//	retractions                       by, target
//	row of the commit                 ordinal, position, id, time, subjects
//	what the commit says              decoding.Commit.Hash
//	state at the commit before
//
// A change of the form raises readmodel.SchemaVersion.
type stateHasher struct {
	state  readmodel.State
	hashed []byte // of the commit under way
}

func (h *stateHasher) addInt(n int64) { h.hashed = binary.AppendVarint(h.hashed, n) }

// hashedCells stands for the cells where the index of a view stands for its rows.
const hashedCells = -1

// addRows adds packed rows of a view, or cells.
func (h *stateHasher) addRows(what int, packed []byte) {
	h.addInt(int64(what))
	h.addInt(int64(len(packed)))
	h.hashed = append(h.hashed, packed...)
}

// seal ends the commit and returns its state.
func (h *stateHasher) seal(c *Change) readmodel.State {
	for i := range c.Persons {
		h.addInt(int64(c.Persons[i].No))
		h.hashed = append(h.hashed, c.Persons[i].ID[:]...)
	}
	for _, r := range c.Retractions {
		h.addInt(int64(r.By))
		h.addInt(int64(r.Target))
	}
	row := &c.Row
	h.hashed = fmt.Appendf(h.hashed, "%d %s %q %d ", row.Ord, row.Position, row.ID, row.Recorded.UnixNano())
	h.hashed = append(h.hashed, row.Subjects...)
	h.hashed = append(append(h.hashed, c.Commit.Hash[:]...), h.state[:]...)
	h.state, h.hashed = sha256.Sum256(h.hashed), h.hashed[:0]
	return h.state
}
