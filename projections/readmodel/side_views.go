package readmodel

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/timeline"
)

// view yields the rows of a view in the order of commits, and within one by
// what they say.
func (s *side) view(name string) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		columns, scan, known := `id, ord, cell, date, measure, n`, s.difference, "ord"
		spans, err := s.spans(name)
		if err != nil {
			yield(row{}, err)
			return
		}
		if spans {
			columns, scan, known = `id, ord_from, post, seat, cell, since, until, filled, ord_until`, s.span, "ord_from"
		}
		query := fmt.Sprintf(`SELECT %s FROM %s WHERE %s <= %d ORDER BY id`, columns, name, known, s.ord)
		var group []row
		flush := func() bool {
			slices.SortFunc(group, func(a, b row) int { return cmp.Compare(a.key, b.key) })
			for _, r := range group {
				if !yield(r, nil) {
					return false
				}
			}
			group = group[:0]
			return true
		}
		for r, err := range all(s.ctx, s.generation, query, scan) {
			if err != nil {
				yield(r, err)
				return
			}
			// Keys begin with the commit, in sixteen digits.
			if len(group) > 0 && group[0].key[:16] != r.key[:16] && !flush() {
				return
			}
			group = append(group, r)
		}
		flush()
	}
}

// spans says whether a view is one of spans.
func (s *side) spans(view string) (bool, error) {
	rows, err := s.generation.Query(s.ctx, `SELECT * FROM `+view+` WHERE id = 0`)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	return slices.Contains(columns, "node"), err
}

func (s *side) difference(rows Rows, r *row) error {
	var id, ord, cell, date, measure, n int64
	err := rows.Scan(&id, &ord, &cell, &date, &measure, &n)
	*r = row{
		key:   fmt.Sprintf("%016x %s %s %d", ord, s.cells[cell], civil.Date(date), measure),
		value: fmt.Sprintf("%+d", n),
		events: func() ([]timeline.Ref, error) {
			return s.behind(`SELECT facts FROM post WHERE division = ?`, s.at[cell], uint64(ord))
		},
	}
	return err
}

func (s *side) span(rows Rows, r *row) error {
	var id, from, post, seat, cell, since, until, filled, ordUntil int64
	err := rows.Scan(&id, &from, &post, &seat, &cell, &since, &until, &filled, &ordUntil)
	end := civil.Date(until).String()
	if until == OpenEnd {
		end = "open"
	}
	held := "holds"
	if uint64(ordUntil) <= s.ord {
		held = fmt.Sprintf("held until commit %d", ordUntil)
	}
	*r = row{
		key:   fmt.Sprintf("%016x post %d seat %05d %s %s–%s filled %d", from, post, seat, s.cells[cell], civil.Date(since), end, filled),
		value: held,
		events: func() ([]timeline.Ref, error) {
			return s.behind(`SELECT facts FROM post WHERE no = ?`, post, uint64(from))
		},
	}
	return err
}

// behind finds the events of a commit in the timelines of some posts.
func (s *side) behind(query string, arg any, ord uint64) (refs []timeline.Ref, err error) {
	err = s.each(s.ctx, func(rows Rows) error {
		var facts []byte
		if err := rows.Scan(&facts); err != nil {
			return err
		}
		p, err := timeline.ReadPost(facts, timeline.Head)
		if err != nil {
			return err
		}
		for _, ref := range p.Trail() {
			if ref.Ord() == ord {
				refs = append(refs, ref)
			}
		}
		return nil
	}, query, arg)
	slices.Sort(refs)
	return slices.Compact(refs), err
}
