package contract_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write what is generated anew")

// fresh fails if the text between two marks of a file is not want. With -update it writes
// want there.
func fresh(t *testing.T, path, mark, want string) {
	t.Helper()
	is, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := []byte("<!-- "+mark+" -->\n"), []byte("<!-- end of "+mark+" -->")
	before, rest, ok1 := bytes.Cut(is, begin)
	_, after, ok2 := bytes.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the %s", path, mark)
	}
	now := slices.Concat(before, begin, []byte(want), end, after)
	if bytes.Equal(now, is) {
		return
	}
	if !*update {
		t.Fatalf("%s is behind the source; go test ./services/internal/contract -update writes it anew", path)
	}
	if err := os.WriteFile(path, now, 0o644); err != nil {
		t.Fatal(err)
	}
}

// freshFile fails if a file is not want as indented JSON. With -update it writes the file.
func freshFile(t *testing.T, path string, want any) {
	t.Helper()
	text, err := json.MarshalIndent(want, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	is, err := os.ReadFile(path)
	switch {
	case err == nil && bytes.Equal(is, text):
	case !*update:
		t.Fatalf("%s is behind the code; go test ./services/internal/contract -update writes it anew", path)
	default:
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
