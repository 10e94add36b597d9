package readmodel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"

	"github.com/muster-works/muster/projections/timeline"
)

// tablesHashed are the tables whose rows the log alone decides, in the order of
// their keys. Leaves are left out here: where one ends depends on when it was
// written.
var tablesHashed = []struct{ name, query string }{
	{"commits", `SELECT ord, position, id, recorded, state, keys, subjects FROM commits ORDER BY ord`},
	{"set_aside", `SELECT event, position, why FROM set_aside ORDER BY event`},
	{"void", `SELECT key, by, coalesce(target, 0) FROM void ORDER BY key`},
	{"post", `SELECT no, name, division, facts FROM post ORDER BY no`},
	{"plan_line", `SELECT no, division, year, area, facts FROM plan_line ORDER BY no`},
	{"run", `SELECT no, name FROM run ORDER BY no`},
	{"folio", `SELECT no, county FROM folio ORDER BY no`},
	{"agency", `SELECT no, name FROM agency ORDER BY no`},
}

// Hashes returns a hash of every table, by name. Two generations that read one
// log up to one commit, with the same views, have the same hashes; leaves are
// hashed as if each folio, bucket, agency and view were one leaf.
func (r *Reader) Hashes(ctx context.Context) (map[string]string, error) {
	sums := map[string]string{}
	for _, t := range tablesHashed {
		if err := r.hashRows(ctx, sums, t.name, t.query); err != nil {
			return nil, err
		}
	}
	leaves := map[string]string{
		"leaf":        `SELECT folio, last, facts FROM leaf ORDER BY folio, last`,
		"person":      `SELECT folio, last, ids FROM person ORDER BY folio, last`,
		"bearer":      `SELECT bucket, last, persons FROM bearer ORDER BY bucket, last`,
		"agency_leaf": `SELECT agency, last, events FROM agency_leaf ORDER BY agency, last`,
		"cell":        `SELECT 0, last, cells FROM cell ORDER BY last`,
	}
	for name := range r.views {
		body, err := r.bodyOf(ctx, name)
		if err != nil {
			return nil, err
		}
		leaves[name] = `SELECT 0, last, ` + body + ` FROM ` + name + ` ORDER BY last`
	}
	for name, query := range leaves {
		if err := r.hashLeaves(ctx, sums, name, query); err != nil {
			return nil, err
		}
	}
	return sums, nil
}

func (r *Reader) hashRows(ctx context.Context, sums map[string]string, name, query string) error {
	h := sha256.New()
	var row []any
	err := r.each(ctx, func(rows Rows) error {
		if row == nil {
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			row = make([]any, len(columns))
			for i := range row {
				row[i] = new(any)
			}
		}
		if err := rows.Scan(row...); err != nil {
			return err
		}
		for _, v := range row {
			hashValue(h, *v.(*any))
		}
		return nil
	}, query)
	sums[name] = hex.EncodeToString(h.Sum(nil))
	return err
}

func (r *Reader) hashLeaves(ctx context.Context, sums map[string]string, name, query string) error {
	h := sha256.New()
	var whole timeline.Leaf
	of := int64(-1)
	flush := func() {
		if of >= 0 {
			hashValue(h, of)
			hashValue(h, whole.Bytes())
		}
		whole = timeline.Leaf{}
	}
	err := r.each(ctx, func(rows Rows) error {
		var folio int64
		var last timeline.Ref
		var leaf []byte
		if err := rows.Scan(&folio, &last, &leaf); err != nil {
			return err
		}
		if folio != of {
			flush()
			of = folio
		}
		return whole.Join(leaf, last)
	}, query)
	flush()
	sums[name] = hex.EncodeToString(h.Sum(nil))
	return err
}

// hashValue hashes a value with its kind and length, so that no two rows run
// together.
func hashValue(h hash.Hash, v any) {
	switch v := v.(type) {
	case []byte:
		fmt.Fprintf(h, "b%d:", len(v))
		h.Write(v)
	case string:
		fmt.Fprintf(h, "s%d:%s", len(v), v)
	default:
		fmt.Fprintf(h, "%T%v;", v, v)
	}
}
