package readmodel

import (
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/muster-works/muster/projections/timeline"
)

func tablesCompared(first, second map[string]int) []table {
	all := []table{
		{name: "commits", source: (*side).commits},
		{name: "void", source: (*side).voids},
		{name: "post", source: (*side).posts},
		{name: "plan_line", source: (*side).plans},
		{name: "leaf", source: (*side).folios},
		{name: "agency_leaf", source: (*side).agencies},
		{name: "person", source: (*side).persons},
		{name: "bearer", source: (*side).bearers},
		{name: "run", source: named("run", "name"), names: true},
		{name: "agency", source: named("agency", "name"), names: true},
		{name: "folio", source: named("folio", "county"), names: true},
	}
	for _, v := range slices.Sorted(maps.Keys(first)) {
		if _, both := second[v]; both {
			all = append(all, table{name: v, source: func(s *side) source { return s.viewNamed(v) }})
		}
	}
	return all
}

func (s *side) commits() source {
	var ord, recorded int64
	var position, id, keys, subjects sql.RawBytes
	to := []any{&ord, &position, &id, &recorded, &keys, &subjects}
	return source{
		query: fmt.Sprintf(`SELECT ord, position, id, recorded, keys, subjects FROM commits WHERE ord <= %d ORDER BY ord`, s.ord),
		read: func(c *cursor) error {
			if err := c.rows.Scan(to...); err != nil {
				return err
			}
			r := c.numbered(uint64(ord))
			head := fmt.Appendf(nil, "%s %s %d", position, id, recorded)
			for _, part := range [][]byte{head, keys, subjects} {
				r.value = append(binary.AppendUvarint(r.value, uint64(len(part))), part...)
			}
			return nil
		},
		words: func(r *record) ([]row, error) {
			var parts [3][]byte
			rest := r.value
			for i := range parts {
				size, n := binary.Uvarint(rest)
				parts[i], rest = rest[n:n+int(size)], rest[n+int(size):]
			}
			return []row{{key: hex.EncodeToString(r.key), value: fmt.Sprintf("%s %x %x", parts[0], parts[1], parts[2])}}, nil
		},
	}
}

func (s *side) voids() source {
	var key sql.RawBytes
	var by, target timeline.Ref
	to := []any{&key, &by, &target}
	return source{
		query: `SELECT key, by, coalesce(target, 0) FROM void ORDER BY key`,
		read: func(c *cursor) error {
			if err := c.rows.Scan(to...); err != nil || by.Ord() > s.ord {
				return err
			}
			if target.Ord() > s.ord {
				target = 0
			}
			r := c.under(key)
			r.value = appendNumbers(r.value, int64(by), int64(target))
			return nil
		},
		words: func(r *record) ([]row, error) {
			by, target := timeline.Ref(numberAt(r.value, 0)), timeline.Ref(numberAt(r.value, 1))
			return []row{{hex.EncodeToString(r.key), fmt.Sprintf("target %v by %v", target, by),
				func() ([]timeline.Ref, error) { return []timeline.Ref{by}, nil }}}, nil
		},
	}
}

func (s *side) posts() source {
	var name, facts sql.RawBytes
	to := []any{&name, &facts}
	return source{
		query: `SELECT name, facts FROM post ORDER BY name`,
		read: func(c *cursor) error {
			if err := c.rows.Scan(to...); err != nil {
				return err
			}
			return c.facts(name, facts)
		},
		words: s.timeline,
	}
}

func (s *side) plans() source {
	var division, area sql.RawBytes
	var year int64
	var facts sql.RawBytes
	to := []any{&division, &year, &area, &facts}
	return source{
		query: `SELECT division, year, area, facts FROM plan_line ORDER BY division, year, area`,
		read: func(c *cursor) error {
			if err := c.rows.Scan(to...); err != nil {
				return err
			}
			return c.facts(fmt.Appendf(nil, "%s %04d %s", division, year, area), facts)
		},
		words: s.timeline,
	}
}

// facts adds a timeline, as far as it is there at the ordinal.
func (c *cursor) facts(key, facts []byte) error {
	then, err := timeline.Prefix(facts, c.ord)
	if err == nil && len(then) > 0 {
		r := c.under(key)
		r.value = append(r.value, then...)
	}
	return err
}

// timeline puts a timeline in words.
func (s *side) timeline(r *record) ([]row, error) {
	then := slices.Clone(r.value)
	return []row{{string(r.key), hex.EncodeToString(then), func() ([]timeline.Ref, error) {
		p, err := timeline.ReadPost(then, s.ord)
		if err != nil {
			return nil, nil // a plan line
		}
		return p.Trail(), nil
	}}}, nil
}

func named(table, column string) func(*side) source {
	return func(*side) source {
		var no int64
		var name sql.RawBytes
		to := []any{&no, &name}
		return source{
			query: `SELECT no, ` + column + ` FROM ` + table + ` ORDER BY no`,
			read: func(c *cursor) error {
				if err := c.rows.Scan(to...); err != nil {
					return err
				}
				r := c.numbered(uint64(no))
				r.value = append(r.value, name...)
				return nil
			},
			words: func(r *record) ([]row, error) {
				return []row{{key: hex.EncodeToString(r.key), value: string(r.value)}}, nil
			},
		}
	}
}

// appendNumbers appends numbers of eight bytes each.
func appendNumbers(b []byte, numbers ...int64) []byte {
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return b
}

// numberAt returns the i-th of them.
func numberAt(b []byte, i int) int64 { return int64(binary.LittleEndian.Uint64(b[8*i:])) }
