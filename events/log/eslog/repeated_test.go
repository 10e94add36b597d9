package eslog

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog/estest"
)

// Goal: an append that is repeated while the first one is accepted but not readable
// is no conflict, on servers of every kind. A caller who gets a conflict can read the
// commit that caused it.
func TestAcceptedNotReadable(t *testing.T) {
	for name, options := range map[string]estest.Options{
		"recent": {ReadLag: 50 * time.Millisecond},
		"old":    {ReadLag: 50 * time.Millisecond, Old: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, options)
			l, other := openLog(t, s), openLog(t, s)
			first := make(chan log.Commit, 1)
			a := commit("a", 2)
			go func() { first <- mustAppend(t, other, a, 0) }()
			for s.Accepted("muster-placement") == 0 {
				time.Sleep(time.Millisecond)
			}
			if again := mustAppend(t, l, a, 0); again.Revision != 2 {
				t.Errorf("revision %d, want 2", again.Revision)
			}
			<-first

			go func() { first <- mustAppend(t, other, commit("b", 1), 2) }()
			for s.Accepted("muster-placement") == 2 {
				time.Sleep(time.Millisecond)
			}
			if _, _, err := l.Append(t.Context(), commit("c", 1), 2); !errors.Is(err, log.ErrConflict) {
				t.Errorf("another commit at the same revision: %v", err)
			}
			if _, revision, err := l.Head(t.Context(), log.Filter{Boundary: "placement"}); err != nil || revision != 3 {
				t.Errorf("the head after a conflict is %d, %v; want 3", revision, err)
			}
			<-first
		})
	}
}

// Goal: the text of the client's refusals is still understood, since another version
// of the client may change it.
func TestRefusedAt(t *testing.T) {
	s := start(t, estest.Options{})
	fill(t, openLog(t, s), 3) // commits of 1, 2 and 3 events
	config, err := parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	client, err := esdb.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, test := range []struct {
		stream string
		at     uint64
		there  bool
	}{{"muster-placement", 5, true}, {"muster-training", 0, false}} {
		_, err = client.AppendToStream(t.Context(), test.stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(1)}, esdb.EventData{EventType: "t"})
		if at, there := refusedAt(err); at != test.at || there != test.there {
			t.Errorf("%s: %d, %v of %q; want %d, %v", test.stream, at, there, fmt.Sprint(err), test.at, test.there)
		}
	}
}

// Goal: a position that a leader does not have yet, or no longer has, is looked up
// again before it counts as one of another log.
func TestDeposedLeader(t *testing.T) {
	t.Parallel()
	s := start(t, estest.Options{})
	l := openLog(t, s)
	all := fill(t, l, 5)
	last := all[len(all)-1]
	for name, look := range map[string]func() error{
		"read":   func() error { _, err := collect(l, t.Context(), last.Position); return err },
		"verify": func() error { return l.Verify(t.Context(), last.Position, last.ID) },
	} {
		s.Conceal(6, 300*time.Millisecond)
		if err := look(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
