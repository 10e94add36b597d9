package timeline

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"testing"
)

// tags returns the names of the constants of type Tag, by their numbers.
func tags(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "fact.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"none"}
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			if typ, ok := v.Type.(*ast.Ident); ok && typ.Name == "Tag" {
				names = append(names, v.Names[0].Name)
			}
		}
		return true
	})
	return names
}

// Goal: the table of facts is complete, and the timelines read what it says that they
// do. Method: every constant of type Tag must have a row of its number; a fact of that
// tag, made of zero bytes of some length, is read by a timeline exactly when the row
// says that such facts lie in it.
func TestFactTable(t *testing.T) {
	names := tags(t)
	if len(names) != len(facts) {
		t.Fatalf("%d tags, %d rows", len(names)-1, len(facts)-1)
	}
	for tag := Tag(1); int(tag) < len(facts); tag++ {
		row := facts[tag]
		if row == (factRow{}) {
			t.Errorf("%s has no row", names[tag])
		}
		if row.ofPerson && !row.post || (row.ofRun || row.ofPost) && !row.person {
			t.Errorf("%s has numbers in a timeline in which it does not lie", names[tag])
		}
		for _, c := range []struct {
			timeline string
			want     bool
			read     func(fact []byte) bool // a tag and what follows
		}{
			{"post", row.post, func(b []byte) bool { _, err := ReadPost(append([]byte{1}, b...), Head); return err == nil }},
			{"plan", row.plan, func(b []byte) bool {
				_, err := ReadPlan(PlanKey{}, append([]byte{1}, b...), Head)
				return err == nil
			}},
			{"person", row.person, func(b []byte) bool { return new(Person).read(b, 1) }},
		} {
			read := slices.ContainsFunc(lengths, func(n int) bool {
				return c.read(append([]byte{byte(tag)}, make([]byte, n)...))
			})
			if read != c.want {
				t.Errorf("%s is read by the timeline of a %s: %v, want %v", names[tag], c.timeline, read, c.want)
			}
		}
	}
}

// lengths are how many bytes a fact may have: none takes more.
var lengths = func() (all []int) {
	for n := range 40 {
		all = append(all, n)
	}
	return all
}()
