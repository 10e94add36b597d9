package comparison

import (
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// commitSource has a record a commit. The state hash is left out: it follows from
// the rows, and differs as soon as an earlier commit does.
func commitSource(s *side, _ readmodel.Table) recordSource {
	var ord, recorded int64
	var position, id, keys, subjects sql.RawBytes
	to := []any{&ord, &position, &id, &recorded, &keys, &subjects}
	return recordSource{
		query: fmt.Sprintf(`SELECT ord, position, id, recorded, keys, subjects FROM commits WHERE ord <= %d ORDER BY ord`, s.ord),
		read: func(c *recordCursor) error {
			if err := c.rows.Scan(to...); err != nil {
				return err
			}
			r := c.recordForNumber(uint64(ord))
			head := fmt.Appendf(nil, "%s %s %d", position, id, recorded)
			for _, part := range [][]byte{head, keys, subjects} {
				r.value = append(binary.AppendUvarint(r.value, uint64(len(part))), part...)
			}
			return nil
		},
		words: func(r *record) ([]describedRow, error) {
			var parts [3][]byte
			rest := r.value
			for i := range parts {
				size, n := binary.Uvarint(rest)
				parts[i], rest = rest[n:n+int(size)], rest[n+int(size):]
			}
			return []describedRow{{key: hex.EncodeToString(r.key), value: fmt.Sprintf("%s %x %x", parts[0], parts[1], parts[2])}}, nil
		},
	}
}

// retractionSource has a record an event that was replaced or withdrawn by the
// ordinal, without its target if that came later.
func retractionSource(s *side, t readmodel.Table) recordSource {
	var key sql.RawBytes
	var by, target timeline.Ref
	to := []any{&key, &by, &target}
	return recordSource{
		query: t.SelectAll(),
		read: func(c *recordCursor) error {
			if err := c.rows.Scan(to...); err != nil || by.Ord() > s.ord {
				return err
			}
			if target.Ord() > s.ord {
				target = 0
			}
			r := c.recordFor(key)
			r.value = appendNumbers(r.value, int64(by), int64(target))
			return nil
		},
		words: func(r *record) ([]describedRow, error) {
			by, target := timeline.Ref(numberAt(r.value, 0)), timeline.Ref(numberAt(r.value, 1))
			return []describedRow{{hex.EncodeToString(r.key), fmt.Sprintf("target %v by %v", target, by),
				func() ([]timeline.Ref, error) { return []timeline.Ref{by}, nil }}}, nil
		},
	}
}

// postSource has a record a post, with its facts at the ordinal.
func postSource(s *side, _ readmodel.Table) recordSource {
	var name, facts sql.RawBytes
	to := []any{&name, &facts}
	return recordSource{
		query: `SELECT name, facts FROM post ORDER BY name`,
		read: func(c *recordCursor) error {
			if err := c.rows.Scan(to...); err != nil {
				return err
			}
			return c.addTimeline(name, facts)
		},
		words: s.describeTimeline,
	}
}

// planSource has a record a plan line, with its facts at the ordinal.
func planSource(s *side, _ readmodel.Table) recordSource {
	var division, area, facts sql.RawBytes
	var year int64
	to := []any{&division, &year, &area, &facts}
	return recordSource{
		query: `SELECT division, year, area, facts FROM plan_line ORDER BY division, year, area`,
		read: func(c *recordCursor) error {
			if err := c.rows.Scan(to...); err != nil {
				return err
			}
			return c.addTimeline(fmt.Appendf(nil, "%s %04d %s", division, year, area), facts)
		},
		words: s.describeTimeline,
	}
}

// addTimeline adds a timeline, as far as it was known at the ordinal.
func (c *recordCursor) addTimeline(key, facts []byte) error {
	then, err := timeline.Prefix(facts, c.ord)
	if err == nil && len(then) > 0 {
		r := c.recordFor(key)
		r.value = append(r.value, then...)
	}
	return err
}

// describeTimeline puts a timeline in words.
func (s *side) describeTimeline(r *record) ([]describedRow, error) {
	then := slices.Clone(r.value)
	return []describedRow{{string(r.key), hex.EncodeToString(then), func() ([]timeline.Ref, error) {
		p, err := timeline.ReadPost(then, s.ord)
		if err != nil {
			return nil, nil // a plan line
		}
		return p.Trail(), nil
	}}}, nil
}

// nameSource has a record a number, with its name.
func nameSource(_ *side, t readmodel.Table) recordSource {
	var no int64
	var name sql.RawBytes
	to := []any{&no, &name}
	return recordSource{
		query: t.SelectAll(),
		read: func(c *recordCursor) error {
			if err := c.rows.Scan(to...); err != nil {
				return err
			}
			r := c.recordForNumber(uint64(no))
			r.value = append(r.value, name...)
			return nil
		},
		words: func(r *record) ([]describedRow, error) {
			return []describedRow{{key: hex.EncodeToString(r.key), value: string(r.value)}}, nil
		},
	}
}
