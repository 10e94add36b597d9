package query_test

import (
	"encoding/csv"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-works/muster/projections/query"
	"github.com/muster-works/muster/projections/query/question"
)

var operationID = regexp.MustCompile(`^[a-z][A-Za-z]+$`)

// Goal: every question says all that routes, checks and the OpenAPI document are made
// from, and is served as it says. Method: walk the questions, look at each declaration,
// and ask each over HTTP.
func TestQuestions(t *testing.T) {
	w := programme(t)
	ids, paths := map[string]bool{}, map[string]bool{}
	for _, q := range query.Questions() {
		t.Run(q.ID, func(t *testing.T) {
			if !operationID.MatchString(q.ID) || ids[q.ID] || paths[q.Path] {
				t.Errorf("the id %q or the path %q is none, or of another question, too", q.ID, q.Path)
			}
			ids[q.ID], paths[q.Path] = true, true
			if q.Summary == "" || !strings.HasSuffix(q.Answers, ".") || q.Answer == nil || q.Ask == nil {
				t.Errorf("it lacks a summary, a sentence on its answer, the type of the answer, or Ask: %+v", q)
			}
			checkParameters(t, w, q)
			checkTable(t, w, q)
		})
	}
}

// checkParameters holds the parameters to their description, and the check of requests
// to the parameters.
func checkParameters(t *testing.T, w *world, q question.Question) {
	var names []string
	for _, p := range q.Parameters() {
		if p.Name == "" || p.About == "" || slices.Contains(names, p.Name) {
			t.Errorf("parameter %+v has no name, has another's, or says nothing", p)
		}
		if p.Name == "limit" && (p.Default < 1 || p.Most < p.Default) {
			t.Errorf("limit %+v", p)
		}
		names = append(names, p.Name)
	}
	if !slices.Contains(names, "at_least") || slices.Contains(names, "cursor") != slices.Contains(names, "limit") {
		t.Errorf("it takes %v", names)
	}
	_, pages := q.Answer.(question.Pager)
	if paged := slices.Contains(names, "cursor"); paged && !pages {
		t.Errorf("it takes a cursor, and the answer %T names no next page", q.Answer)
	}
	if p := w.refused(exampleOf(q) + "&nonsense=1"); p.Detail != "nonsense: is not a parameter of this question; it takes "+strings.Join(names, ", ") {
		t.Errorf("a parameter that it does not take: %+v", p)
	}
	for _, p := range q.Parameters() {
		if without := exampleWithout(q, p.Name); p.Required {
			if refused := w.refused(without); !strings.HasPrefix(refused.Detail, p.Name+": is required") {
				t.Errorf("without %s, which is required: %+v", p.Name, refused)
			}
		} else if rec := w.get(without, ""); rec.Code != http.StatusOK {
			t.Errorf("without %s: %d %s", p.Name, rec.Code, rec.Body)
		}
	}
}

// checkTable holds the rows of CSV to the columns. Columns are there without rows, too.
func checkTable(t *testing.T, w *world, q question.Question) {
	var names []string
	for _, c := range q.Answer.Table().Columns {
		if c.Name == "" || slices.Contains(names, c.Name) {
			t.Errorf("column %q has no name or another's", c.Name)
		}
		names = append(names, c.Name)
	}
	rec := w.get(exampleOf(q), "text/csv")
	rows, err := csv.NewReader(rec.Body).ReadAll() // fails if rows differ in length
	if err != nil || len(rows) < 1 || len(names) == 0 || !slices.Equal(rows[0][len(rows[0])-len(names):], names) {
		t.Errorf("as CSV: %v %q, want the columns %q", err, rows, names)
	}
}

// exampleOf returns a URL that asks a question of the programme.
func exampleOf(q question.Question) string { return exampleWithout(q, "") }

// exampleWithout leaves a parameter out.
func exampleWithout(q question.Question, left string) string {
	values := map[string]string{"as_of": "2022-06-01", "month": "2022-05", "from": "2022-05-01", "to": "2022-05-02"}
	params := url.Values{}
	for _, p := range q.Parameters() {
		if values[p.Name] != "" && p.Name != left {
			params.Set(p.Name, values[p.Name])
		}
	}
	path := strings.NewReplacer("persons/{id}", "persons/"+person(1).String(), "posts/{id}", "posts/b", "agencies/{id}", "agencies/rsj", "events/{id}", "events/4-0").Replace(q.Path)
	return "/v1/" + path + "?" + params.Encode()
}

// Goal: a question that is declared and not listed turns this test red. Method: the ids
// of all declarations in the source are those of the list.
func TestEveryQuestionIsListed(t *testing.T) {
	var listed []string
	for _, q := range query.Questions() {
		listed = append(listed, q.ID)
	}
	declared := declaredIDs(t)
	slices.Sort(listed)
	slices.Sort(declared)
	if !slices.Equal(declared, listed) {
		t.Errorf("declared\n%q\nlisted by the methods Questions\n%q", declared, listed)
	}
}

// declaredIDs reads the source of the packages of questions.
func declaredIDs(t *testing.T) (ids []string) {
	t.Helper()
	files, err := filepath.Glob("*/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source: %v", err)
	}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if literal, ok := n.(*ast.CompositeLit); ok && isQuestion(literal) {
				ids = append(ids, idOf(t, path, literal))
			}
			return true
		})
	}
	return ids
}

func isQuestion(literal *ast.CompositeLit) bool {
	of, ok := literal.Type.(*ast.SelectorExpr)
	return ok && of.Sel.Name == "Question" && len(literal.Elts) > 0
}

func idOf(t *testing.T, path string, literal *ast.CompositeLit) string {
	for _, e := range literal.Elts {
		member, ok := e.(*ast.KeyValueExpr)
		if !ok || member.Key.(*ast.Ident).Name != "ID" {
			continue
		}
		if text, ok := member.Value.(*ast.BasicLit); ok {
			id, err := strconv.Unquote(text.Value)
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
	}
	t.Fatalf("%s declares a question whose ID is no literal", path)
	return ""
}
