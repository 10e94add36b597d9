package snapshot

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// written returns a snapshot as bytes.
func written(fill func(*Writer)) []byte {
	var b bytes.Buffer
	w := NewWriter(&b)
	fill(w)
	if err := w.Close(); err != nil {
		panic(err) // a buffer never fails
	}
	return b.Bytes()
}

// Goal: values come back as they were written, also across frames, and any other content is
// detected. Method: random values are read back; then the file is cut off, gets a byte more,
// is read with one value less, and has one bit changed.
func TestValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type value struct {
			write func(*Writer)
			same  func(*Reader) bool
		}
		values := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) value {
			n, text := rapid.Uint64().Draw(t, "n"), rapid.SliceOfN(rapid.Byte(), -1, 40).Draw(t, "text")
			if rapid.IntRange(0, 9).Draw(t, "long") == 0 {
				text = bytes.Repeat(append(text, 'x'), frameSize/8)
			}
			switch rapid.IntRange(0, 5).Draw(t, "kind") {
			case 0:
				return value{func(w *Writer) { w.Uint(n) }, func(r *Reader) bool { return r.Uint() == n }}
			case 1:
				return value{func(w *Writer) { w.Int(int64(n)) }, func(r *Reader) bool { return r.Int() == int64(n) }}
			case 2:
				return value{func(w *Writer) { w.Word(n) }, func(r *Reader) bool { return r.Word() == n }}
			case 3:
				return value{func(w *Writer) { w.Bool(n&1 == 1) }, func(r *Reader) bool { return r.Bool() == (n&1 == 1) }}
			case 4:
				return value{func(w *Writer) { w.Bytes(text) }, func(r *Reader) bool {
					b := make([]byte, len(text))
					r.Fill(b)
					return bytes.Equal(b, text)
				}}
			}
			return value{func(w *Writer) { w.Text(string(text)) }, func(r *Reader) bool { return r.Text() == string(text) }}
		}), 1, 60).Draw(t, "values")
		b := written(func(w *Writer) {
			for _, v := range values {
				v.write(w)
			}
		})
		read := func(b []byte, n int) error {
			r := NewReader(bytes.NewReader(b))
			for i, v := range values[:n] {
				if !v.same(r) && r.Err() == nil {
					t.Fatalf("value %d is another one", i)
				}
			}
			return r.Close()
		}
		if err := read(b, len(values)); err != nil {
			t.Fatal(err)
		}
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		if err := read(b[:cut], len(values)); !errors.Is(err, ErrDoubtful) {
			t.Fatalf("%d of %d bytes: %v", cut, len(b), err)
		}
		if err := read(append(b, 0), len(values)); !errors.Is(err, ErrDoubtful) {
			t.Fatalf("a byte more: %v", err)
		}
		if err := read(b, len(values)-1); err == nil && len(written(values[len(values)-1].write)) > headerSize+frameHeaderSize {
			t.Fatal("a value less is no error")
		}
		b[cut] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if err := read(b, len(values)); !errors.Is(err, ErrDoubtful) {
			t.Fatalf("byte %d of %d is damaged: %v", cut, len(b), err)
		}
	})
}

// A frame of another file, a frame at another place and a missing frame are detected.
func TestFrames(t *testing.T) {
	fill := func(w *Writer) {
		for n := range uint64(3 * frameSize / 8) {
			w.Word(n % (frameSize / 8))
		}
	}
	whole := func(b []byte) error {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return Read(path, func(*Reader) error { return nil })
	}
	a, b := written(fill), written(fill)
	const frame = frameHeaderSize + frameSize
	for name, mixed := range map[string][]byte{
		"of another file": append(a[:headerSize+frame:headerSize+frame], b[headerSize+frame:]...),
		"out of order":    slices.Concat(a[:headerSize], a[headerSize+frame:headerSize+2*frame], a[headerSize:headerSize+frame], a[headerSize+2*frame:]),
		"missing":         slices.Concat(a[:headerSize], a[headerSize+frame:]),
	} {
		if err := whole(mixed); !errors.Is(err, ErrDoubtful) {
			t.Errorf("a frame is %s: %v", name, err)
		}
	}
	if err := whole(a); err != nil {
		t.Error(err)
	}
}

// Goal: if a process that writes is killed, the file is complete: either the old one or the
// new one. Method: another process replaces a file with numbered snapshots, each of which
// holds its number many times. It is killed at random moments, twelve times.
func TestKilled(t *testing.T) {
	if path := os.Getenv("SNAPSHOT_TEST_FILE"); path != "" {
		for n := uint64(1); ; n++ {
			if err := Replace(path, func(w *Writer) { numbered(w, n) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "folds", "placement")
	if err := Read(path, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("before the first: %v", err)
	}
	cut := 0
	for range 12 {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestKilled$")
		cmd.Env = append(os.Environ(), "SNAPSHOT_TEST_FILE="+path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := os.Stat(path); err == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(rand.IntN(int(60 * time.Millisecond))))
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); !strings.Contains(err.Error(), "killed") {
			t.Fatal(err)
		}
		if err := Read(path, func(r *Reader) error {
			n := r.Uint()
			for range killedLength {
				if r.Word() != n {
					return errors.New("parts of several")
				}
			}
			return r.Close()
		}); err != nil {
			t.Fatal(err)
		}
		if Read(path+".new", func(*Reader) error { return nil }) != nil {
			cut++
		}
	}
	t.Logf("killed %d times while it wrote", cut)
}

// killedLength is how often a snapshot of TestKilled holds its number.
const killedLength = 200_000

// numbered writes a snapshot that is full of one number.
func numbered(w *Writer, n uint64) {
	w.Uint(n)
	for range killedLength {
		w.Word(n)
	}
}

// A failed write leaves the file as it was, and no other file beside it.
func TestNoRoom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := Replace(path, func(w *Writer) { w.Uint(1) }); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space")
	err := Replace(path, func(w *Writer) {
		w.Uint(2)
		w.to = fullDisk{full}
	})
	if !errors.Is(err, full) {
		t.Error(err)
	}
	if err := Read(path, func(r *Reader) error {
		if n := r.Uint(); n != 1 {
			t.Errorf("%d, want what was there before", n)
		}
		return r.Close()
	}); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path + ".new"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the new file was not removed")
	}
}

// fullDisk is a writer that always fails.
type fullDisk struct{ err error }

func (d fullDisk) Write([]byte) (int, error) { return 0, d.err }

// FuzzReader checks that a reader of any bytes, asked for any values, returns ErrDoubtful at
// worst.
func FuzzReader(f *testing.F) {
	f.Add([]byte(magic), "uiwbt")
	f.Add(written(func(w *Writer) { w.Uint(7); w.Text("seven"); w.Word(7) }), "utw")
	f.Add(written(func(w *Writer) { w.Text(strings.Repeat("x", 2*frameSize)); w.Int(-1) }), "ti")
	f.Fuzz(func(t *testing.T, b []byte, kinds string) {
		r := NewReader(bytes.NewReader(b))
		for _, k := range kinds {
			switch k {
			case 'u':
				r.Uint()
			case 'i':
				r.Int()
			case 'w':
				r.Word()
			case 'b':
				r.Below(9)
			default:
				r.Text()
			}
		}
		if err := r.Close(); err != nil && !errors.Is(err, ErrDoubtful) {
			t.Fatal(err)
		}
	})
}
