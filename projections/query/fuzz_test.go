package query_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Goal: no request makes the instance fail. Each is answered, or refused with a problem
// that gives a reason.
func FuzzQuestion(f *testing.F) {
	w := programme(f)
	for _, s := range [][2]string{
		{"headcount", "as_of=2022-05-10&by=division:county,sex&limit=1"}, {"headcount", "as_of=2022-02-30"}, {"headcount", "by=division:prefecture&cursor=1.2.3.4"},
		{"headcount/series", "from=2022-05-01&to=2022-05-02&known_at=2022-05-10"}, {"plan", "known_at=2022-06-20T10:00:00%2B08:00"},
		{"vacancies", "division=370211102231&limit=1"}, {"payroll", "month=2022-05"}, {"funds", "division=37"}, {"agencies", "month=2022-05"},
		{"trail/persons/" + person(1).String(), ""}, {"trail/posts/b", "limit=1"}, {"trail/agencies/rsj", ""}, {"trail/events/4-1", ""}, {"projections", "at_least=1-0"}, {"findings", "a=%zz;b"}, {"trail/agencies/r", "~e\x8b=1"}, {"plan", "370211196501010014=1"},
	} {
		f.Add(s[0], s[1], "")
		f.Add(s[0], s[1], "text/csv")
	}
	f.Fuzz(func(t *testing.T, path, query, accept string) {
		if q, err := url.ParseQuery(query); err == nil && q.Get("at_least") > "1" {
			t.Skip("it would be waited for")
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/v1/", nil)
		r.URL.Path, r.URL.RawQuery = "/v1/"+path, query
		r.Header.Set("Accept", accept)
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		switch {
		case rec.Code >= 500:
			t.Errorf("%s?%s: %d %s", path, query, rec.Code, rec.Body)
		case rec.Header().Get("Content-Type") == "application/problem+json":
			var p refusal
			if err := json.Unmarshal(rec.Body.Bytes(), &p, json.MatchCaseInsensitiveNames(true)); err != nil || p.Detail == "" || p.Status != rec.Code {
				t.Errorf("%s?%s: %d %s", path, query, rec.Code, rec.Body)
			}
		case rec.Header().Get("Content-Type") == "application/json" && !jsontext.Value(rec.Body.Bytes()).IsValid():
			t.Errorf("%s?%s: %s", path, query, rec.Body)
		}
	})
}
