package blocks

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// Goal: an outdated index becomes the one that the server makes when it reads all
// files, and the server accepts it.
// Method: files with an index of an earlier moment, in the same or in an earlier
// block, or with none; some with an incomplete message, or with an empty last file.
func TestUpdateIndex(t *testing.T) {
	few, many := killed(t, 3, 4, 100), killed(t, 1000, 1500, 100)
	longer, blocks := killed(t, 14, 3, large), killed(t, 5, 20, large)
	for _, test := range []struct {
		name, files string
		damage      func(dir string) error
	}{
		{"in one block", few, nil},
		{"many in one block", many, nil},
		{"the last block is longer", longer, nil},
		{"two more blocks", blocks, nil},
		{"no index", blocks, func(dir string) error { return os.Remove(filepath.Join(dir, db)) }},
		{"half an index", blocks, func(dir string) error { return os.Truncate(filepath.Join(dir, db), 40) }},
		{"a message in part", longer, func(dir string) error { return shorten(dir, "2.blk", 1000) }},
		{"a message's first bytes", few, func(dir string) error { return lengthen(dir, "1.blk", []byte{50, 0, 0}) }},
		{"an empty file", few, func(dir string) error { return lengthen(dir, "2.blk", nil) }},
		{"an empty file after a compressed one", blocks, func(dir string) error { return os.Truncate(filepath.Join(dir, msgs, "3.blk"), 0) }},
		{"a new file, a message in part", few, func(dir string) error { return lengthen(dir, "2.blk", []byte{50, 0, 0, 0, 8}) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "copy")
			if err := os.CopyFS(dir, os.DirFS(test.files)); err != nil {
				t.Fatal(err)
			}
			if test.damage != nil {
				if err := test.damage(dir); err != nil {
					t.Fatal(err)
				}
			}
			want := rebuilt(t, dir)
			if _, err := UncompressLast(filepath.Join(dir, stream)); err != nil {
				t.Fatal(err)
			}
			if n, err := UpdateIndex(filepath.Join(dir, stream)); n == 0 || err != nil {
				t.Fatal(n, err)
			}
			if got := read(t, dir); !reflect.DeepEqual(got, want) {
				t.Errorf("index\n%+v, the server's is\n%+v", got, want)
			}
			if n, err := UpdateIndex(filepath.Join(dir, stream)); n != 0 || err != nil {
				t.Errorf("extended twice: %d bytes, %v", n, err)
			}
			r := run(t, dir)
			if has := r.state(); has.Msgs != want.messages || has.LastSeq != want.last.seq {
				t.Errorf("the server has %+v, want %d messages", has, want.messages)
			}
			r.publish(20, 1000)
			r.stop()
			if len(r.warnings) > 0 {
				t.Errorf("the server warns: %q", r.warnings)
			}
			if got, want := read(t, dir), rebuilt(t, dir); !reflect.DeepEqual(got, want) {
				t.Errorf("in the end the index is\n%+v, of a full reading\n%+v", got, want)
			}
		})
	}
}

// Goal: if the files differ from the index in more than new messages at the end, they
// are left to the server unchanged.
func TestUpdateIndexRefuses(t *testing.T) {
	whole, blocks := killed(t, 3, 4, 100), killed(t, 5, 20, large)
	change := func(name string, f func(b []byte) []byte) func(string) error {
		return func(dir string) error {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, name), f(b), 0o600)
		}
	}
	// record returns the offset in a block at which the record after n others begins.
	record := func(b []byte, n int) int {
		at := 0
		for range n {
			at += int(binary.LittleEndian.Uint32(b[at:]) &^ headers)
		}
		return at
	}
	sealed := func(b []byte) []byte {
		h := newHash("LOG")
		h.Write(b[:len(b)-8])
		return h.Sum(b[:len(b)-8])
	}
	for _, test := range []struct {
		name, says string
		damage     func(dir string) error
	}{
		{"a block is missing", "begins with", func(dir string) error { return os.Remove(filepath.Join(dir, msgs, "2.blk")) }},
		{"the first block is missing", "begins with", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, msgs, "1.blk")), os.Remove(filepath.Join(dir, db)))
		}},
		{"a block between is not whole", "another block follows", func(dir string) error { return os.Truncate(filepath.Join(dir, msgs, "2.blk"), 0) }},
		{"a bit of an old message", "damaged", change(msgs+"/1.blk", func(b []byte) []byte { b[40] ^= 1; return b })},
		{"a bit of a new message", "damaged", change(msgs+"/1.blk", func(b []byte) []byte { b[len(b)-20] ^= 1; return b })},
		{"zeros at the end", "damaged", change(msgs+"/1.blk", func(b []byte) []byte { return append(b, make([]byte, 300)...) })},
		{"the file ends before the index", "not the one", change(msgs+"/1.blk", func(b []byte) []byte { return b[:record(b, 2)] })},
		{"a message is missing", "missing", change(msgs+"/1.blk", func(b []byte) []byte { return append(b[:record(b, 5):record(b, 5)], b[record(b, 6):]...) })},
		{"a deletion", "deletion", change(msgs+"/1.blk", func(b []byte) []byte { b[record(b, 5)+11] |= 0x40; return b })},
		{"another version", "version", change(db, func(b []byte) []byte { b[1]++; return sealed(b) })},
		{"more after the index", "version", change(db, func(b []byte) []byte { return sealed(append(b, 0)) })},
		{"the last known file is gone", "not there", func(dir string) error {
			return os.Rename(filepath.Join(dir, msgs, "1.blk"), filepath.Join(dir, msgs, "0.blk"))
		}},
		{"encrypted", "encrypted", func(dir string) error { return os.WriteFile(filepath.Join(dir, stream, "meta.key"), nil, 0o600) }},
		{"settings in part", "settings", func(dir string) error { return os.Truncate(filepath.Join(dir, stream, "meta.inf"), 20) }},
		{"deletions are allowed", "", change(stream+"/meta.inf", func(b []byte) []byte {
			return []byte(strings.Replace(string(b), `"deny_delete":true`, `"deny_delete":false`, 1))
		})},
		{"messages expire", "", change(stream+"/meta.inf", func(b []byte) []byte {
			return []byte(strings.Replace(string(b), `"max_age":0`, `"max_age":1`, 1))
		})},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, from := filepath.Join(t.TempDir(), "copy"), whole
			if strings.Contains(test.name, "block") {
				from = blocks
			}
			if err := errors.Join(os.CopyFS(dir, os.DirFS(from)), test.damage(dir)); err != nil {
				t.Fatal(err)
			}
			before := contents(t, dir)
			if n, err := UpdateIndex(filepath.Join(dir, stream)); n != 0 || (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("%d bytes, %v; want %q", n, err, test.says)
			}
			if after := contents(t, dir); !reflect.DeepEqual(before, after) {
				t.Error("files were changed")
			}
		})
	}
}
