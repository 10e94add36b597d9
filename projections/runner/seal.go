package runner

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/muster-works/muster/projections/readmodel"
)

// A sealer hashes what is made of the log, commit by commit: the state at a
// commit is the hash of the state before, of what the commit says, and of every
// row that it brings. What a commit says was hashed with its digest.
type sealer struct {
	state readmodel.State
	b     []byte // of the commit under way
}

func (s *sealer) number(n int64) { s.b = binary.AppendVarint(s.b, n) }

// seal ends the commit with what its row says.
func (s *sealer) seal(d *digest, row *readmodel.CommitRow, voids []readmodel.VoidRow, cells []readmodel.Cell) {
	for _, v := range voids {
		s.number(int64(v.By))
		s.number(int64(v.Target))
	}
	for i := range cells {
		c := &cells[i].Cell
		s.b = append(s.b, '{')
		for _, text := range [...]string{string(c.Division), c.Category, c.Kind, c.Area, c.Group, c.Sex, c.Reason, c.Agency} {
			s.b = append(strconv.AppendQuote(s.b, text), ' ')
		}
		s.b[len(s.b)-1] = '}'
	}
	s.b = fmt.Appendf(s.b, "%d %s %q %d ", row.Ord, row.Position, row.ID, row.Recorded.UnixNano())
	s.b = append(s.b, row.Subjects...)
	s.b = append(append(s.b, d.said[:]...), s.state[:]...)
	s.state = sha256.Sum256(s.b)
	row.State, s.b = s.state, s.b[:0]
}

// row adds a row of a view of differences.
func (s *sealer) row(view int, d *readmodel.Difference) {
	for _, n := range [...]int64{int64(view), d.ID, d.Cell, int64(d.Date), int64(d.Measure), int64(d.N)} {
		s.number(n)
	}
}

// span adds a span of a post that begins or ends.
func (s *sealer) span(view int, post uint32, h held, ends bool) {
	end := int64(0)
	if ends {
		end = 1
	}
	s.number(int64(view)<<1 | end)
	for _, n := range [...]int64{int64(post), h.id, int64(h.since), int64(h.until), int64(h.cell), int64(h.seat)} {
		s.number(n)
	}
}
