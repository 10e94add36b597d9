package access

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A change of the file comes into force, what cannot be does not, and a failure
// is told once.
func TestWatch(t *testing.T) {
	file := filepath.Join(t.TempDir(), "access.json")
	if err := Edit(file, adding("a")); err != nil {
		t.Fatal(err)
	}
	l, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	type change struct {
		list *List
		err  error
	}
	changes, hurry := make(chan change, 100), make(chan os.Signal)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.Watch(ctx, time.Millisecond, hurry, func(list *List, err error) { changes <- change{list, err} })
	}()
	next := func() change {
		t.Helper()
		select {
		case c := <-changes:
			return c
		case <-time.After(10 * time.Second):
			t.Fatal("nothing was told")
			return change{}
		}
	}
	has := func(names ...string) {
		t.Helper()
		var got []string
		for _, a := range l.List().Agencies() {
			got = append(got, a.Name)
		}
		if strings.Join(got, " ") != strings.Join(names, " ") {
			t.Errorf("%v, want %v", got, names)
		}
	}
	if err := Edit(file, adding("b")); err != nil {
		t.Fatal(err)
	}
	if c := next(); c.err != nil || c.list != l.List() {
		t.Errorf("%+v", c)
	}
	has("a", "b")

	if err := os.Rename(file, file+".away"); err != nil {
		t.Fatal(err)
	}
	if c := next(); !errors.Is(c.err, os.ErrNotExist) {
		t.Errorf("gone: %+v", c)
	}
	has("a", "b")
	if err := os.WriteFile(file, []byte(`{"version":2,"agencies":[{"name":"c"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	c := next()
	for c.err != nil && !strings.Contains(c.err.Error(), "division") {
		c = next() // an empty file, before it is written
	}
	has("a", "b")
	time.Sleep(50 * time.Millisecond)
	if n := len(changes); n != 0 {
		t.Errorf("the failure was told %d times more", n)
	}
	hurry <- os.Interrupt
	if c := next(); c.err == nil {
		t.Error("asked, and told of no failure")
	}
	if err := os.Rename(file+".away", file); err != nil {
		t.Fatal(err)
	}
	for c := next(); c.err != nil; c = next() {
	}
	has("a", "b")
	stop()
	<-ended
}

func TestOpenRefuses(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
