package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// repository is its root folder, seen from this package.
const repository = "../.."

var (
	linkTarget = regexp.MustCompile(`\]\(([^)#\s]+)(?:#[^)]*)?\)`)
	codePath   = regexp.MustCompile("`((?:events|projections|services|deploy|\\.ci)(?:/[A-Za-z0-9_.-]+)+)/?`")
)

// Goal: a page never sends its reader to a file that is not there.
// Method: in every Markdown page of the repository, the target of each relative link
// and each path in backquotes that begins with a module's folder must exist.
func TestPapersNameFilesThatExist(t *testing.T) {
	pages := 0
	err := filepath.WalkDir(repository, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "testdata" || entry.Name() == "node_modules" || entry.Name() == "muster-data"):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		pages++
		return checkPaper(t, path)
	})
	if err != nil {
		t.Fatal(err)
	}
	if pages < 10 {
		t.Errorf("only %d pages were found", pages)
	}
}

func checkPaper(t *testing.T, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	exists := func(named, at string) {
		if _, err := os.Stat(at); err != nil {
			t.Errorf("%s names %s, which is not there", path, named)
		}
	}
	for _, m := range linkTarget.FindAllStringSubmatch(string(text), -1) {
		if !strings.Contains(m[1], "://") && !strings.HasPrefix(m[1], "mailto:") {
			exists(m[1], filepath.Join(filepath.Dir(path), m[1]))
		}
	}
	for _, m := range codePath.FindAllStringSubmatch(string(text), -1) {
		if strings.ContainsAny(m[1], "*{") {
			continue
		}
		exists(m[1], filepath.Join(repository, m[1]))
	}
	return nil
}
