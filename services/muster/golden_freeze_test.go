package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/deployment"
)

var freeze = flag.String("freeze", "", "freeze a golden deployment under this name, such as v2: see testdata/golden/README.md")

// erasedBy is the id of the hire whose person is erased.
const erasedBy = "h-e"

// TestFreeze makes a golden deployment of the program as it is now, from the
// submissions in the directory of the version, if the flag -freeze names one.
func TestFreeze(t *testing.T) {
	if *freeze == "" {
		t.Skip("nothing is to be frozen")
	}
	dir := filepath.Join(goldens, *freeze)
	if err := freezable(dir); err != nil {
		t.Fatal(err)
	}
	f := freezer{dir: dir, data: filepath.Join(t.TempDir(), "data")}
	f.fill(t)
	f.write(t, "log.ndjson", []byte(muster(t, "log", "cat", "--data", f.data)))
	f.ask(t)
	if err := archive(f.data, filepath.Join(dir, "data.tar.gz")); err != nil {
		t.Fatal(err)
	}
}

// freezable fails if the golden deployment exists already, or if there are no
// submissions to make it from.
func freezable(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "data.tar.gz")); err == nil {
		return fmt.Errorf("%s is frozen: what was left by a version stays as it was; freeze another name", dir)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "submissions", "*.ndjson")); err != nil || len(files) < 2 {
		return fmt.Errorf("%s has %d files of submissions, want 2 or more; copy those of the version before and add to them: %w", dir, len(files), errors.Join(err, fs.ErrNotExist))
	}
	return nil
}

// Goal: a golden deployment that is frozen stays as it is, and none is made out of
// nothing.
func TestFreezeRefusesWhatIsFrozen(t *testing.T) {
	for _, dir := range versions(t) {
		if err := freezable(dir); err == nil || !strings.Contains(err.Error(), "is frozen") {
			t.Errorf("%s: %v", dir, err)
		}
	}
	if err := freezable(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without submissions: %v", err)
	}
}

// A freezer makes a golden deployment.
type freezer struct{ dir, data string }

// run runs a deployment in this process while do runs. If after is not 0, snapshots are
// taken at the start once there are so many events.
func (f freezer) run(t *testing.T, after int, do func(url string)) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ready, ended := make(chan deployment.Addresses, 1), make(chan error, 1)
	go func() {
		ended <- deployment.Up(ctx, deployment.Config{
			Data: f.data, HTTP: "127.0.0.1:0", NATS: "127.0.0.1:0", FoldsAfter: after, Out: io.Discard, Logger: slog.New(slog.DiscardHandler),
		}, func(a deployment.Addresses) { ready <- a })
	}()
	select {
	case a := <-ready:
		do(a.HTTP)
	case err := <-ended:
		t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// fill submits all submissions. The last file follows after the snapshots were taken,
// so that the snapshots lie behind the log.
func (f freezer) fill(t *testing.T) {
	t.Helper()
	var receipts bytes.Buffer
	send := func(url, file string) {
		for _, r := range submit(t, url, file) {
			b, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			receipts.Write(append(b, '\n'))
			if r.ID == erasedBy {
				erase(t, url, r)
			}
		}
	}
	files := bodies(t, f.dir)
	f.run(t, 0, func(url string) {
		for _, file := range files[:len(files)-1] {
			send(url, file)
		}
	})
	f.run(t, 1, func(url string) {
		f.waitForFolds(t)
		send(url, files[len(files)-1])
	})
	f.write(t, "receipts.ndjson", receipts.Bytes())
	for pseudonym, who := range (golden{dir: f.dir}).people(t) {
		if !who.erased {
			f.run(t, 0, func(url string) {
				if status, body := aboutPerson(t, url, pseudonym, "reveal", `{"fields":["name"],"purpose":"golden"}`); status != 200 {
					t.Fatalf("reveal: %d %s", status, body)
				}
			})
			break
		}
	}
}

func erase(t *testing.T, url string, r events.Receipt) {
	t.Helper()
	if status, body := aboutPerson(t, url, r.Person.String(), "erase", `{"reason":"golden"}`); status != 200 {
		t.Fatalf("erase the person of %s: %d %s", r.ID, status, body)
	}
}

func (f freezer) waitForFolds(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		folds, err := filepath.Glob(filepath.Join(f.data, "folds", "*"))
		if err == nil && len(folds) == len(events.Boundaries()) && !strings.Contains(strings.Join(folds, " "), ".new") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("folds are %v, want one of each of %v: %v", folds, events.Boundaries(), err)
		}
	}
}

func (f freezer) write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// ask writes down what the deployment answers to questions about several days, as known
// at several instants.
func (f freezer) ask(t *testing.T) {
	t.Helper()
	g := golden(f)
	recorded := lines(t, string(g.file(t, "log.ndjson")))
	var list []question
	f.run(t, 0, func(url string) {
		for _, path := range g.questions(t, recorded[len(recorded)/2].RecordedTime) {
			list = append(list, question{path, answerTo(t, url, path)})
		}
	})
	b, err := json.Marshal(list, jsontext.Multiline(true), json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	f.write(t, "answers.json", append(b, '\n'))
}

// questions returns the questions that a golden deployment is asked.
func (g golden) questions(t *testing.T, before time.Time) (paths []string) {
	t.Helper()
	add := func(path string, parameters ...string) {
		q := url.Values{}
		for _, p := range parameters {
			name, value, _ := strings.Cut(p, "=")
			q.Set(name, value)
		}
		paths = append(paths, path)
		if len(q) > 0 {
			paths[len(paths)-1] += "?" + q.Encode()
		}
	}
	known := "known_at=" + before.UTC().Format(time.RFC3339Nano)
	for _, day := range []string{"as_of=2022-03-20", "as_of=2022-06-20", "as_of=2022-12-31"} {
		add("/v1/headcount", day, "by=division:township,category,kind,group,area,sex")
		add("/v1/plan", day)
		add("/v1/vacancies", day)
		add("/v1/funds", day)
	}
	for _, path := range []string{"/v1/headcount", "/v1/plan", "/v1/vacancies", "/v1/funds"} {
		add(path, "as_of=2022-06-20", known)
	}
	add("/v1/headcount/series", "from=2022-03-01", "to=2022-09-01", "by=sex")
	for _, month := range []string{"month=2022-03", "month=2022-04"} {
		add("/v1/payroll", month, "as_of=2022-12-31")
		add("/v1/agencies", month, "as_of=2022-12-31")
	}
	for _, pseudonym := range slices.Sorted(maps.Keys(g.people(t))) {
		add("/v1/trail/persons/" + pseudonym)
	}
	add("/v1/trail/posts/" + aPost)
	add("/v1/trail/posts/"+aPost, known)
	add("/v1/trail/agencies/370211-rsj")
	return paths
}

// archive packs a directory without the times and owners of its files. Only the owner
// of the archive may read it.
func archive(dir, file string) error {
	var b bytes.Buffer
	zip, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	to := tar.NewWriter(zip)
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		err = to.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Mode: 0o600, Size: int64(len(content))})
		if err == nil {
			_, err = to.Write(content)
		}
		return err
	})
	if err = errors.Join(err, to.Close(), zip.Close()); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o600)
}

// extract unpacks an archive.
func extract(file, dir string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	from := tar.NewReader(zip)
	for {
		h, err := from.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !filepath.IsLocal(h.Name) {
			return fmt.Errorf("%s: %s lies outside", file, h.Name)
		}
		content, err := io.ReadAll(from)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, h.Name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, content, 0o600)); err != nil {
			return err
		}
	}
}
