package query_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden answers anew")

// Each question of the files in testdata has the answer that stands below it.
// Read them: they were checked by hand.
func TestGoldenAnswers(t *testing.T) {
	golden(t, "testdata/answers.txt", programme(t))
	golden(t, "testdata/money.txt", payday(t))
	golden(t, "testdata/late.txt", late(t))
}

func golden(t *testing.T, file string, w *world) {
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for line := range strings.Lines(string(want)) {
		accept, url, ok := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case strings.HasPrefix(line, "#"):
			got.WriteString(line)
		case ok && (accept == "json" || accept == "csv"):
			fmt.Fprintf(&got, "%s%s\n", line, answerOf(t, w, accept, url))
		}
	}
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("other answers than in %s:\n%s", file, lineDiff(string(want), got.String()))
	}
}

func answerOf(t *testing.T, w *world, accept, url string) string {
	if accept == "csv" {
		rec := w.get(url, "text/csv")
		return fmt.Sprintf("%d %s\n%s\n%s", rec.Code, rec.Header().Get("Content-Type"), stateHash.ReplaceAllString(rec.Header().Get("Muster-Origin"), `"state":"…"`), indent(rec.Body.String()))
	}
	rec := w.get(url, "application/json")
	answer := stateHash.ReplaceAllString(rec.Body.String(), `"state":"…"`)
	link := rec.Header().Get("Link")
	if link != "" {
		link += "\n"
	}
	return fmt.Sprintf("%d %s\n%s%s\n", rec.Code, rec.Header().Get("Content-Type"), link, lines.Replace(answer))
}

// stateHash is left out of golden answers: it changes with every packed form.
var stateHash = regexp.MustCompile(`"state":"[0-9a-f]{64}"`)

// lines puts each row of an answer on a line of its own.
var lines = strings.NewReplacer(`"rows":[{`, "\n\"rows\":[\n {", `"events":[{`, "\n\"events\":[\n {", `},{"`, "},\n {\"")

// indent keeps lines of CSV from being taken for questions.
func indent(s string) string {
	return " " + strings.ReplaceAll(strings.TrimSuffix(s, "\n"), "\n", "\n ") + "\n"
}

func lineDiff(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		x, y := "", ""
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return fmt.Sprintf("line %d\n- %s\n+ %s", i+1, x, y)
		}
	}
	return ""
}
