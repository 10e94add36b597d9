package deployment

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/projections"
	"github.com/muster-works/muster/projections/pgtest"
	"github.com/muster-works/muster/projections/runner"
)

// Goal: the store of the read model makes no difference to any answer. Method: a
// synthetic province is loaded and projected, as it grows, into PostgreSQL, and then
// rebuilt from its log in bulk into SQLite. Every question of the API is asked of both
// stores, page by page up to twenty. The answers must be the same, byte by byte.
// MUSTER_LONG=1 makes it a tenth of the province.
func TestStoresAnswerAlike(t *testing.T) {
	scale := 0.01
	if os.Getenv("MUSTER_LONG") != "" {
		scale = 0.1
	}
	ctx := t.Context()
	one := Config{Data: t.TempDir(), Store: pgtest.Database(t), Simulate: scale, Seed: 1}
	run(t, one, func(Addresses) {})
	other := one
	other.Store = t.TempDir()
	if _, err := Replay(ctx, other, ReplayOptions{}); err != nil {
		t.Fatal(err)
	}
	infra, err := one.openExisting(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer infra.close()
	var handlers []http.Handler
	for _, c := range []Config{one, other} {
		model, err := c.openReadModel(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer model.Close()
		// The deployment may have appended commits while it stopped.
		if err := runner.CatchUp(ctx, infra.log, model, "gen-000001", projections.Views(), runner.Options{}); err != nil {
			t.Fatal(err)
		}
		divisions, err := c.readEditions(ctx, infra.log)
		if err != nil {
			t.Fatal(err)
		}
		api, err := c.newQueryAPI(infra.log, divisions, model)
		if err != nil {
			t.Fatal(err)
		}
		handlers = append(handlers, api.Handler())
	}
	asked := 0
	ask := func(question string) (bodies []string) {
		for page := 0; question != "" && page < 20; page++ {
			a, b := get(t, handlers[0], question), get(t, handlers[1], question)
			if a.Body.String() != b.Body.String() || a.Code != http.StatusOK || b.Code != http.StatusOK {
				t.Errorf("%s: PostgreSQL %d, SQLite %d, beginning to differ at\n%.200s\n%.200s", question, a.Code, b.Code,
					after(a.Body.String(), b.Body.String()), after(b.Body.String(), a.Body.String()))
				return bodies
			}
			asked++
			bodies = append(bodies, a.Body.String())
			question, _, _ = strings.Cut(strings.TrimPrefix(a.Header().Get("Link"), "<"), ">")
		}
		return bodies
	}
	askAll(t, ask)
	t.Logf("%d answers at scale %v", asked, scale)
}

// askAll asks all questions that the test compares.
func askAll(t *testing.T, ask func(string) []string) {
	for _, when := range []string{"as_of=2022-05-10", "as_of=2022-03-31&known_at=2022-04-02", "as_of=2022-11-30&known_at=2022-12-01T08:00:00%2B08:00", ""} {
		for _, by := range []string{"", "division:prefecture,category", "division:county,group,sex", "kind,area", "division:township"} {
			ask("/v1/headcount?by=" + by + "&" + when)
		}
		ask("/v1/headcount?division=3702&by=division:county&" + when)
		ask("/v1/plan?" + when)
		ask("/v1/plan?division=3706&" + when)
		ask("/v1/funds?" + when)
		ask("/v1/vacancies?division=3711&" + when)
	}
	ask("/v1/headcount/series?from=2022-04-01&to=2022-06-30&by=division:prefecture")
	posts, persons := map[string]bool{}, map[string]bool{}
	for _, body := range ask("/v1/vacancies?as_of=2022-08-15") {
		for _, r := range rowsOf(t, body) {
			posts[r["post"].(string)] = true
		}
	}
	for _, month := range []string{"2022-05", "2022-09"} {
		for _, division := range []string{"370211", "371102", "3716"} {
			for _, body := range ask("/v1/payroll?month=" + month + "&division=" + division + "&limit=200") {
				for _, r := range rowsOf(t, body) {
					persons[r["person"].(string)] = true
				}
			}
		}
	}
	if len(posts) == 0 || len(persons) == 0 {
		t.Fatalf("no posts or no persons to ask for: %d, %d", len(posts), len(persons))
	}
	for i, p := range sorted(posts) {
		if i%(1+len(posts)/25) == 0 {
			ask("/v1/trail/posts/" + url.PathEscape(p))
		}
	}
	for i, p := range sorted(persons) {
		if i%(1+len(persons)/25) == 0 {
			ask("/v1/trail/persons/" + p)
		}
	}
	ask("/v1/trail/agencies/370211-rsj?limit=500")
}

func get(t *testing.T, h http.Handler, question string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, question, nil))
	return w
}

// after returns the rest of a from the first difference to b on.
func after(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return a[i:]
}

func rowsOf(t *testing.T, body string) []map[string]any {
	var answer struct {
		Rows []map[string]any `json:"rows"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(fmt.Errorf("%w: %.200s", err, body))
	}
	return answer.Rows
}

func sorted(set map[string]bool) []string {
	var all []string
	for s := range set {
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}
