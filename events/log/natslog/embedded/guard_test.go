package embedded

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Goal: files that a stopped server is still deleting exist after unguard.
func TestUnguardWhileDeleting(t *testing.T) {
	s := &Server{options: Options{Dir: t.TempDir()}}
	var files []string
	for i := range 8 {
		files = append(files, filepath.Join(s.streamsDir(), "MUSTER/msgs", fmt.Sprint(i, ".blk")))
	}
	if err := os.MkdirAll(filepath.Dir(files[0]), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if err := os.WriteFile(f, []byte(f), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.guard(); err != nil {
		t.Fatal(err)
	}
	var deleting sync.WaitGroup
	deleting.Go(func() {
		for _, f := range files {
			if err := os.Remove(f); err != nil {
				t.Error(err)
			}
			time.Sleep(stillness / 8)
		}
	})
	if err := s.unguard(); err != nil {
		t.Fatal(err)
	}
	deleting.Wait()
	for _, f := range files {
		if b, err := os.ReadFile(f); err != nil || string(b) != f {
			t.Errorf("%s: %q, %v", filepath.Base(f), b, err)
		}
	}
	if _, err := os.Stat(filepath.Join(s.options.Dir, guardDir)); !os.IsNotExist(err) {
		t.Errorf("the second names are still there: %v", err)
	}
}
