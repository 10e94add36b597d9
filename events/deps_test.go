package events_test

import (
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// Goal: a programme that imports the contract links no server and no driver.
// Method: the dependencies of the package are compared with a list of those allowed.
// A new dependency must be added to the list deliberately.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}} {{.Standard}}", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	const own = "github.com/muster-works/muster/events"
	deps := 0
	for line := range strings.Lines(string(out)) {
		dep, standard, _ := strings.Cut(strings.TrimSpace(line), " ")
		rest, ours := strings.CutPrefix(dep, own)
		deps++
		switch {
		case standard == "true" && !slices.Contains([]string{"net/http", "database/sql", "crypto/tls"}, dep):
		case ours && slices.Contains([]string{"", "/civil", "/division", "/idnumber", "/internal/canonical", "/log", "/policy"}, rest):
		case dep == "github.com/google/uuid":
		case dep == "golang.org/x/text/unicode/norm" || dep == "golang.org/x/text/transform": // the form NFC of names
		case strings.HasPrefix(dep, "github.com/go-json-experiment/json"):
		default:
			t.Errorf("importing %s pulls in %s", path.Base(own), dep)
		}
	}
	if deps < 50 {
		t.Errorf("go list names only %d packages:\n%s", deps, out)
	}
}
