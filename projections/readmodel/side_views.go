package readmodel

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/timeline"
)

// view has a record a commit: its rows as numbers, in the order in which they
// were written. In words they are ordered by what they say.
func (s *side) view(name string) source {
	if s.spans[name] {
		return s.viewOfSpans(name)
	}
	var ord, cell, date, measure, n int64
	to := []any{&ord, &cell, &date, &measure, &n}
	return source{
		query: fmt.Sprintf(`SELECT ord, cell, date, measure, n FROM %s WHERE ord <= %d ORDER BY id`, name, s.ord),
		read: func(c *cursor) error {
			if err := c.rows.Scan(to...); err != nil {
				return err
			}
			r := c.numbered(uint64(ord))
			r.value = appendNumbers(r.value, s.placeOf(cell), date, measure, n)
			return nil
		},
		count: func(r *record) int { return len(r.value) / 8 / 4 },
		words: func(r *record) ([]row, error) { return byKey(r, 4, s.difference), nil },
	}
}

func (s *side) viewOfSpans(name string) source {
	var from, post, seat, cell, since, until, filled, end int64
	to := []any{&from, &post, &seat, &cell, &since, &until, &filled, &end}
	return source{
		query: fmt.Sprintf(`SELECT ord_from, post, seat, cell, since, until, filled, ord_until FROM %s WHERE ord_from <= %d ORDER BY id`, name, s.ord),
		read: func(c *cursor) error {
			if err := c.rows.Scan(to...); err != nil {
				return err
			}
			if uint64(end) > s.ord {
				end = int64(Standing)
			}
			r := c.numbered(uint64(from))
			r.value = appendNumbers(r.value, post, seat, s.placeOf(cell), since, until, filled, end)
			return nil
		},
		count: func(r *record) int { return len(r.value) / 8 / 7 },
		words: func(r *record) ([]row, error) { return byKey(r, 7, s.span), nil },
	}
}

// byKey makes rows of each so many numbers of a record.
func byKey(r *record, numbers int, say func(ord uint64, numbers []byte) row) (rows []row) {
	ord := binary.BigEndian.Uint64(r.key)
	for one := range slices.Chunk(r.value, 8*numbers) {
		rows = append(rows, say(ord, one))
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.value, b.value))
	})
	return rows
}

func (s *side) difference(ord uint64, b []byte) row {
	at, date, measure, n := numberAt(b, 0), numberAt(b, 1), numberAt(b, 2), numberAt(b, 3)
	return row{
		key:   fmt.Sprintf("%016x %s %s %d", ord, s.place(at), civil.Date(date), measure),
		value: fmt.Sprintf("%+d", n),
		events: func() ([]timeline.Ref, error) {
			return s.behind(`SELECT facts FROM post WHERE division = ?`, string(s.cells[at].Division), ord)
		},
	}
}

func (s *side) span(from uint64, b []byte) row {
	post, seat, at, since, until, filled, ordUntil := numberAt(b, 0), numberAt(b, 1), numberAt(b, 2), numberAt(b, 3), numberAt(b, 4), numberAt(b, 5), numberAt(b, 6)
	end := civil.Date(until).String()
	if until == OpenEnd {
		end = "open"
	}
	held := "holds"
	if ordUntil != int64(Standing) {
		held = fmt.Sprintf("held until commit %d", ordUntil)
	}
	return row{
		key:   fmt.Sprintf("%016x post %d seat %05d %s %s–%s filled %d", from, post, seat, s.place(at), civil.Date(since), end, filled),
		value: held,
		events: func() ([]timeline.Ref, error) {
			return s.behind(`SELECT facts FROM post WHERE no = ?`, post, from)
		},
	}
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
