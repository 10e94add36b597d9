package sheets

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-works/muster/events/layouttest"
)

// TestIDStoreLayout compares the file of ids with its frozen layout of the version in
// its title. An agency keeps the file for years, and without it rows get other ids. The
// lines of the file, and the ids of rows, depend on the key.
func TestIDStoreLayout(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ids")
	b, err := OpenIDStore(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(b.key, "0123456789abcdef0123456789abcdef")
	first := b.next([]byte("a person on a post"), []byte("one content"))
	gone := b.next([]byte("another row"), []byte("content"))
	gone.gone = true
	for _, c := range []IDRecord{first, gone} {
		if err := b.Put(c); err != nil {
			t.Fatal(err)
		}
	}
	second := b.next([]byte("a person on a post"), []byte("other content"))
	if err := b.Put(second); err != nil {
		t.Fatal(err)
	}
	ids := []string{b.hashedID("hire", []byte("natural"), true), b.hashedID("post", []byte("natural"), false), versionedID("h-1", 3)}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	layouttest.Check(t, layouttest.Form{Name: "book", Constant: "the number in sheets.bookTitle", Version: []int{1}},
		layouttest.Case{Name: "file", Text: string(file)}, layouttest.Case{Name: "ids", Text: strings.Join(ids, " ")})
	if !strings.HasPrefix(string(file), "muster-ids-1 ") {
		t.Error("the title has another version than the golden is frozen for")
	}
}
