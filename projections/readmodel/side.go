package readmodel

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"iter"
	"slices"

	"github.com/google/uuid"
	"github.com/muster-works/muster/projections/timeline"
)

// A side is one of two generations that are compared, as it was at an ordinal.
type side struct {
	*Reader
	ctx   context.Context
	ord   uint64
	cells map[int64]string
	at    map[int64]string // divisions, by cell
}

func newSide(ctx context.Context, r *Reader, ord uint64) (*side, error) {
	s := &side{Reader: r, ctx: ctx, ord: ord, cells: map[int64]string{}, at: map[int64]string{}}
	m, err := r.Meta(ctx)
	if err != nil {
		return nil, err
	}
	if m.Ord < ord {
		return nil, fmt.Errorf("%s has reached commit %d, not %d: %w", r.name, m.Ord, ord, ErrUnknown)
	}
	return s, r.Cells(ctx, 0, func(c Cell) {
		s.cells[c.ID] = fmt.Sprintf("%s %s %q %s %s %s %s %s", c.Division, c.Category, c.Kind, c.Area, c.Group, c.Sex, c.Reason, c.Agency)
		s.at[c.ID] = string(c.Division)
	})
}

// read reads rows one by one; scan leaves the key of a row empty to leave it
// out.
func (s *side) read(query string, scan func(Rows, *row) error) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for r, err := range all(s.ctx, s.generation, query, scan) {
			if (err != nil || r.key != "") && !yield(r, err) {
				return
			}
		}
	}
}

func (s *side) commits() iter.Seq2[row, error] {
	return s.read(fmt.Sprintf(`SELECT ord, position, id, recorded, keys, subjects FROM commits WHERE ord <= %d ORDER BY ord`, s.ord), func(rows Rows, r *row) error {
		var ord, recorded int64
		var position, id string
		var keys, subjects sql.RawBytes
		err := rows.Scan(&ord, &position, &id, &recorded, &keys, &subjects)
		*r = row{key: fmt.Sprintf("%016x", ord), value: fmt.Sprintf("%s %s %d %x %x", position, id, recorded, []byte(keys), []byte(subjects))}
		return err
	})
}

func (s *side) voids() iter.Seq2[row, error] {
	return s.read(`SELECT key, by, coalesce(target, 0) FROM void ORDER BY key`, func(rows Rows, r *row) error {
		var key sql.RawBytes
		var by, target timeline.Ref
		if err := rows.Scan(&key, &by, &target); err != nil || by.Ord() > s.ord {
			return err
		}
		if target.Ord() > s.ord {
			target = 0
		}
		*r = row{hex.EncodeToString(key), fmt.Sprintf("target %v by %v", target, by), func() ([]timeline.Ref, error) { return []timeline.Ref{by}, nil }}
		return nil
	})
}

func (s *side) posts() iter.Seq2[row, error] {
	return s.read(`SELECT name, facts FROM post ORDER BY name`, func(rows Rows, r *row) error {
		var name string
		var facts []byte
		if err := rows.Scan(&name, &facts); err != nil {
			return err
		}
		return s.facts(r, name, facts)
	})
}

func (s *side) plans() iter.Seq2[row, error] {
	return s.read(`SELECT division, year, area, facts FROM plan_line ORDER BY division, year, area`, func(rows Rows, r *row) error {
		var division, area string
		var year int
		var facts []byte
		if err := rows.Scan(&division, &year, &area, &facts); err != nil {
			return err
		}
		return s.facts(r, fmt.Sprintf("%s %04d %s", division, year, area), facts)
	})
}

// facts makes the row of a timeline, as far as it is there at the ordinal.
func (s *side) facts(r *row, key string, facts []byte) error {
	then, err := timeline.Prefix(facts, s.ord)
	if err != nil || len(then) == 0 {
		return err
	}
	*r = row{key, hex.EncodeToString(then), func() ([]timeline.Ref, error) {
		p, err := timeline.ReadPost(then, s.ord)
		if err != nil {
			return nil, nil // a plan line
		}
		return p.Trail(), nil
	}}
	return nil
}

func (s *side) persons() iter.Seq2[row, error] {
	return s.read(`SELECT id, no FROM person ORDER BY id`, func(rows Rows, r *row) error {
		var id []byte
		var no timeline.Number
		if err := rows.Scan(&id, &no); err != nil {
			return err
		}
		u, err := uuid.FromBytes(id)
		*r = row{key: u.String(), value: fmt.Sprint(no)}
		return err
	})
}

func named(table, column string) func(*side) iter.Seq2[row, error] {
	return func(s *side) iter.Seq2[row, error] {
		return s.read(`SELECT no, `+column+` FROM `+table+` ORDER BY no`, func(rows Rows, r *row) error {
			var no int64
			err := rows.Scan(&no, &r.value)
			r.key = fmt.Sprintf("%016x", no)
			return err
		})
	}
}

func (s *side) folioLeaves() iter.Seq2[row, error] {
	return s.leavesOf(`SELECT folio, last, facts FROM leaf ORDER BY folio, last`, s.folio)
}

func (s *side) agencyLeaves() iter.Seq2[row, error] {
	return s.leavesOf(`SELECT agency, last, events FROM agency_leaf ORDER BY agency, last`, s.agency)
}

// leavesOf yields what split makes of each whole folio.
func (s *side) leavesOf(query string, split func(of int64, leaves [][]byte) ([]row, error)) iter.Seq2[row, error] {
	type leaf struct {
		of    int64
		bytes []byte
	}
	return func(yield func(row, error) bool) {
		of, leaves := int64(-1), [][]byte(nil)
		flush := func() bool {
			if of < 0 {
				return true
			}
			rows, err := split(of, leaves)
			if err != nil {
				yield(row{}, err)
				return false
			}
			for _, r := range rows {
				if !yield(r, nil) {
					return false
				}
			}
			return true
		}
		for l, err := range all(s.ctx, s.generation, query, func(rows Rows, l *leaf) error {
			var last int64
			return rows.Scan(&l.of, &last, &l.bytes)
		}) {
			if err != nil {
				yield(row{}, err)
				return
			}
			if l.of != of {
				if !flush() {
					return
				}
				of, leaves = l.of, nil
			}
			leaves = append(leaves, l.bytes)
		}
		flush()
	}
}

// folio makes a row a person, of what was known of the person at the ordinal.
func (s *side) folio(of int64, leaves [][]byte) ([]row, error) {
	var packed [timeline.FolioSize][]byte
	var refs [timeline.FolioSize][]timeline.Ref
	for _, l := range leaves {
		err := timeline.Entries(l, func(e timeline.Entry) {
			if e.Ref.Ord() <= s.ord {
				packed[e.Slot] = fmt.Appendf(packed[e.Slot], "%v:%x ", e.Ref, e.Fact)
				refs[e.Slot] = append(refs[e.Slot], e.Ref)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	var rows []row
	for slot, b := range packed {
		if b != nil {
			rows = append(rows, row{fmt.Sprintf("%08x", of*timeline.FolioSize+int64(slot)), string(b),
				func() ([]timeline.Ref, error) { return slices.Compact(refs[slot]), nil }})
		}
	}
	return rows, nil
}

// agency makes one row of the events of an agency.
func (s *side) agency(of int64, leaves [][]byte) ([]row, error) {
	r := row{key: fmt.Sprintf("%016x", of)}
	for _, l := range leaves {
		err := timeline.ReadRefs(l, func(ref timeline.Ref) {
			if ref.Ord() <= s.ord {
				r.value += ref.String() + " "
			}
		})
		if err != nil {
			return nil, err
		}
	}
	if r.value == "" {
		return nil, nil
	}
	return []row{r}, nil
}
