package contract_test

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
)

// A meaning is a code of a refusal with its meaning, as a comment gives it.
type meaning struct{ code, says string }

// TestCodes fails if the table of codes in the README differs from the comments of the
// services and from codes.zh.txt, or if a code has no comment or no meaning in Chinese.
func TestCodes(t *testing.T) {
	givers, declared := codes(t)
	given := map[string]bool{}
	for m := range givers {
		given[m.code] = true
	}
	for code, where := range declared {
		if !given[code] {
			t.Errorf("%s: the code %s is in no package comment and has none of its own", where, code)
		}
	}
	for code := range given {
		if declared[code] == "" && !strings.HasPrefix(code, "(") {
			t.Errorf("a comment tells of the code %s, which is declared nowhere", code)
		}
	}
	var b strings.Builder
	chinese := chineseMeanings(t)
	b.WriteString("| code | of | means | 含义 |\n|---|---|---|---|\n")
	for _, m := range slices.SortedFunc(maps.Keys(givers), func(a, b meaning) int {
		return cmp.Or(strings.Compare(a.code, b.code), strings.Compare(a.says, b.says))
	}) {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", quoted(m.code), strings.Join(givers[m], ", "), m.says, chinese[m.code])
		if chinese[m.code] == "" {
			t.Errorf("%s has no line for the code %s", chineseFile, m.code)
		}
	}
	for code := range chinese {
		if !given[code] {
			t.Errorf("%s has a line for the code %s, which is declared nowhere", chineseFile, code)
		}
	}
	fresh(t, "../../README.md", "codes", b.String())
}

// chineseFile holds what the codes mean in Chinese.
const chineseFile = "codes.zh.txt"

// chineseMeanings returns the meanings of chineseFile by code.
func chineseMeanings(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(chineseFile)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if code, says, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			if all[code] != "" {
				t.Errorf("%s: the code %s stands twice", chineseFile, code)
			}
			all[code] = says
		}
	}
	return all
}

// quoted returns a code as the table has it.
func quoted(code string) string {
	if strings.HasPrefix(code, "(") {
		return code
	}
	return "`" + code + "`"
}

// listed matches a code and its meaning in a package comment.
var listed = regexp.MustCompile(`(?m)^\t([a-z_]+|\(.+?\)) {2,}(.+)$`)

// literal matches a code that is written as a string in place of a constant. In package
// sheets the field comes first.
var (
	literal       = regexp.MustCompile(`(Refusal\(|ReasonOf\(|(newProblem|problem\.New)\([^,]+, |[Cc]ode: |\.(refuse|add|once|contradiction)\()"[a-z_]+"`)
	literalSheets = regexp.MustCompile(`(Refusal\(|ReasonOf\(|[Cc]ode: |\.refuse\([^,]+, )"[a-z_]+"`)
)

// codes reads the source of the services and of the contract. givers has who gives each code, and
// declared has the folder that declares it.
func codes(t *testing.T) (givers map[meaning][]string, declared map[string]string) {
	t.Helper()
	givers, declared = map[meaning][]string{}, map[string]string{}
	read := func(dir, who string) {
		for _, file := range sources(t, dir) {
			if file.Doc != nil {
				for _, m := range listed.FindAllStringSubmatch(file.Doc.Text(), -1) {
					give(givers, meaning{m[1], m[2]}, who)
				}
			}
			for _, c := range constants(file) {
				declared[c.code] = dir
				if c.says != "" {
					give(givers, c, who)
				}
			}
		}
	}
	for _, f := range append([]events.Family{events.Gateway}, events.Families[:len(events.Families)-1]...) {
		for _, dir := range packages(t, "../../"+string(f)) {
			read(dir, string(f))
		}
	}
	read("../command", "every service")
	read("../horizon", "post, hire, exit, training, attendance, payment, registry")
	read("../../../events", "the contract")
	for _, c := range shared(t) { // their meanings are in the comments of the services that give them
		declared[c.code] = "../placement"
	}
	return givers, declared
}

// packages lists the folders with source in and under a folder.
func packages(t *testing.T, root string) (dirs []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if dir := filepath.Dir(path); err == nil && strings.HasSuffix(path, ".go") && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

// shared returns the codes that several services give.
func shared(t *testing.T) (all []meaning) {
	for _, file := range sources(t, "../placement") {
		all = append(all, constants(file)...)
	}
	return all
}

// give adds a package to those that give a code.
func give(givers map[meaning][]string, m meaning, who string) {
	if !slices.Contains(givers[m], who) {
		givers[m] = append(givers[m], who)
	}
}

// constants returns the codes that a file declares, with the comments at the end of their lines.
func constants(file *ast.File) (all []meaning) {
	for _, decl := range file.Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.CONST {
			continue
		}
		for _, spec := range d.Specs {
			v := spec.(*ast.ValueSpec)
			name := "Code" // in package events
			if file.Name.Name != "events" {
				name = "events.Code"
			}
			if v.Type == nil || types.ExprString(v.Type) != name {
				continue
			}
			code := strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`)
			all = append(all, meaning{code, strings.TrimSpace(v.Comment.Text())})
		}
	}
	return all
}

// sources parses the Go files of a folder, without its tests.
func sources(t *testing.T, dir string) (files []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no source in %s: %v", dir, err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// TestCodesAreConstants fails if a code is written as a string where it is used, since the
// table would lack it, and if a package declares codes that TestCodes does not read.
func TestCodesAreConstants(t *testing.T) {
	_, declared := codes(t)
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		form := literal
		if strings.Contains(path, "/sheets/") {
			form = literalSheets
		}
		for _, at := range form.FindAll(source, -1) {
			t.Errorf("%s: %s…: make it a constant", path, at)
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.ParseComments)
		if err != nil {
			return err
		}
		for _, c := range constants(file) {
			if declared[c.code] == "" {
				t.Errorf("%s declares the code %s and is not read for the table", path, c.code)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
