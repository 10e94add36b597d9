package blocks

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Goal: acknowledged messages stay readable if the last block has lost its content.
// Method: of two blocks, the server has compressed the first. The second one is
// emptied, cut within its first message, damaged there, or removed; the index does
// not contain it, or is missing. Then one server takes more messages, and another one
// must have all of them.
func TestUncompressLast(t *testing.T) {
	whole := killed(t, 5, 14, large)
	for _, test := range []struct {
		name   string
		damage func(dir string) error
	}{
		{"emptied", func(dir string) error { return os.Truncate(filepath.Join(dir, msgs, "2.blk"), 0) }},
		{"cut", func(dir string) error { return os.Truncate(filepath.Join(dir, msgs, "2.blk"), large/2) }},
		{"gone", func(dir string) error { return os.Remove(filepath.Join(dir, msgs, "2.blk")) }},
		{"gone, no index", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, msgs, "2.blk")), os.Remove(filepath.Join(dir, db)))
		}},
		{"damaged", func(dir string) error {
			name := filepath.Join(dir, msgs, "2.blk")
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			b[1000] ^= 1
			return os.WriteFile(name, b, 0o600)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "copy")
			if err := errors.Join(os.CopyFS(dir, os.DirFS(whole)), test.damage(dir)); err != nil {
				t.Fatal(err)
			}
			if changed, err := UncompressLast(filepath.Join(dir, stream)); !changed || err != nil {
				t.Fatal(changed, err)
			}
			if changed, err := UncompressLast(filepath.Join(dir, stream)); changed || err != nil {
				t.Errorf("expanded twice: %v, %v", changed, err)
			}
			if _, err := UpdateIndex(filepath.Join(dir, stream)); err != nil && test.name != "damaged" {
				t.Error(err)
			}
			r := run(t, dir)
			had := r.state().LastSeq
			r.publish(10, 1000)
			r.stop()
			r = run(t, dir)
			state := r.state()
			if had < 10 || state.FirstSeq != 1 || state.LastSeq != had+10 || len(state.Deleted) > 0 {
				t.Fatalf("had %d messages, published 10, %+v", had, state)
			}
			for seq := state.FirstSeq; seq <= state.LastSeq; seq++ {
				if _, err := r.stream.GetMsg(t.Context(), seq); err != nil {
					t.Errorf("message %d: %v", seq, err)
				}
			}
		})
	}
}
