package events_test

import (
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

// An agency's programme that imports the contract gets the contract: no
// server, no driver, nothing but the packages named here. The list is of what
// is allowed, so that whatever is added has to be added here, too.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := strings.Fields(string(out))
	const own = "github.com/muster-works/muster/events"
	for _, dep := range deps {
		rest, ours := strings.CutPrefix(dep, own)
		switch {
		case ours && slices.Contains([]string{"", "/civil", "/division", "/idnumber", "/log", "/policy"}, rest):
		case dep == "github.com/google/uuid":
		case strings.HasPrefix(dep, "github.com/go-json-experiment/json"):
		default:
			t.Errorf("importing %s pulls in %s", path.Base(own), dep)
		}
	}
	if len(deps) < 8 {
		t.Errorf("go list names only %v", deps)
	}
}
