package events_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
)

// Goal: the tables and examples of the README agree with the code.
// Method: the README is generated again and compared. The flag -update writes it.
func TestReadme(t *testing.T) {
	was, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	pkg, examples := parsed(t)
	now := was
	for mark, body := range map[string]string{
		"types": typeTable(t, pkg), "codes": codeTable(pkg), "program": examples["example"], "life": examples["life"],
	} {
		begin, end := []byte("<!-- "+mark+" -->\n"), []byte("<!-- end of "+mark+" -->")
		before, rest, ok1 := bytes.Cut(now, begin)
		_, after, ok2 := bytes.Cut(rest, end)
		if !ok1 || !ok2 || body == "" {
			t.Fatalf("README.md has no place for the %s, or there are none", mark)
		}
		now = slices.Concat(before, begin, []byte(body), end, after)
	}
	if bytes.Equal(now, was) {
		return
	}
	if !*update {
		t.Fatal("README.md is behind the source; go test -run TestReadme -update writes it anew")
	}
	if err := os.WriteFile("README.md", now, 0o644); err != nil {
		t.Fatal(err)
	}
}

// parsed returns the documentation of the package, and the parts of its examples that
// the README shows, by marker.
func parsed(t *testing.T) (*doc.Package, map[string]string) {
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, path := range paths {
		if name := filepath.Base(path); strings.HasSuffix(name, "_test.go") && name != "example_test.go" {
			continue
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	pkg, err := doc.NewFromFiles(fset, files, "github.com/muster-works/muster/events")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for _, e := range pkg.Examples {
		name := e.Suffix
		if name == "" {
			body := e.Code.(*ast.BlockStmt)
			code := source[fset.Position(body.Lbrace).Offset+2 : fset.Position(body.Rbrace).Offset]
			code, _, _ = bytes.Cut(code, []byte("\t// Output:"))
			shown["example"] = fence("go", strings.ReplaceAll("\n"+string(code), "\n\t", "\n")[1:])
			continue
		}
		shown[name] = fence("text", e.Output)
	}
	return pkg, shown
}

func fence(language, body string) string {
	return "```" + language + "\n" + strings.TrimSpace(body) + "\n```\n"
}

// typeTable returns the table of event types, with the members that a submission must
// have.
func typeTable(t *testing.T, pkg *doc.Package) string {
	list, err := os.ReadFile("testdata/v1/required")
	if err != nil {
		t.Fatal(err)
	}
	must := map[string][]string{}
	for line := range strings.Lines(string(list)) {
		f := strings.Fields(line)
		member := f[1]
		if reported := f[len(f)-1]; strings.HasSuffix(reported, "person") {
			member = reported // the identity may stand in its place
		}
		member = anyIndex.ReplaceAllString(strings.TrimPrefix(member, "data."), "[]")
		inner := strings.TrimPrefix(member, "lines[].")
		if member == "lines" || strings.Contains(inner, ".") || slices.Contains(must[f[0]], member) {
			continue // a member of a line implies it, or it is required only within an optional member
		}
		must[f[0]] = append(must[f[0]], member)
	}
	for _, members := range must {
		slices.Sort(members)
	}
	var b strings.Builder
	b.WriteString("| type | family | boundary | what it says | required in data |\n|---|---|---|---|---|\n")
	for _, typ := range events.Types() {
		name := strings.TrimPrefix(fmt.Sprintf("%T", events.New(typ)), "*events.")
		at := slices.IndexFunc(pkg.Types, func(t *doc.Type) bool { return t.Name == name })
		if at < 0 {
			t.Fatalf("%s is not documented", name)
		}
		says := strings.TrimPrefix(pkg.Synopsis(pkg.Types[at].Doc), name+" ")
		family, boundary := "the event's own", ""
		if f := typ.Family(); f != "" {
			family, boundary = string(f), f.Boundary()
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", typ, family, boundary, says, strings.Join(must[string(typ)], ", "))
	}
	return b.String()
}

// codeTable returns the table of codes, with the comments of the source.
func codeTable(pkg *doc.Package) string {
	var b strings.Builder
	b.WriteString("| code | means |\n|---|---|\n")
	for _, typ := range pkg.Types {
		if typ.Name != "Code" {
			continue
		}
		for _, spec := range typ.Consts[0].Decl.Specs {
			v := spec.(*ast.ValueSpec)
			code := strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`)
			fmt.Fprintf(&b, "| `%s` | %s |\n", code, strings.TrimSpace(v.Comment.Text()))
		}
	}
	return b.String()
}
