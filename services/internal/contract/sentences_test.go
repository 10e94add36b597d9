package contract_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// Goal: no refusal is said in English alone. Method: the source of the three modules is
// read. A sentence of events.Say whose English form has words must have a Chinese one that
// has Chinese characters, and a Reason must be made of such a sentence.
func TestSentencesAreChineseToo(t *testing.T) {
	sentences := 0
	for _, module := range []string{"../../../events", "../..", "../../../projections"} {
		err := filepath.WalkDir(module, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if name := types.ExprString(n.Fun); (name == "events.Say" || name == "Say") && len(n.Args) >= 2 {
						sentences++
						if hasWords(n.Args[0]) && !isChinese(n.Args[1]) {
							t.Errorf("%s: has no Chinese form: %s", files.Position(n.Pos()), types.ExprString(n.Args[0]))
						}
					}
				case *ast.CompositeLit:
					if n.Type != nil && types.ExprString(n.Type) == "events.Reason" && len(n.Elts) > 0 {
						t.Errorf("%s: make the reason with events.ReasonOf, of a sentence in both languages", files.Position(n.Pos()))
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if sentences < 150 {
		t.Errorf("only %d sentences were found", sentences)
	}
}

// verb matches a verb of package fmt, such as %[2]s.
var verb = regexp.MustCompile(`%(\[\d+\])?[a-z0-9]*[a-zA-Z]`)

// hasWords reports whether a form of a sentence holds words beside its operands.
func hasWords(form ast.Expr) bool {
	return strings.ContainsFunc(verb.ReplaceAllString(literals(form), ""), unicode.IsLetter)
}

// isChinese reports whether a form of a sentence holds Chinese characters. A form that is
// not written as a literal is left to the tests of those who make it.
func isChinese(form ast.Expr) bool {
	text := literals(form)
	return text == "" || strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// literals returns all string literals of an expression, one after the other.
func literals(e ast.Expr) (all string) {
	ast.Inspect(e, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			all += strings.Trim(l.Value, "\"`")
		}
		return true
	})
	return all
}
