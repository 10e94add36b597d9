package eslog

import (
	"strings"
	"testing"

	"github.com/muster-works/muster/events/log/eslog/estest"
)

// found returns the findings with a given name.
func found(t *testing.T, s *estest.Server, setup Setup, what string) (all []Finding) {
	t.Helper()
	findings, err := Provision(t.Context(), s.URL(), setup)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.What == what {
			all = append(all, f)
		}
	}
	return all
}

// Goal: Provision reports what it checked, and changes nothing unless it is told to.
func TestProvision(t *testing.T) {
	s := start(t, estest.Options{Quiet: true, Version: "24.10.4"})
	fill(t, openLog(t, s), 3)
	setup := Setup{Boundaries: []string{"placement", "policy"}}
	before := len(s.All())
	if f := found(t, s, setup, "version"); len(f) != 1 || f[0].Says != "24.10.4" {
		t.Errorf("%+v", f)
	}
	if f := found(t, s, setup, "append"); len(f) != 0 {
		t.Errorf("%+v", f)
	}
	if f := found(t, s, setup, "retention"); len(f) != 1 || f[0].Bad {
		t.Errorf("%+v", f)
	}
	if f := found(t, s, setup, "access"); len(f) != 2 {
		t.Errorf("open streams: %+v", f)
	}
	s.SetMetadata("muster-placement", `{"$acl":{"$d":"nobody"},"$maxCount":4,"owner":"x"}`)
	if f := found(t, s, setup, "retention"); len(f) != 1 || !f[0].Bad || !strings.Contains(f[0].Says, "muster-placement") {
		t.Errorf("%+v", f)
	}
	if n := len(s.All()); n != before+1 {
		t.Errorf("%d events, there were %d: looking changed something", n, before+1)
	}

	setup.Apply, setup.User = true, "muster"
	if f := found(t, s, setup, "retention"); len(f) != 1 || f[0].Bad {
		t.Errorf("applied: %+v", f)
	}
	for stream, want := range map[string]string{
		"$$muster-placement": `{"$acl":{"$d":["$admins"],"$mr":["muster","$admins"],"$mw":["$admins"],"$r":["muster","$admins"],"$w":["muster"]},"owner":"x"}`,
		"$$muster-policy":    `{"$acl":{"$d":["$admins"],"$mr":["muster","$admins"],"$mw":["$admins"],"$r":["muster","$admins"],"$w":["muster"]}}`,
		"$$$all":             `{"$acl":{"$r":["muster","$admins"]}}`,
	} {
		events := s.Events(stream)
		got := ""
		if n := len(events); n > 0 {
			got = string(events[n-1].Data)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", stream, got, want)
		}
	}
	if f := found(t, s, setup, "access"); len(f) != 0 {
		t.Errorf("applied: %+v", f)
	}
	after := len(s.All())
	found(t, s, setup, "version")
	if n := len(s.All()); n != after {
		t.Errorf("applied twice: %d events more", n-after)
	}
}

// Goal: a server with a small limit for appends is detected without writing.
func TestProvisionSmallServer(t *testing.T) {
	s := start(t, estest.Options{Quiet: true, MaxAppend: 100_000})
	before := len(s.All())
	if f := found(t, s, Setup{Boundaries: []string{"policy"}}, "append"); len(f) != 1 || !f[0].Bad {
		t.Errorf("%+v", f)
	}
	if n := len(s.All()); n != before {
		t.Errorf("%d events were written", n-before)
	}
}
