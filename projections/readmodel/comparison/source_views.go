package comparison

import (
	"cmp"
	"database/sql"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// The table of a view has a record a commit, with the rows that the commit brought
// as numbers of eight bytes, in the order in which they were written:
//
//	[ cell | date | measure | n ] …                                of deltas
//	[ post | seat | cell | since | until | filled | earlier | ended ] …      of spans
//
// Cells have the numbers that both sides have. In words the rows are ordered by
// what they say.
const (
	deltaNumbers = 4
	spanNumbers  = 8
)

// deltaSource has a record a commit, with its deltas.
func deltaSource(s *side, t readmodel.Table) recordSource {
	var room []packing.Delta
	return recordSource{
		query: selectBodies(t),
		read: s.eachCommit(func(c *recordCursor, ord uint64, packed []byte) (err error) {
			if room, err = packing.ReadDeltas(packed, ord, room[:0]); err != nil || len(room) == 0 {
				return err
			}
			r := c.recordForNumber(ord)
			for _, d := range room {
				r.value = appendNumbers(r.value, s.commonNumber(d.Cell), int64(d.Date), int64(d.Measure), int64(d.N))
			}
			return nil
		}),
		count: func(r *record) int { return len(r.value) / 8 / deltaNumbers },
		words: func(r *record) ([]describedRow, error) { return describeNumbers(r, deltaNumbers, s.describeDelta), nil },
	}
}

// spanSource has a record a commit, with the spans that began with it. Each has
// the ordinal of the commit that it ended with, 0 if it held at the ordinal.
func spanSource(s *side, t readmodel.Table) recordSource {
	var ended map[int64]uint64
	number := int64(0)
	var room []packing.SpanChange
	return recordSource{
		query: selectBodies(t),
		read: s.eachCommit(func(c *recordCursor, ord uint64, packed []byte) (err error) {
			if ended == nil {
				if ended, err = s.endings(t.Name); err != nil {
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
				r := c.recordForNumber(ord)
				r.value = appendNumbers(r.value, int64(span.Post), int64(span.Seat), s.commonNumber(span.Cell),
					int64(span.Since), int64(span.Until), filled, int64(span.Earlier), int64(ended[number]))
			}
			return nil
		}),
		count: func(r *record) int { return len(r.value) / 8 / spanNumbers },
		words: func(r *record) ([]describedRow, error) { return describeNumbers(r, spanNumbers, s.describeSpan), nil },
	}
}

// endings returns the ordinals that spans ended with, by the numbers of the spans.
func (s *side) endings(name string) (map[int64]uint64, error) {
	ended := map[int64]uint64{}
	return ended, s.Spans(s.ctx, name, 0, func(ord uint64, changes []packing.SpanChange) {
		for _, c := range changes {
			if c.Ends != 0 && ord <= s.ord {
				ended[c.Ends] = ord
			}
		}
	})
}

// selectBodies returns the query for the leaves of a view, in log order.
func selectBodies(t readmodel.Table) string {
	_, body, _ := t.LeafColumns()
	return "SELECT " + body + " FROM " + t.Name + " ORDER BY last"
}

// eachCommit returns a function that reads a row with a leaf, and calls add with
// what each commit up to the ordinal packed.
func (s *side) eachCommit(add func(c *recordCursor, ord uint64, packed []byte) error) func(*recordCursor) error {
	var leaf sql.RawBytes
	to := []any{&leaf}
	return func(c *recordCursor) error {
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

// describeNumbers puts the rows of a record in words, each of which has so many
// numbers.
func describeNumbers(r *record, numbers int, describe func(ord uint64, numbers []byte) describedRow) (rows []describedRow) {
	ord := binary.BigEndian.Uint64(r.key)
	for one := range slices.Chunk(r.value, 8*numbers) {
		rows = append(rows, describe(ord, one))
	}
	slices.SortFunc(rows, func(a, b describedRow) int {
		return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.value, b.value))
	})
	return rows
}

func (s *side) describeDelta(ord uint64, b []byte) describedRow {
	at, date, measure, n := numberAt(b, 0), numberAt(b, 1), numberAt(b, 2), numberAt(b, 3)
	return describedRow{
		key:   fmt.Sprintf("%016x %s %s %d", ord, s.describeCell(at), civil.Date(date), measure),
		value: fmt.Sprintf("%+d", n),
		events: func() ([]timeline.Ref, error) {
			return s.eventsOfPosts(`SELECT facts FROM post WHERE division = ?`, s.cells[at][view.Division], ord)
		},
	}
}

func (s *side) describeSpan(from uint64, b []byte) describedRow {
	post, seat, at, since, until, filled := numberAt(b, 0), numberAt(b, 1), numberAt(b, 2), numberAt(b, 3), numberAt(b, 4), numberAt(b, 5)
	earlier, ended := numberAt(b, 6), numberAt(b, 7)
	end := civil.Date(until).String()
	if until == packing.OpenEnd {
		end = "open"
	}
	before := ""
	if earlier != 0 {
		before = fmt.Sprintf(" and %d days before", earlier)
	}
	held := "holds"
	if ended != 0 {
		held = fmt.Sprintf("held until commit %d", ended)
	}
	return describedRow{
		key:   fmt.Sprintf("%016x post %d seat %05d %s %s–%s filled %d%s", from, post, seat, s.describeCell(at), civil.Date(since), end, filled, before),
		value: held,
		events: func() ([]timeline.Ref, error) {
			return s.eventsOfPosts(`SELECT facts FROM post WHERE no = ?`, post, from)
		},
	}
}

// eventsOfPosts finds the events of a commit in the timelines of the posts whose
// facts a query asks for.
func (s *side) eventsOfPosts(query string, arg any, ord uint64) (refs []timeline.Ref, err error) {
	rows, err := s.Query(s.ctx, query, arg)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var facts []byte
		if err := rows.Scan(&facts); err != nil {
			return nil, fmt.Errorf("readmodel: %w", err)
		}
		p, err := timeline.ReadPost(facts, timeline.Head)
		if err != nil {
			return nil, err
		}
		for _, ref := range p.Trail() {
			if ref.Ord() == ord {
				refs = append(refs, ref)
			}
		}
	}
	slices.Sort(refs)
	return slices.Compact(refs), rows.Err()
}
