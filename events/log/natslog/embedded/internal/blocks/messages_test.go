package blocks

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func room(n int) []byte { return make([]byte, n) }

// all returns the messages that Messages yields for the stream in dir.
func all(dir string, after uint64) (messages []Message, err error) {
	for m, failed := range Messages(filepath.Join(dir, stream), after, room) {
		if failed != nil {
			return messages, failed
		}
		messages = append(messages, m)
	}
	return messages, nil
}

// Goal: Messages returns what the server returns, from any beginning, and leaves only
// the last block to the server.
// Method: all messages are compared with those of the server.
func TestMessages(t *testing.T) {
	dir := t.TempDir()
	r := run(t, dir)
	r.publish(5, large)
	if got, err := all(dir, 0); err != nil || len(got) > 0 {
		t.Errorf("of one block: %d messages, %v", len(got), err)
	}
	r.publish(45, large)
	r.stop()
	r = run(t, dir) // restarting makes sure that all blocks but the last are compressed
	files, err := listBlocks(filepath.Join(dir, stream))
	if err != nil || len(files) < 4 {
		t.Fatalf("%d blocks, %v", len(files), err)
	}
	last, err := scanBlock(files[len(files)-1].path, "LOG", block{number: files[len(files)-1].number}, checksum{})
	if err != nil {
		t.Fatal(err)
	}
	end := last.first.seq - 1 // the last message outside of the last block
	for _, after := range []uint64{0, 1, 10, end - 1, end, end + 1, 1000} {
		got, err := all(dir, after)
		if err != nil || len(got) != int(end-min(after, end)) {
			t.Errorf("after %d: %d messages, %v; the last block begins after %d", after, len(got), err, end)
		}
		for i, m := range got {
			if m.Sequence != after+uint64(i)+1 {
				t.Fatalf("after %d: message %d in place %d", after, m.Sequence, i)
			}
			same(t, r.stream, m)
		}
	}
}

// same fails the test unless the server has the same message.
func same(t *testing.T, s jetstream.Stream, m Message) {
	t.Helper()
	want, err := s.GetMsg(t.Context(), m.Sequence)
	if err != nil {
		t.Fatal(err)
	}
	var header nats.Header
	if len(m.Header) > 0 {
		if header, err = nats.DecodeHeadersMsg(m.Header); err != nil {
			t.Fatal(err)
		}
	}
	if m.Subject != want.Subject || m.Time != want.Time.UnixNano() || !bytes.Equal(m.Data, want.Data) || fmt.Sprint(header) != fmt.Sprint(want.Header) {
		t.Errorf("message %d: %s at %d, %d bytes, %v; want %s at %d, %d bytes, %v", m.Sequence,
			m.Subject, m.Time, len(m.Data), header, want.Subject, want.Time.UnixNano(), len(want.Data), want.Header)
	}
}

// Goal: reading is correct while the server writes, begins new blocks and compresses
// old ones.
func TestMessagesDuringWrites(t *testing.T) {
	dir := t.TempDir()
	r := run(t, dir)
	r.publish(30, large)
	var reading sync.WaitGroup
	done := make(chan struct{})
	reading.Go(func() {
		longest := 0
		for ended := false; !ended; {
			select {
			case <-done:
				ended = true
			default:
			}
			got, err := all(dir, 3)
			if err != nil || len(got) < longest {
				t.Errorf("%d messages after %d, %v", len(got), longest, err)
			}
			longest = len(got)
			for i, m := range got {
				if m.Sequence != uint64(i)+4 {
					t.Errorf("message %d in place %d", m.Sequence, i)
				}
			}
		}
		if longest < 60 {
			t.Errorf("%d messages at the end", longest)
		}
	})
	r.publish(60, large)
	close(done)
	reading.Wait()
}

// Goal: if a file is damaged or missing, Messages ends before it with an error.
func TestMessagesDamaged(t *testing.T) {
	sound := t.TempDir()
	r := run(t, sound)
	r.publish(50, large)
	r.stop()
	whole, err := all(sound, 0)
	if err != nil {
		t.Fatal(err)
	}
	middle := filepath.Join(msgs, "2.blk")
	for name, damage := range map[string]func(dir string) error{
		"changed": func(dir string) error {
			b, err := os.ReadFile(filepath.Join(dir, middle))
			if err == nil {
				b[len(b)/2] ^= 1
				err = os.WriteFile(filepath.Join(dir, middle), b, 0o600)
			}
			return err
		},
		"shorter": func(dir string) error { return shorten(dir, "2.blk", 1000) },
		"longer":  func(dir string) error { return lengthen(dir, "2.blk", []byte("longer")) },
		"empty":   func(dir string) error { return os.Truncate(filepath.Join(dir, middle), 0) },
		"gone":    func(dir string) error { return os.Remove(filepath.Join(dir, middle)) },
		"another's": func(dir string) error {
			return os.Rename(filepath.Join(dir, msgs, "3.blk"), filepath.Join(dir, middle))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "copy")
			if err := errors.Join(os.CopyFS(dir, os.DirFS(sound)), damage(dir)); err != nil {
				t.Fatal(err)
			}
			got, err := all(dir, 0)
			if err == nil || len(got) >= len(whole)-1 {
				t.Errorf("%d messages of %d, %v", len(got), len(whole), err)
			}
			for i, m := range got {
				if m.Sequence != whole[i].Sequence || m.Subject != whole[i].Subject || !bytes.Equal(m.Data, whole[i].Data) {
					t.Errorf("message %d is not the one stored", m.Sequence)
				}
			}
		})
	}
}

// Goal: a stream from which messages may be deleted is not read.
func TestMessagesOfOtherStream(t *testing.T) {
	dir := t.TempDir()
	r := run(t, dir)
	_, err := r.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "OTHER", Subjects: []string{"other"}})
	if err != nil {
		t.Fatal(err)
	}
	r.stop()
	for name, want := range map[string]bool{"LOG": true, "OTHER": false, "NONE": false} {
		var errs []error
		for _, err := range Messages(filepath.Join(dir, filepath.Dir(stream), name), 0, room) {
			errs = append(errs, err)
		}
		if slices.ContainsFunc(errs, func(err error) bool { return err != nil }) == want {
			t.Errorf("%s: %v", name, errs)
		}
	}
}
