package eslog

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog/estest"
)

func bare(t *testing.T, s *estest.Server) *esdb.Client {
	t.Helper()
	config, err := parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	client, err := esdb.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// Goal: retention is detected before a scavenge, with the stream and the setting,
// also on a stream that this log has never used.
func TestExamine(t *testing.T) {
	for _, test := range []struct {
		name string
		set  func(t *testing.T, s *estest.Server)
		want error
		says []string
	}{
		{"nothing", func(*testing.T, *estest.Server) {}, nil, nil},
		{"other metadata", func(_ *testing.T, s *estest.Server) {
			s.SetMetadata("muster-placement", `{"$acl":{"$w":["muster"]},"owner":"x"}`)
		}, nil, nil},
		{"another's retention", func(_ *testing.T, s *estest.Server) { s.SetMetadata("inventory-17", `{"$maxCount":3}`) }, nil, nil},
		{"$tb", func(_ *testing.T, s *estest.Server) { s.SetMetadata("muster-placement", `{"$tb":2}`) }, log.ErrMisconfigured, []string{"muster-placement", "$tb 2", "scavenge"}},
		{"$maxCount", func(_ *testing.T, s *estest.Server) { s.SetMetadata("muster-placement", `{"$maxCount":2}`) }, log.ErrMisconfigured, []string{"$maxCount 2"}},
		{"$maxAge", func(_ *testing.T, s *estest.Server) { s.SetMetadata("muster-placement", `{"$maxAge":86400}`) }, log.ErrMisconfigured, []string{"$maxAge 86400 s"}},
		{"a boundary that is named", func(_ *testing.T, s *estest.Server) { s.SetMetadata("muster-policy", `{"$maxAge":1,"$maxCount":1}`) }, log.ErrMisconfigured, []string{"muster-policy", "$maxAge", "$maxCount"}},
		{"soft deletion", func(t *testing.T, s *estest.Server) {
			if _, err := bare(t, s).DeleteStream(t.Context(), "muster-placement", esdb.DeleteStreamOptions{}); err != nil {
				t.Fatal(err)
			}
		}, log.ErrMisconfigured, []string{"muster-placement was deleted (softly"}},
		{"hard deletion", func(t *testing.T, s *estest.Server) {
			if _, err := bare(t, s).TombstoneStream(t.Context(), "muster-placement", esdb.TombstoneStreamOptions{}); err != nil {
				t.Fatal(err)
			}
		}, log.ErrCorrupt, []string{"muster-placement was deleted for good", "hard deletion"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, estest.Options{Quiet: true})
			l := openLog(t, s)
			fill(t, l, 3)
			test.set(t, s)
			var examiner log.Examiner = l
			err := examiner.Examine(t.Context(), "policy", "training")
			if !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			for _, part := range test.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%v; want it to say %q", err, part)
				}
			}
		})
	}
}

// Goal: a softly deleted stream is not taken for a new one: its head is not zero,
// nothing is decided on it, and no append begins it again.
func TestHiddenStream(t *testing.T) {
	s := start(t, estest.Options{Quiet: true})
	all := fill(t, openLog(t, s), 3)
	if _, err := bare(t, s).DeleteStream(t.Context(), "muster-placement", esdb.DeleteStreamOptions{}); err != nil {
		t.Fatal(err)
	}
	l := openLog(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	f := log.Filter{Boundary: "placement"}
	if p, r, err := l.Head(ctx, f); !errors.Is(err, log.ErrMisconfigured) {
		t.Errorf("head: %v, %d, %v", p, r, err)
	}
	for c, err := range l.Read(ctx, log.Position{}, f) {
		if !errors.Is(err, log.ErrMisconfigured) {
			t.Errorf("read: %s, %v", c.ID, err)
		}
	}
	if _, _, err := l.Append(ctx, commit("new", 1), 0); !errors.Is(err, log.ErrMisconfigured) {
		t.Errorf("append to what looks empty: %v", err)
	}
	begin := time.Now()
	if _, _, err := l.Append(ctx, commit("other", 1), all[0].Revision); !errors.Is(err, log.ErrMisconfigured) {
		t.Errorf("append at an old revision: %v", err)
	}
	if d := time.Since(begin); d > soon {
		t.Errorf("took %v", d)
	}
	if n := s.Accepted("muster-placement"); n != int(all[2].Revision) {
		t.Errorf("%d events in the stream, want %d", n, all[2].Revision)
	}
}
