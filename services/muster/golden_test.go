package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/internal/snapshot"
)

// goldens holds the frozen deployments, one directory a version: see its README.
const goldens = "testdata/golden"

// A golden is a deployment that an earlier version left, and what that version
// said of it.
type golden struct {
	dir  string // under testdata/golden
	data string // its data directory, unpacked
}

// A question is what a version was asked over HTTP, and its answer.
type question struct {
	Path   string         `json:"path"`
	Answer map[string]any `json:"answer"`
}

// Goal: a deployment of any earlier version opens in this one. The records of its
// log are the same bytes, its vault finds a person again under the same pseudonym,
// what was submitted is known, and its views and folds open or are rebuilt by
// themselves, with equal answers. Method: a frozen data directory, the real
// binary; as it was left, without what can be rebuilt, and with that in the form
// of a version to come.
func TestGoldenDeployments(t *testing.T) {
	for _, dir := range versions(t) {
		for _, test := range []struct {
			name string
			// change is what happens to the data directory before it is opened.
			change func(t *testing.T, data string)
			// rebuilt says that the views must have been rebuilt, and told is a part of
			// what the process must say.
			rebuilt bool
			told    string
		}{
			{name: "as it was left", change: func(*testing.T, string) {}},
			{name: "without views and folds", change: removeDerived},
			{name: "views of a version to come", change: viewsToCome, rebuilt: true},
			{name: "folds of a version to come", change: foldsToCome, told: "folds"},
		} {
			t.Run(filepath.Base(dir)+"/"+test.name, func(t *testing.T) {
				g := unpack(t, dir)
				g.holdsRecords(t)
				generation := g.current(t)
				test.change(t, g.data)
				i := up(t, g.data)
				g.holdsAnswers(t, i)
				g.knowsSubmissions(t, i)
				g.knowsPeople(t, i)
				i.stop(t)
				if now := g.current(t); test.rebuilt && now == generation {
					t.Errorf("the views are still %s", now)
				} else {
					t.Logf("the views were %s and are %s; folds in doubt: %v", generation, now, strings.Contains(i.problems.String(), "folds/"))
				}
				if !strings.Contains(i.problems.String(), test.told) {
					t.Errorf("the process said nothing of %q: %s", test.told, i.problems)
				}
			})
		}
	}
}

// versions returns the directories of all golden deployments.
func versions(t *testing.T) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(goldens, "v[0-9]*"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no golden deployments in %s: %v", goldens, err)
	}
	return dirs
}

// unpack puts a copy of a golden deployment into a temporary directory.
func unpack(t *testing.T, dir string) golden {
	t.Helper()
	g := golden{dir: dir, data: filepath.Join(t.TempDir(), "data")}
	if err := extract(filepath.Join(dir, "data.tar.gz"), g.data); err != nil {
		t.Fatal(err)
	}
	return g
}

func removeDerived(t *testing.T, data string) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(filepath.Join(data, "views")), os.RemoveAll(filepath.Join(data, "folds"))); err != nil {
		t.Fatal(err)
	}
}

// viewsToCome puts the frozen views of a version that does not exist into the
// place of those that are there.
func viewsToCome(t *testing.T, data string) {
	t.Helper()
	views := filepath.Join(data, "views")
	err := errors.Join(os.RemoveAll(views), extract(filepath.Join(goldens, "views-to-come.tar.gz"), views))
	if err != nil {
		t.Fatal(err)
	}
}

// foldsToCome gives each fold a form that this version does not know.
func foldsToCome(t *testing.T, data string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(data, "folds", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no folds: %v", err)
	}
	for _, file := range files {
		if err := snapshot.Replace(file, func(w *snapshot.Writer) { w.Uint(9999) }); err != nil {
			t.Fatal(err)
		}
	}
}

// current returns the name of the generation that the views are in, "" for none.
func (g golden) current(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(g.data, "views", "current"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// file returns what is in a file of the golden.
func (g golden) file(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(g.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// holdsRecords compares the log with the lines that were printed of it, byte by
// byte.
func (g golden) holdsRecords(t *testing.T) {
	t.Helper()
	want, got := string(g.file(t, "log.ndjson")), muster(t, "log", "cat", "--data", g.data)
	if got == want {
		return
	}
	wants, gots := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(wants), len(gots)) {
		if wants[i] != gots[i] {
			t.Fatalf("record %d of the log is\n%s\nit was\n%s", i, gots[i], wants[i])
		}
	}
	t.Fatalf("the log has %d records, it had %d", len(gots)-1, len(wants)-1)
}

// holdsAnswers asks what the version that left the deployment was asked.
func (g golden) holdsAnswers(t *testing.T, i *instance) {
	t.Helper()
	var questions []question
	if err := json.Unmarshal(g.file(t, "answers.json"), &questions); err != nil || len(questions) == 0 {
		t.Fatalf("%d questions: %v", len(questions), err)
	}
	for _, q := range questions {
		if difference := differs("", q.Answer, answerTo(t, i.HTTP, q.Path)); difference != "" {
			t.Errorf("%s: %s", q.Path, difference)
		}
	}
}

// answerTo asks a question, and leaves out of the answer what says which program
// gave it and not what is so: the generation of the views, their versions, and
// the hash of their rows.
func answerTo(t *testing.T, url, path string) (answer map[string]any) {
	t.Helper()
	resp, err := http.Get(url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(body, &answer)
	}
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", path, resp.Status, body, err)
	}
	for _, name := range []string{"generation", "views", "state"} {
		delete(answer, name)
	}
	return answer
}

// differs says where an answer is not the one that was given, "" for nowhere. An
// object may have members that it did not have: a later version may say more.
func differs(at string, want, got any) string {
	switch want := want.(type) {
	case map[string]any:
		members, ok := got.(map[string]any)
		if !ok {
			break
		}
		for name, value := range want {
			member, there := members[name]
			if !there {
				return fmt.Sprintf("%s.%s is gone", at, name)
			}
			if d := differs(at+"."+name, value, member); d != "" {
				return d
			}
		}
		return ""
	case []any:
		elements, ok := got.([]any)
		if !ok || len(elements) != len(want) {
			return fmt.Sprintf("%s has %d elements, it had %d", at, len(elements), len(want))
		}
		for i := range want {
			if d := differs(fmt.Sprintf("%s[%d]", at, i), want[i], elements[i]); d != "" {
				return d
			}
		}
		return ""
	}
	if want != got {
		return fmt.Sprintf("%s is %v, it was %v", at, got, want)
	}
	return ""
}

// receipts are what was answered to all submissions, in their order.
func (g golden) receipts(t *testing.T) (all []events.Receipt) {
	t.Helper()
	for line := range bytes.Lines(g.file(t, "receipts.ndjson")) {
		var r events.Receipt
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// bodies are the names of the submissions, in the order in which they were sent.
func bodies(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "submissions", "*.ndjson"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no submissions in %s: %v", dir, err)
	}
	return names
}

// submit sends a file of submissions, as an import if that is in its name.
func submit(t *testing.T, url, file string) (receipts []events.Receipt) {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/events", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-ndjson")
	if strings.Contains(file, "import") {
		r.Header.Set("Muster-Import", "true")
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Receipts []events.Receipt `json:"receipts"`
	}
	if err := json.UnmarshalRead(resp.Body, &answer); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", file, resp.Status, err)
	}
	return answer.Receipts
}

// knowsSubmissions sends everything again: what was accepted is a duplicate at
// the position where it was recorded. An exit of somebody who was erased since
// names nobody any more, and is left out.
func (g golden) knowsSubmissions(t *testing.T, i *instance) {
	t.Helper()
	var again []events.Receipt
	for _, file := range bodies(t, g.dir) {
		again = append(again, submit(t, i.HTTP, file)...)
	}
	before, people := g.receipts(t), g.people(t)
	if len(again) != len(before) {
		t.Fatalf("%d receipts, there were %d", len(again), len(before))
	}
	for n, was := range before {
		if people[was.Person.String()].erased && was.ID != erasedBy {
			continue
		}
		if r := again[n]; was.Status == events.Accepted && (r.Status != events.Duplicate || r.Position != was.Position || r.ID != was.ID) {
			t.Errorf("%s was recorded at %s; submitted again it is %+v", was.ID, was.Position, r)
		}
	}
}

// knowsPeople reveals everybody whom a submission gave a name, and submits their
// identities again: the names and pseudonyms are those of before, but for who is
// erased.
func (g golden) knowsPeople(t *testing.T, i *instance) {
	t.Helper()
	known := 0
	for pseudonym, who := range g.people(t) {
		status, body := aboutPerson(t, i.HTTP, pseudonym, "reveal", `{"fields":["name"],"purpose":"cross-version test"}`)
		if who.erased {
			if status != http.StatusNotFound {
				t.Errorf("%s was erased: %d %s", who.name, status, body)
			}
			continue
		}
		if status != http.StatusOK || !strings.Contains(body, who.name) {
			t.Errorf("%s is to be %s: %d %s", pseudonym, who.name, status, body)
		}
		line := said("again-"+pseudonym, "training.completed", `"identity":`+who.identity+`,"course":"复训","hours":4,"on":"2022-09-01"`)
		r := post(t, i, "application/json", line)[0]
		if r.Status != events.Accepted || r.Person.String() != pseudonym {
			t.Errorf("%s was %s: %+v", who.name, pseudonym, r)
		}
		known++
	}
	if known < 3 {
		t.Errorf("%d people are known", known)
	}
}

// A known person is one as a submission said who it is.
type knownPerson struct {
	name     string
	identity string // JSON
	erased   bool
}

// people returns who was named in a submission that was accepted, by pseudonym.
func (g golden) people(t *testing.T) map[string]knownPerson {
	t.Helper()
	people, receipts := map[string]knownPerson{}, g.receipts(t)
	for _, file := range bodies(t, g.dir) {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(body) {
			var e struct {
				Data struct {
					Identity map[string]string `json:"identity"`
				} `json:"data"`
			}
			_ = json.Unmarshal(line, &e) // other data have no identity
			r := receipts[0]
			receipts = receipts[1:]
			if name := e.Data.Identity["name"]; r.Status == events.Accepted && name != "" {
				identity, err := json.Marshal(e.Data.Identity)
				if err != nil {
					t.Fatal(err)
				}
				people[r.Person.String()] = knownPerson{name, string(identity), r.ID == erasedBy}
			}
		}
	}
	return people
}

// aboutPerson asks for something about one person, and returns the answer.
func aboutPerson(t *testing.T, url, pseudonym, what, body string) (status int, answer string) {
	t.Helper()
	resp, err := http.Post(url+"/v1/persons/"+pseudonym+"/"+what, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// Every type that the catalogue has stands in the logs of the golden
// deployments. A new type needs a deployment of a new version: see the README.
func TestGoldenDeploymentsHoldEveryType(t *testing.T) {
	var all []byte
	for _, dir := range versions(t) {
		all = append(all, golden{dir: dir}.file(t, "log.ndjson")...)
	}
	for _, name := range events.Types() {
		if !bytes.Contains(all, fmt.Appendf(nil, `"type":%q`, name)) && !slices.Contains(yetToFreeze, name) {
			t.Errorf("no golden deployment holds an event of type %s", name)
		}
	}
}

// yetToFreeze are the types that came since the latest golden deployment was
// frozen. It is emptied with the next one.
var yetToFreeze []events.Type

// The frozen views to come are of a version that nobody will reach, and their
// tables are not those of any version.
func TestViewsToCome(t *testing.T) {
	dir := t.TempDir()
	if err := extract(filepath.Join(goldens, "views-to-come.tar.gz"), dir); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "gen-000001.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var schema string
	if err := db.QueryRow(`SELECT value FROM meta WHERE name = 'schema'`).Scan(&schema); err != nil || schema != "9999" {
		t.Errorf("schema %q: %v", schema, err)
	}
}
