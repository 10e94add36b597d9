package simulate

import (
	"bufio"
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
)

func written(t *testing.T, cfg Config) (submissions, labels []byte) {
	t.Helper()
	var s, l bytes.Buffer
	if err := Write(cfg, &s, &l); err != nil {
		t.Fatal(err)
	}
	return s.Bytes(), l.Bytes()
}

// Goal: the same configuration gives the same bytes, and another seed gives others.
func TestDeterministic(t *testing.T) {
	s1, l1 := written(t, province(t, .002, 5))
	s2, l2 := written(t, province(t, .002, 5))
	if !bytes.Equal(s1, s2) || !bytes.Equal(l1, l2) {
		t.Error("two runs of one configuration differ")
	}
	if s3, _ := written(t, province(t, .002, 6)); bytes.Equal(s1, s3) {
		t.Error("two seeds give the same")
	}
}

// Goal: a sequence can be ranged over again, be left early, and be used by two goroutines.
func TestRunAgain(t *testing.T) {
	seq := submissions(t, province(t, .001, 1))
	for range seq {
		break
	}
	var told [2]strings.Builder
	var both sync.WaitGroup
	for i := range told {
		both.Go(func() {
			for s := range seq {
				line, err := s.append(nil)
				if err != nil {
					t.Error(err)
				}
				told[i].Write(line)
			}
		})
	}
	both.Wait()
	if told[0].String() != told[1].String() || told[0].Len() == 0 {
		t.Error("two ranges over one sequence differ")
	}
}

// Goal: labels name persons, posts and events that the submissions hold, and there is a
// case of each kind.
func TestLabels(t *testing.T) {
	out, lines := written(t, province(t, .01, 6))
	ids, people, runs := map[string]bool{}, map[string]bool{}, map[string]bool{}
	scan := bufio.NewScanner(bytes.NewReader(out))
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		line := scan.Bytes()
		_, rest, ok := bytes.Cut(line, []byte(`",`))
		if !bytes.HasPrefix(line, []byte(`{"recordedtime":"`)) || !ok {
			t.Fatalf("a line without its delivery time: %.80s", line)
		}
		e, err := events.Submission(append([]byte("{"), rest...))
		ids[e.Source+" "+e.ID] = true
		if d, is := e.Data.(*events.HirePlaced); is && err == nil {
			people[d.Identity.IDNumber] = true
		}
		if d, is := e.Data.(*events.PaymentInstructed); is {
			runs[d.Run] = true
		}
	}
	kinds := map[string]int{}
	for line := range bytes.Lines(lines) {
		var l Label
		if err := json.Unmarshal(line, &l, json.RejectUnknownMembers(true)); err != nil {
			t.Fatal(err)
		}
		kinds[l.Kind]++
		for _, id := range l.Events {
			if !ids[l.Source+" "+id] {
				t.Errorf("%s: event %s is not among the submissions", l.Kind, id)
			}
		}
		for _, id := range l.Persons {
			if _, err := idnumber.Parse(id); err != nil || !people[id] {
				t.Errorf("%s: person is not among the submissions", l.Kind)
			}
		}
		for _, run := range l.Runs {
			if !runs[run] {
				t.Errorf("%s: run %s is not among the submissions", l.Kind, run)
			}
		}
	}
	for _, kind := range []string{Rehire, SpousesPhone, CardReplaced, Reversed, WrongMatch, Birthday, PresentTeam, ArrearsAfterExit} {
		if kinds[kind] == 0 {
			t.Errorf("no label of kind %s", kind)
		}
	}
	t.Log(kinds)
}

func TestConfig(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"scale":     func(c *Config) { c.Scale = 1.5 },
		"no table":  func(c *Config) { c.Divisions = nil },
		"no pack":   func(c *Config) { c.Policy = nil },
		"backwards": func(c *Config) { c.Until = civil.On(2021, 1, 1) },
		"too early": func(c *Config) { c.From = civil.On(2020, 1, 1) },
	} {
		cfg := province(t, .001, 1)
		change(&cfg)
		if _, err := Run(cfg); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v, want ErrConfig", name, err)
		}
	}
}
