package truncation

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
)

// FuzzFile gives Watch files of any content. Watch accepts a file or returns an error,
// and the file that it leaves after it accepted one is accepted by the next run.
func FuzzFile(f *testing.F) {
	for _, s := range []string{`{"log":"embedded","position":"1-0","commit":"a"}`, `{"log":"embedded","position":"2-0","commit":"a"}`, `{"log":"other","position":"9-0","commit":"b"}`,
		`{"log":"embedded"}`, `{"log":"embedded","position":"x"}`, "", "{", "null"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		l := memlog.New()
		if _, _, err := l.Append(t.Context(), log.Commit{ID: "a", Boundary: "placement", Events: [][]byte{[]byte("{}")}}, 0); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "log.seen")
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		w, err := Watch(t.Context(), l, "embedded", file)
		if err != nil {
			return
		}
		for _, err := range w.Read(t.Context(), log.Position{}, log.Filter{}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.save(); err != nil {
			t.Fatal(err)
		}
		close(w.quit)
		w.done.Wait()
		again, err := Watch(t.Context(), l, "embedded", file)
		if err != nil {
			t.Fatalf("after %q: %v", content, err)
		}
		close(again.quit)
		again.done.Wait()
	})
}
