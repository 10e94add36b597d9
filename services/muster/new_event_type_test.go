package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A typeStep is what a developer writes by hand in one file to add an event type.
type typeStep struct {
	file   string // in the repository
	before string // the text of the file that the lines are put in front of; empty for a new file
	lines  string
	end    string // lines at the end of the file

	// missed is the command that fails when the step is left out, and complaint is a part of
	// what it prints.
	missed    []string
	complaint string
}

// newTypeSteps adds hire.cancelled: a person who was placed on a post never took up
// duty. The type has data, a decision, and an effect on headcount.
func newTypeSteps(t *testing.T) []typeStep {
	t.Helper()
	payload, err := os.ReadFile("testdata/new_event_type/hire_cancelled.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	return []typeStep{{
		file: "events/hire_cancelled.go", lines: string(payload),
		missed: []string{"go", "build", "./events"}, complaint: "undefined: HireCancelled",
	}, {
		file: "events/catalogue.go", before: "}\n\n// anyFamily",
		lines:  "\t{HireCancelledType, Hire, func() Data { return new(HireCancelled) }},\n",
		missed: []string{"go", "test", "./events", "-run", "TestCatalogue"}, complaint: "TestCatalogue",
	}, {
		file: "events/sample_test.go", before: "\t\t\"exit.recorded\":",
		lines:  "\t\t\"hire.cancelled\": &events.HireCancelled{Who: sealedWho, Post: \"370211102231-001\", From: day(\"2022-05-01\"), Reason: \"未到岗\"},\n",
		missed: []string{"go", "test", "./events", "-run", "TestRecords"}, complaint: "TestRecords",
	}, {
		file: "events/testdata/v1/submission/hire.cancelled.json",
		lines: `{"specversion":"1.0","id":"c-000001","source":"/agency/370211-rsj","type":"hire.cancelled","subject":"370211102231-001",
 "time":"2022-05-03T09:00:00+08:00","datacontenttype":"application/json","dataschema":"urn:muster:schemas/hire.cancelled/v1","division":"370211102231",
 "data":{"post":"370211102231-001","identity":{"id_number":"370211196501010014","name":"张三","phone":"13800000000","household":"H-0231-17"},"from":"2022-05-01","reason":"未到岗"}}
`,
		missed: []string{"go", "test", "./events", "-run", "TestSubmissions"}, complaint: "golden submission of hire.cancelled",
	}, {
		file: "events/testdata/v1/submission/hire.cancelled.person.json",
		lines: `{"specversion":"1.0","id":"c-000002","source":"/agency/370211-rsj","type":"hire.cancelled",
 "data":{"post":"370211102231-001","person":"3f2c1f0a-6f0e-4d55-9a51-0d2f7f8b6c11","from":"2022-05-01"}}
`,
		missed: []string{"go", "test", "./events/schema", "-run", "TestCompatible"}, complaint: "hire.cancelled",
	}, {
		file: "events/testdata/v1/required", before: "hire.placed data.from",
		lines: `hire.cancelled data.from
hire.cancelled data.identity data.person
hire.cancelled data.identity.id_number
hire.cancelled data.post
hire.cancelled.person data.from
hire.cancelled.person data.person
hire.cancelled.person data.post
`,
		missed: []string{"go", "test", "./events", "-run", "TestOptionalMembers"}, complaint: "hire.cancelled data.post: refused without it",
	}, {
		file: "services/hire/hire.go", before: "\t}\n\tif refused := command.Undecided(e)",
		lines: "\tcase *events.HireCancelled:\n\t\treturn s.cancel(e, d)\n",
		end: `
// cancel decides that a person never took up duty: the person must be on the post from
// that day.
func (s *Service) cancel(e *events.Event, d *events.HireCancelled) (*events.Event, events.Reasons) {
	if _, refused := s.state.Find(e, d.Post); refused != nil {
		return nil, refused
	}
	if e.Submode != events.ModeRecord && !s.state.PlacedOn(d.Person, d.Post, d.From) {
		return nil, events.Refusal(NotInPlace, "data.from", events.Say("is not a day on which the person is on the post", "这一天该人员不在这个岗位上"))
	}
	return e, nil
}
`,
		missed: []string{"go", "test", "./services/deployment", "-run", "TestEveryTypeIsDecided"}, complaint: "TestEveryTypeIsDecided/hire.cancelled",
	}, {
		file: "services/internal/placement/fact.go", before: "\t}\n\treturn statement{}",
		lines:  "\tcase *events.HireCancelled:\n\t\treturn statement{fact: fact{kind: exited, day: d.From}, post: d.Post, person: d.Person}\n",
		missed: []string{"go", "test", "./services/internal/placement", "-run", "TestEveryTypeIsFolded"}, complaint: "TestEveryTypeIsFolded/hire.cancelled",
	}, {
		file: "projections/runner/internal/decoding/facts.go", before: "\tcase *events.TrainingCompleted:",
		lines: `	case *events.HireCancelled:
		x.Tag, x.Post = timeline.TagExited, c.post(v.Post)
		x.Own = pack(timeline.PackExited(c.packed, &events.ExitRecorded{On: v.From, Kind: "natural"}))
		about(v.Person, x.Own)
`,
		missed: []string{"go", "test", "./projections/runner", "-run", "TestEveryTypeReachesATrail"}, complaint: "TestEveryTypeReachesATrail/hire.cancelled",
	}, {
		file: "services/muster/golden_test.go", before: "var yetToFreeze",
		lines:  "var _ = func() int { yetToFreeze = append(yetToFreeze, events.HireCancelledType); return 0 }()\n\n",
		missed: []string{"go", "test", "./services/muster", "-run", "TestGoldenDeploymentsHoldEveryType"}, complaint: "no golden deployment holds an event of type hire.cancelled",
	}}
}

// Goal: a new event type touches at most ten files, and leaving out any one of them does
// not compile or turns a test red.
// Method: a type is added to a copy of the repository. Its tests and an effect on
// headcount are seen there. Then each step is left out in turn.
//
// It takes some ten minutes, since everything depends on the contract and is compiled
// anew: MUSTER_LONG=1 runs it, and .ci/run does.
func TestNewEventType(t *testing.T) {
	if os.Getenv("MUSTER_LONG") == "" {
		t.Skip("takes ten minutes: set MUSTER_LONG=1")
	}
	steps := newTypeSteps(t)
	if len(steps) > 10 {
		t.Errorf("%d files are touched, at most 10 are allowed", len(steps))
	}
	copied := repositoryCopy{t, t.TempDir()}
	copied.fill()
	original := map[string][]byte{}
	for _, s := range steps {
		original[s.file] = copied.apply(s)
	}
	effect, err := os.ReadFile("testdata/new_event_type/effect_test.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	copied.write("services/deployment/hire_cancelled_test.go", effect)

	// What is generated follows from the steps.
	copied.must("go", "generate", "./events")
	copied.must("go", "test", "./events", "-update")
	_, _ = copied.run("go", "test", "./events/schema", "-update") // the schemas it was built with are the old ones
	copied.must("go", "vet", "./events/...", "./services/...", "./projections/...")
	copied.must("go", "test", "./events", "./events/schema", "./services/hire", "./services/internal/placement")
	copied.must("go", "test", "./projections/runner", "-run", "TestEveryTypeReachesATrail")
	copied.must("go", "test", "./services/deployment", "-run", "TestEveryTypeIsDecided|TestHireCancelledCountsNoMore")

	for _, s := range steps {
		t.Run("without "+s.file, func(t *testing.T) {
			copied := repositoryCopy{t, copied.dir}
			whole := copied.read(s.file)
			copied.write(s.file, original[s.file])
			defer copied.write(s.file, whole)
			out, err := copied.run(s.missed...)
			if err == nil || !strings.Contains(out, s.complaint) {
				t.Errorf("%s did not notice it: %v\n%s", strings.Join(s.missed, " "), err, out)
			}
		})
	}
}

// A repositoryCopy is a copy of the repository in a folder of its own.
type repositoryCopy struct {
	t   *testing.T
	dir string
}

// fill copies the repository, without what is not part of it.
func (c repositoryCopy) fill() {
	c.t.Helper()
	err := filepath.WalkDir(repository, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(repository, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "node_modules" || entry.Name() == "muster-data"):
			return filepath.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(c.dir, name), 0o755)
		case !entry.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		c.write(name, content)
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// apply makes one step and returns the file as it was before, nil for a new one.
func (c repositoryCopy) apply(s typeStep) []byte {
	c.t.Helper()
	if s.before == "" {
		c.write(s.file, []byte(s.lines))
		return nil
	}
	old := c.read(s.file)
	if strings.Count(string(old), s.before) != 1 {
		c.t.Fatalf("%s has %q %d times; the step must name a place that is there once", s.file, s.before, strings.Count(string(old), s.before))
	}
	c.write(s.file, []byte(strings.Replace(string(old), s.before, s.lines+s.before, 1)+s.end))
	return old
}

func (c repositoryCopy) read(name string) []byte {
	c.t.Helper()
	content, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		c.t.Fatal(err)
	}
	return content
}

// write writes a file of the copy, and removes it when the content is nil.
func (c repositoryCopy) write(name string, content []byte) {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	err := os.Remove(path)
	if content != nil {
		err = os.WriteFile(path, content, 0o644)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// run runs a command in the copy and returns what it prints.
func (c repositoryCopy) run(command ...string) (string, error) {
	cmd := exec.CommandContext(c.t.Context(), command[0], command[1:]...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "MUSTER_LONG=")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// must runs a command in the copy, which must succeed.
func (c repositoryCopy) must(command ...string) {
	c.t.Helper()
	if out, err := c.run(command...); err != nil {
		c.t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
}
