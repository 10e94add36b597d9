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
	handler "github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/snapshot"
)

// goldens is the directory of the frozen deployments, with one directory for each
// version; see the README in it.
const goldens = "testdata/golden"

// A golden is a deployment that an earlier version left, and the answers of that
// version.
type golden struct {
	dir  string // under testdata/golden
	data string // its data directory, unpacked
}

// A question is a question that an earlier version was asked over HTTP, and its answer.
type question struct {
	Path   string         `json:"path"`
	Answer map[string]any `json:"answer"`
}

// Goal: a deployment of any earlier version opens in this version. The records of its
// log are the same bytes. Its vault finds a person under the same pseudonym. Its
// submissions are known. Its views and folds open, or are rebuilt without an operator,
// with equal answers. Method: the real program runs on a frozen data directory as it
// was left, without what can be rebuilt, and with that in the form of a version to
// come.
func TestGoldenDeployments(t *testing.T) {
	t.Parallel()
	for _, dir := range versions(t) {
		for _, test := range []struct {
			name string
			// change is what happens to the data directory before it is opened.
			change func(t *testing.T, data string)
			// rebuilt is set if the views must have been rebuilt. told is a part of what the
			// process must print.
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

// unpack extracts a golden deployment into a temporary directory.
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

// viewsToCome replaces the views by frozen views of a version that does not exist.
func viewsToCome(t *testing.T, data string) {
	t.Helper()
	views := filepath.Join(data, "views")
	err := errors.Join(os.RemoveAll(views), extract(filepath.Join(goldens, "views-to-come.tar.gz"), views))
	if err != nil {
		t.Fatal(err)
	}
}

// foldsToCome gives each snapshot a format version that this program does not know.
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

// current returns the name of the generation that the views are in, empty if there is
// none.
func (g golden) current(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(g.data, "views", "current"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// file returns the content of a file of the golden deployment.
func (g golden) file(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(g.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// holdsRecords compares the log with the lines that were printed of it, byte by byte.
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

// holdsAnswers asks the questions again and compares the answers.
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

// answerTo asks a question. It removes from the answer what depends on the program and
// not on the facts: the generation of the views, their versions, and the hash of their
// rows.
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

// differs returns the first place where an answer differs from the one before, empty if
// there is none. Members that an object did not have before are allowed, since a later
// version may say more.
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

// receipts returns the receipts of all submissions, in their order.
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

// bodies lists the files of submissions in the order in which they were sent.
func bodies(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "submissions", "*.ndjson"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no submissions in %s: %v", dir, err)
	}
	return names
}

// submit sends a file of submissions, as an import if the name of the file says so.
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

// knowsSubmissions submits everything again: an event that was accepted is a duplicate
// at the same position, or was replaced or withdrawn since. The exit of a person who was erased since is left out, because
// it would name a new person.
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
		if r := again[n]; was.Status == events.Accepted && !handler.NoLongerStands(r) && (r.Status != events.Duplicate || r.Position != was.Position || r.ID != was.ID) {
			t.Errorf("%s was recorded at %s; submitted again it is %+v", was.ID, was.Position, r)
		}
	}
}

// knowsPeople reveals each person whom a submission named, and submits the identities
// again. Names and pseudonyms are those of before, except for people who are erased.
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

// A knownPerson is a person as a submission described them.
type knownPerson struct {
	name     string
	identity string // JSON
	erased   bool
}

// people returns the people who were named in accepted submissions, by pseudonym.
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

// aboutPerson sends a request about one person and returns the answer.
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

// Goal: each event type of the catalogue is in the log of a golden deployment. A new
// type needs a golden deployment of a new version; see the README.
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

// yetToFreeze lists the types that came after the latest golden deployment was frozen.
// Empty it when the next one is frozen.
var yetToFreeze = []events.Type{events.PostChangedType, events.HireChangedType, events.HireSuspendedType, events.HireResumedType,
	events.PaymentRejectedType, events.FundSurrenderedType, events.PersonIdentifiedType, events.DivisionsAdoptedType}

// Goal: the frozen views to come have a version that no program will reach, and tables
// that no version has.
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
