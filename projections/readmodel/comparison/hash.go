package comparison

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// Hashes returns a hash of every table but those of bookkeeping, by name, in
// hexadecimal. Where a leaf ends depends on when it was written, so leaves are
// hashed as if each folio, bucket, agency and view had one leaf.
func Hashes(ctx context.Context, r *readmodel.Reader) (map[string]string, error) {
	tables, err := r.Tables(ctx)
	if err != nil {
		return nil, err
	}
	sums := map[string]string{}
	for _, t := range tables {
		if t.Contents == readmodel.Bookkeeping {
			continue
		}
		hashTable := hashRows
		if _, _, leaves := t.LeafColumns(); leaves {
			hashTable = hashLeaves
		}
		if sums[t.Name], err = hashTable(ctx, r, t); err != nil {
			return nil, fmt.Errorf("hash %s: %w", t.Name, err)
		}
	}
	return sums, nil
}

func hashRows(ctx context.Context, r *readmodel.Reader, t readmodel.Table) (string, error) {
	rows, err := r.Query(ctx, t.SelectAll())
	if err != nil {
		return "", err
	}
	defer rows.Close()
	h := sha256.New()
	row := make([]any, len(t.Columns))
	for i := range row {
		row[i] = new(any)
	}
	for rows.Next() {
		if err := rows.Scan(row...); err != nil {
			return "", err
		}
		for _, v := range row {
			hashValue(h, *v.(*any))
		}
	}
	return hex.EncodeToString(h.Sum(nil)), rows.Err()
}

func hashLeaves(ctx context.Context, r *readmodel.Reader, t readmodel.Table) (string, error) {
	rows, err := r.Query(ctx, t.SelectLeaves())
	if err != nil {
		return "", err
	}
	defer rows.Close()
	h := sha256.New()
	var whole timeline.Leaf
	owner := int64(-1)
	flush := func() {
		if owner >= 0 {
			hashValue(h, owner)
			hashValue(h, whole.Bytes())
		}
		whole = timeline.Leaf{}
	}
	for rows.Next() {
		var of int64
		var last timeline.Ref
		var leaf []byte
		if err := rows.Scan(&of, &last, &leaf); err != nil {
			return "", err
		}
		if of != owner {
			flush()
			owner = of
		}
		if err := whole.Join(leaf, last); err != nil {
			return "", err
		}
	}
	flush()
	return hex.EncodeToString(h.Sum(nil)), rows.Err()
}

// hashValue hashes a value with its type and length, so that no two rows run
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
