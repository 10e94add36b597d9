package main

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-json-experiment/json"
)

// Goal: the log of a whole province that a version before contract 1.1 simulated means what it meant:
// every answer that version gave is given again.
// Method: the frozen log and vault are opened without views, and the views are rebuilt. If a later version
// corrects an answer on purpose, its author leaves that answer out here and writes down why.
func TestGoldenProvince(t *testing.T) {
	dir, data := filepath.Join(goldens, "province"), filepath.Join(t.TempDir(), "data")
	if err := extract(filepath.Join(dir, "data.tar.gz"), data); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "answers.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var questions []question
	if err := json.UnmarshalRead(z, &questions); err != nil || len(questions) == 0 {
		t.Fatalf("%d questions, %v", len(questions), err)
	}
	i := up(t, data)
	for _, q := range questions {
		if difference := differs("", q.Answer, answerTo(t, i.HTTP, q.Path)); difference != "" {
			t.Errorf("%s: %s", q.Path, difference)
		}
	}
}
