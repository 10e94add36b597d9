package eslog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog/estest"
)

// stored returns the events as which a commit is stored.
func stored(t *testing.T, c log.Commit) []estest.Event {
	t.Helper()
	events, err := encode(c)
	if err != nil {
		t.Fatal(err)
	}
	var all []estest.Event
	for _, e := range events {
		all = append(all, estest.Event{ID: e.EventID, Type: e.EventType, Data: e.Data, Metadata: e.Metadata, JSON: true})
	}
	return all
}

// Goal: damage ends a reader with its position, after all commits before it and
// before any after it.
// Method: a table of damages to the second commit.
func TestDamage(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func([]estest.Event) []estest.Event{
		"first event missing":  func(e []estest.Event) []estest.Event { return e[1:] },
		"middle event missing": func(e []estest.Event) []estest.Event { return append(e[:1:1], e[2]) },
		"last event missing":   func(e []estest.Event) []estest.Event { return e[:2] },
		"event twice":          func(e []estest.Event) []estest.Event { return append(e[:2:2], e[1], e[2]) },
		"events swapped":       func(e []estest.Event) []estest.Event { e[1], e[2] = e[2], e[1]; return e },
		"no metadata":          func(e []estest.Event) []estest.Event { e[1].Metadata = nil; return e },
		"metadata not JSON":    func(e []estest.Event) []estest.Event { e[0].Metadata = []byte("{index"); return e },
		"metadata of another":  func(e []estest.Event) []estest.Event { e[0].Metadata = []byte(`{"user":"x"}`); return e },
		"no commit id":         func(e []estest.Event) []estest.Event { e[0].Metadata = []byte(`{"index":0,"count":3}`); return e },
		"count differs":        func(e []estest.Event) []estest.Event { e[1].Metadata = []byte(`{"index":1,"count":4}`); return e },
		"count zero":           func(e []estest.Event) []estest.Event { e[1].Metadata = []byte(`{"index":0,"count":0}`); return e },
		"index negative":       func(e []estest.Event) []estest.Event { e[1].Metadata = []byte(`{"index":-1,"count":3}`); return e },
		"commit id exchanged": func(e []estest.Event) []estest.Event {
			e[0].Metadata = []byte(`{"commit":"other","index":0,"count":3}`)
			return e
		},
		"event id exchanged": func(e []estest.Event) []estest.Event { e[1].ID[3] ^= 1; return e },
		"data cut":           func(e []estest.Event) []estest.Event { e[1].Data = e[1].Data[:5]; return e },
		"data on two lines":  func(e []estest.Event) []estest.Event { e[1].Data = []byte("{\n}"); return e },
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, estest.Options{})
			l := openLog(t, s)
			good := mustAppend(t, l, commit("good", 2), 0)
			bad := damage(stored(t, commit("bad", 3)))
			s.Write("muster-placement", bad...)
			s.Write("muster-training", stored(t, log.Commit{ID: "after", Boundary: "training", Events: [][]byte{[]byte(`{}`)}})...)

			positions := map[string]bool{}
			for _, e := range s.All() {
				if e.Stream == "muster-placement" && e.Number >= 2 || e.Stream == "muster-training" {
					positions[log.At(e.Position, e.Position).String()] = true
				}
			}
			for _, seq := range []func(func(log.Commit, error) bool){
				l.Read(t.Context(), log.Position{}, log.Filter{}),
				l.Follow(t.Context(), log.Position{}, log.Filter{}),
				l.Read(t.Context(), good.Position, log.Filter{}),
			} {
				var got []string
				var last error
				for c, err := range seq {
					if last = err; err == nil {
						got = append(got, c.ID)
					}
				}
				if !errors.Is(last, log.ErrCorrupt) || len(got) > 1 || len(got) == 1 && got[0] != "good" {
					t.Fatalf("commits %v, then %v", got, last)
				}
				named := false
				for p := range positions {
					named = named || strings.Contains(last.Error(), p)
				}
				if !named {
					t.Errorf("the error does not name the position: %v", last)
				}
			}
		})
	}
}

// Goal: a log that ends within a commit is reported as damaged, not read as a shorter
// log.
func TestDamagedEnd(t *testing.T) {
	s := start(t, estest.Options{})
	l := openLog(t, s)
	s.Write("muster-placement", stored(t, commit("cut", 3))[:2]...)
	if _, _, err := l.Head(t.Context(), log.Filter{}); !errors.Is(err, log.ErrCorrupt) {
		t.Errorf("head: %v", err)
	}
	if _, err := collect(l, t.Context(), log.Position{}); !errors.Is(err, log.ErrCorrupt) {
		t.Errorf("read: %v", err)
	}
}

// Goal: a stream whose beginning was removed by retention is reported as damaged.
func TestScavenged(t *testing.T) {
	s := start(t, estest.Options{})
	l := openLog(t, s)
	all := fill(t, l, 6)
	s.Scavenge("muster-placement", uint64(all[2].Revision))
	if got, err := collect(l, t.Context(), log.Position{}); !errors.Is(err, log.ErrCorrupt) || len(got) != 0 {
		t.Errorf("%d commits, %v", len(got), err)
	}
	if got, err := collect(l, t.Context(), all[2].Position); len(got) != 0 || !errors.Is(err, log.ErrForeign) {
		t.Errorf("from a commit that is gone: %d commits, %v", len(got), err)
	}
	if got, err := collect(l, t.Context(), all[3].Position); len(got) != 2 || err != nil {
		t.Errorf("from one that is there: %d commits, %v", len(got), err)
	}
}

// Goal: positions at which no commit of this log ends are refused: inside a commit,
// of a foreign event, between two events, of a restored log.
func TestForeignPositions(t *testing.T) {
	s := start(t, estest.Options{})
	l := openLog(t, s)
	all := fill(t, l, 12)
	isEnd := map[uint64]bool{}
	for _, c := range all {
		major, _ := c.Position.Parts()
		isEnd[major] = true
	}
	foreign := map[string]uint64{"before the first record": 1}
	for _, e := range s.All() {
		if !isEnd[e.Position] {
			kind := "of another stream"
			if strings.HasPrefix(e.Stream, streamPrefix) {
				kind = "inside a commit"
			}
			foreign[kind] = e.Position
		}
		foreign["between two events"] = e.Position - 1
	}
	if len(foreign) != 4 {
		t.Fatalf("the log has not all kinds of positions: %v", foreign)
	}
	for kind, p := range foreign {
		if got, err := collect(l, t.Context(), log.At(p, p)); len(got) != 0 || !errors.Is(err, log.ErrForeign) {
			t.Errorf("%s: %d commits, %v", kind, len(got), err)
		}
	}
	last := all[len(all)-1]
	s.Forget(3)
	if err := l.Verify(t.Context(), last.Position, last.ID); !errors.Is(err, log.ErrForeign) {
		t.Errorf("after a restore: %v", err)
	}
}

// Goal: Open fails soon, with the right sentinel and without the password in its
// text, if the server or the user is unsuitable.
func TestOpenRefusals(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	secured := start(t, estest.Options{User: "muster", Password: "changeit"})
	reserved := start(t, estest.Options{User: "muster", Password: "changeit", Reserved: true})
	plain := start(t, estest.Options{})
	for _, test := range []struct {
		name, url string
		want      error
	}{
		{"other scheme", "nats://secret@127.0.0.1:4222", log.ErrMisconfigured},
		{"no scheme", "127.0.0.1:2113", log.ErrMisconfigured},
		{"empty", "", log.ErrMisconfigured},
		{"no host", "esdb://", log.ErrMisconfigured},
		{"not a port", "esdb://u:secret@127.0.0.1:port", log.ErrMisconfigured},
		{"path", "esdb://u:secret@127.0.0.1:2113/path", log.ErrMisconfigured},
		{"bad setting", "esdb://u:secret@127.0.0.1:2113?tls=perhaps", log.ErrMisconfigured},
		{"reads at a follower", "esdb://127.0.0.1:2113?nodePreference=follower", log.ErrMisconfigured},
		{"password without TLS", "esdb://u:secret@127.0.0.1:2113?tls=false", log.ErrMisconfigured},
		{"nobody there", "esdb://" + closed.Addr().String() + "?tls=false", log.ErrUnavailable},
		{"wrong password", secured.URLFor("muster", "secret"), log.ErrMisconfigured},
		{"no password", secured.URLFor("", ""), log.ErrMisconfigured},
		{"$all is not for the user", reserved.URL(), log.ErrMisconfigured},
		{"TLS expected", strings.Replace(plain.URL(), "tls=false", "", 1), log.ErrUnavailable},
		{"no TLS expected", strings.Replace(secured.URLFor("", ""), "tlsVerifyCert=false", "tls=false", 1), log.ErrUnavailable},
		{"certificate of nobody", strings.Replace(secured.URL(), "tlsVerifyCert=false", "", 1), log.ErrUnavailable},
		{"a web server", strings.Replace(web.URL, "http", "esdb", 1) + "?tls=false", log.ErrUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			begin := time.Now()
			l, err := Open(ctx, test.url)
			if err == nil {
				l.Close()
			}
			if !errors.Is(err, test.want) || strings.Contains(fmt.Sprint(err), "secret") {
				t.Errorf("%v, want %v", err, test.want)
			}
			if d := time.Since(begin); d > soon {
				t.Errorf("took %v", d)
			}
		})
	}
}

// Goal: a server with a smaller limit for appends refuses large commits, and writes
// no part of them.
func TestSmallServer(t *testing.T) {
	s := start(t, estest.Options{MaxAppend: 10_000})
	l := openLog(t, s)
	c := commit("x", 1)
	c.Events[0] = fmt.Appendf(nil, `{"a":"%s"}`, strings.Repeat("x", 11_000))
	if _, _, err := l.Append(t.Context(), c, 0); !errors.Is(err, log.ErrTooLarge) {
		t.Errorf("append: %v", err)
	}
	// With many events, the server ends the call before it has received the last one.
	// The library then does not return the server's answer.
	_, _, err := l.Append(t.Context(), commit("y", 1000), 0)
	if !errors.Is(err, log.ErrTooLarge) && (!errors.Is(err, log.ErrUnavailable) || !strings.Contains(err.Error(), "less than 1 MiB")) {
		t.Errorf("append of many events: %v", err)
	}
	if n := len(s.Events("muster-placement")); n != 0 {
		t.Errorf("%d events written", n)
	}
}
