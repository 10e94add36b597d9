package readmodel

import (
	"cmp"
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// view has a record a commit: its rows as numbers, in the order in which they
// were written. In words they are ordered by what they say.
func (s *side) viewNamed(name string) source {
	body := s.bodies[name]
	if body == "spans" {
		return s.viewOfSpans(name)
	}
	var room []packing.Delta
	return source{
		query: rowsQuery(name, body, 0),
		read: s.commitsOf(func(c *cursor, ord uint64, packed []byte) (err error) {
			if room, err = packing.ReadDeltas(packed, ord, room[:0]); err != nil || len(room) == 0 {
				return err
			}
			r := c.numbered(ord)
			for _, d := range room {
				r.value = appendNumbers(r.value, s.placeOf(d.Cell), int64(d.Date), int64(d.Measure), int64(d.N))
			}
			return nil
		}),
		count: func(r *record) int { return len(r.value) / 8 / 4 },
		words: func(r *record) ([]row, error) { return byKey(r, 4, s.difference), nil },
	}
}

// viewOfSpans has the spans that began with each commit, each with the commit
// that it ended with, which is 0 for one that held at the ordinal.
func (s *side) viewOfSpans(name string) source {
	var ended map[int64]uint64
	number := int64(0)
	var room []packing.SpanChange
	return source{
		query: rowsQuery(name, "spans", 0),
		read: s.commitsOf(func(c *cursor, ord uint64, packed []byte) (err error) {
			if ended == nil {
				if ended, err = s.ended(name); err != nil {
					return err
				}
			}
			if room, err = packing.ReadSpans(packed, room[:0]); err != nil {
				return err
			}
			for _, span := range room {
				if span.Ends != 0 {
					continue
				}
				number++
				filled := int64(0)
				if span.Filled {
					filled = 1
				}
				r := c.numbered(ord)
				r.value = appendNumbers(r.value, int64(span.Post), int64(span.Seat), s.placeOf(span.Cell),
					int64(span.Since), int64(span.Until), filled, int64(ended[number]))
			}
			return nil
		}),
		count: func(r *record) int { return len(r.value) / 8 / 7 },
		words: func(r *record) ([]row, error) { return byKey(r, 7, s.span), nil },
	}
}

// ended returns the commits that spans ended with, by the numbers of the spans.
func (s *side) ended(name string) (map[int64]uint64, error) {
	ended := map[int64]uint64{}
	return ended, s.Spans(s.ctx, name, 0, func(ord uint64, changes []packing.SpanChange) {
		for _, c := range changes {
			if c.Ends != 0 && ord <= s.ord {
				ended[c.Ends] = ord
			}
		}
	})
}

// commitsOf reads a row with a leaf, commit by commit up to the ordinal.
func (s *side) commitsOf(add func(c *cursor, ord uint64, packed []byte) error) func(*cursor) error {
	var leaf sql.RawBytes
	to := []any{&leaf}
	return func(c *cursor) error {
		if err := c.rows.Scan(to...); err != nil {
			return err
		}
		return timeline.ReadRows(leaf, func(ord uint64, packed []byte) error {
			if ord > s.ord {
				return nil
			}
			return add(c, ord, packed)
		})
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
			return s.behind(`SELECT facts FROM post WHERE division = ?`, s.cells[at][view.Division], ord)
		},
	}
}

func (s *side) span(from uint64, b []byte) row {
	post, seat, at, since, until, filled, ended := numberAt(b, 0), numberAt(b, 1), numberAt(b, 2), numberAt(b, 3), numberAt(b, 4), numberAt(b, 5), numberAt(b, 6)
	end := civil.Date(until).String()
	if until == packing.OpenEnd {
		end = "open"
	}
	held := "holds"
	if ended != 0 {
		held = fmt.Sprintf("held until commit %d", ended)
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
