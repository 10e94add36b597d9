package access

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
)

// The page describes each member, right, role and service that there is, and
// its example is a file that is taken.
func TestFormatPage(t *testing.T) {
	page, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```json\n")
	example, described, _ := strings.Cut(rest, "```")
	f := mustRead(t, example)
	if len(f.Agencies) != 2 || len(f.Readers) != 1 {
		t.Errorf("the example has %+v", f)
	}
	var words []string
	for _, typ := range []reflect.Type{reflect.TypeFor[Agency](), reflect.TypeFor[Reader](), reflect.TypeFor[Token](), reflect.TypeFor[Quota](), reflect.TypeFor[agencyBefore]()} {
		words = append(words, members(typ)...)
	}
	words = append(words, strings.Split(join(Rights)+", "+join(Roles), ", ")...)
	for _, w := range words {
		if !strings.Contains(described, "`"+w+"`") {
			t.Errorf("FORMAT.md does not describe %s", w)
		}
	}
	_, row, _ := strings.Cut(described, "services it may submit to, of ")
	row, _, _ = strings.Cut(row, ";")
	var named []events.Family
	for _, s := range strings.Split(strings.ReplaceAll(row, " and ", ", "), ", ") {
		named = append(named, events.Family(s))
	}
	want := Services()
	slices.Sort(named)
	slices.Sort(want)
	if !slices.Equal(named, want) {
		t.Errorf("FORMAT.md names the services %v, and there are %v", named, want)
	}
}
