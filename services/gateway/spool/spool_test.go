package spool

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing"
)

// blocked is a client that reads when it is let.
type blocked struct {
	bytes.Buffer
	gate chan struct{}
	gone error
}

func (b *blocked) Header() http.Header { return http.Header{} }
func (b *blocked) WriteHeader(int)     {}
func (b *blocked) FlushError() error   { return nil }

func (b *blocked) Write(p []byte) (int, error) {
	<-b.gate
	if b.gone != nil {
		return 0, b.gone
	}
	return b.Buffer.Write(p)
}

// What a client does not read is kept, in order, across memory and file; the
// writer never waits, and the file is nowhere to be seen.
func TestSpool(t *testing.T) {
	dir := t.TempDir()
	w := &blocked{gate: make(chan struct{})}
	s := New(w, dir, false)
	var want bytes.Buffer
	put := func(n int) {
		for range n {
			line := fmt.Appendf(nil, "receipt %d of many\n", want.Len())
			want.Write(line)
			if _, err := s.Write(line); err != nil {
				t.Fatal(err)
			}
		}
	}
	put(200_000) // 4 MiB: beyond the memory
	s.mu.Lock()
	spilled := s.end
	s.mu.Unlock()
	if spilled < 2<<20 {
		t.Fatalf("%d bytes went to the file", spilled)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
	for range 3 {
		w.gate <- struct{}{}
	}
	put(1000)
	close(w.gate)
	put(100_000)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(w.Bytes(), want.Bytes()) {
		t.Errorf("sent %d bytes, want %d", w.Len(), want.Len())
	}
}

// What is held goes out whole, and not before the end.
func TestHold(t *testing.T) {
	w := &blocked{gate: make(chan struct{}, 1)}
	w.gate <- struct{}{} // one part could go
	s := New(w, t.TempDir(), true)
	var want bytes.Buffer
	for range 100_000 {
		line := fmt.Appendf(nil, "receipt %d of many\n", want.Len())
		want.Write(line)
		if _, err := s.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.gate) == 0 {
		t.Error("something went out")
	}
	close(w.gate)
	if err := s.Close(); err != nil || !bytes.Equal(w.Bytes(), want.Bytes()) {
		t.Errorf("sent %d bytes, want %d: %v", w.Len(), want.Len(), err)
	}
}

func TestClientGone(t *testing.T) {
	w := &blocked{gate: make(chan struct{}), gone: errors.New("broken pipe")}
	close(w.gate)
	s := New(w, t.TempDir(), false)
	for err := error(nil); !errors.Is(err, ErrGone); {
		if _, err = s.Write([]byte("receipt")); err != nil && !errors.Is(err, ErrGone) {
			t.Fatal(err)
		}
	}
	if err := s.Close(); !errors.Is(err, ErrGone) {
		t.Errorf("Close = %v", err)
	}
}
