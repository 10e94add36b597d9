package runner

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/muster-works/muster/projections/readmodel"
)

// A sealer hashes what is made of the log, commit by commit: the state at a
// commit is the hash of the state before, of what the commit says, and of every
// row that it brings. What a commit says was hashed with its digest, and whom
// it is about is in the subjects of its row, by numbers.
type sealer struct {
	state readmodel.State
	b     []byte // of the commit under way
}

func (s *sealer) number(n int64) { s.b = binary.AppendVarint(s.b, n) }

// seal ends the commit with what its row says, and returns the state.
func (s *sealer) seal(c *change) readmodel.State {
	for i := range c.bearers {
		s.number(int64(c.bearers[i].no))
		s.b = append(s.b, c.bearers[i].id[:]...)
	}
	for _, v := range c.voids {
		s.number(int64(v.By))
		s.number(int64(v.Target))
	}
	row := &c.row
	s.b = fmt.Appendf(s.b, "%d %s %q %d ", row.Ord, row.Position, row.ID, row.Recorded.UnixNano())
	s.b = append(s.b, row.Subjects...)
	s.b = append(append(s.b, c.said.said[:]...), s.state[:]...)
	s.state, s.b = sha256.Sum256(s.b), s.b[:0]
	return s.state
}

// ofCells stands for the cells, as the index of a view does for its rows.
const ofCells = -1

// rows adds what was packed of the commit: rows of a view, or cells.
func (s *sealer) rows(what int, packed []byte) {
	s.number(int64(what))
	s.number(int64(len(packed)))
	s.b = append(s.b, packed...)
}
