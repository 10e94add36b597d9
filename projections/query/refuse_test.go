package query_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/go-json-experiment/json"
)

type refusal struct {
	Status              int
	Title, Detail, Code string
}

func (w *world) refused(url string) refusal {
	w.t.Helper()
	var p refusal
	rec := w.get(url, "text/csv") // a problem is JSON whatever was asked for
	if err := json.Unmarshal(rec.Body.Bytes(), &p, json.MatchCaseInsensitiveNames(true)); err != nil {
		w.t.Fatalf("%s: %d %s", url, rec.Code, rec.Body)
	}
	if got := rec.Header().Get("Content-Type"); got != "application/problem+json" || p.Status != rec.Code {
		w.t.Errorf("%s: status %d in an answer of %d, content type %s", url, p.Status, rec.Code, got)
	}
	return p
}

// Every parameter that is wrong is refused with 400 and a sentence that begins
// with its name.
func TestBadParameters(t *testing.T) {
	w := programme(t)
	urls := map[string]string{ // by question
		"headcount": "/v1/headcount", "series": "/v1/headcount/series", "plan": "/v1/plan", "vacancies": "/v1/vacancies",
		"event": "/v1/trail/events/4-1", "person": "/v1/trail/persons/" + person(1).String(), "post": "/v1/trail/posts/b", "agency": "/v1/trail/agencies/rsj",
		"agencies": "/v1/agencies", "projections": "/v1/projections", "payroll": "/v1/payroll", "funds": "/v1/funds",
	}
	with := func(question, parameter, value string) string {
		params := url.Values{}
		if question == "series" {
			params = url.Values{"from": {"2022-05-01"}, "to": {"2022-05-02"}}
		}
		if question == "payroll" {
			params = url.Values{"month": {"2022-05"}}
		}
		if parameter != "" {
			params.Set(parameter, value)
		}
		return urls[question] + "?" + params.Encode()
	}
	clocks := "headcount plan vacancies payroll funds agencies"
	bad := []struct{ questions, parameter, values string }{
		{clocks, "as_of", "2022-02-30 2022-13-01 22-01-01 today 2022-05-10T00:00:00Z 1899-12-31 2200-01-01"},
		{clocks + " series person post agency event", "known_at", "yesterday 2022-06-31 2022-06-20T10:00:00 2022-06-20T25:00:00Z 0001-01-01T00:00:00Z 9999-01-01T00:00:00Z"},
		{clocks + " series person post agency projections", "at_least", "head 1-x -1 1.2.3 99999999999999999999"},
		{clocks + " series", "division", "3 370 37021 3702111 37021110223 3702111022311 37x2 青岛"},
		{"headcount series", "by", "age division division: division:country category,category category, ,sex division:county,division:township Sex sex;group"},
		{"series", "from", "2022-05-32 May 2022-05-01T00:00:00Z"},
		{"series", "to", "2022-04-30 2032-05-08 x"},
		{"payroll agencies", "month", "2022-13 2022 2022-05-01 May 1899-12"},
		{"agencies", "division", "370211102 370211102231 3 x"},
		{"payroll vacancies person post agency", "limit", "0 -1 1001 ten 1.5"},
		{"headcount series payroll vacancies person post agency", "cursor", "1 x.y 1.2.3.4 -1.0.1 9999999.0.1 1.!.2"},
		{"series person post agency event projections", "as_of", "2022-05-10"},
		{"person post agency projections", "division", "37"},
		{"projections", "known_at", "2022-05-10"},
		{"plan vacancies payroll funds person post agency projections", "by", "sex"},
		{"headcount plan vacancies payroll", "from", "2022-05-01"},
		{"plan funds event projections", "limit", "5"},
		{"headcount series", "limit", "0 -1 10001 ten 1.5"},
		{strings.Join([]string{clocks, "series person post agency projections"}, " "), "asof", "2022-05-10"},
	}
	for question := range urls {
		if rec := w.get(with(question, "", ""), ""); rec.Code != http.StatusOK {
			t.Errorf("%s: %d %s", question, rec.Code, rec.Body)
		}
	}
	for _, b := range bad {
		for question := range strings.FieldsSeq(b.questions) {
			for value := range strings.FieldsSeq(b.values) {
				p := w.refused(with(question, b.parameter, value))
				if p.Status != http.StatusBadRequest || p.Code != "invalid_parameter" || !strings.HasPrefix(p.Detail, b.parameter+": ") {
					t.Errorf("%s %s=%s: %+v", question, b.parameter, value, p)
				}
			}
		}
	}
	for url, begin := range map[string]string{
		"/v1/headcount?as_of=2022-05-10&as_of=2022-05-11":                    "as_of: stands twice",
		"/v1/headcount?known_at=2022-06-20T10:00:00+08:00":                   "known_at: ", // + is a space in a URL
		"/v1/headcount?as_of=%zz":                                            "query: ",
		"/v1/headcount?as_of=2022-05-10;by=sex":                              "query: ",
		"/v1/headcount/series?to=2022-05-10":                                 "from: is required",
		"/v1/headcount/series?from=2022-05-10":                               "to: is required",
		"/v1/headcount/series?from=2022-05-01&to=2032-05-01&by=sex&group=1":  "group: is not a parameter of this question; it takes known_at, division, by, from, to, limit, cursor, at_least",
		"/v1/stream?at_least=1-0":                                            "query: ",
		"/v1/trail/persons/370211196501010014":                               "id: ",
		"/v1/vacancies?as_of=2022-05-29&limit=1&cursor=a.ftoh.1":             "cursor: ",
		"/v1/vacancies?as_of=2022-05-29&limit=1&cursor=a.ftog.1&at_least=xx": "at_least: ",
	} {
		if p := w.refused(url); p.Status != http.StatusBadRequest || !strings.HasPrefix(p.Detail, begin) {
			t.Errorf("%s: %+v", url, p)
		}
		inChinese(t, w.handler, url)
	}
	if rec := w.get("/v1/trail/persons/10000000-0000-4000-8000-0000000000ff", ""); rec.Code != http.StatusNotFound {
		t.Errorf("a person nobody named: %d", rec.Code)
	}
}

// If the views do not reach at_least in time, the answer is 504 with Retry-After.
func TestAtLeastOutOfReach(t *testing.T) {
	t.Parallel()
	w := programme(t)
	start := time.Now()
	rec := w.get("/v1/headcount?at_least=11-0", "")
	if rec.Code != http.StatusGatewayTimeout || rec.Header().Get("Retry-After") == "" || !strings.Contains(rec.Body.String(), "11-0") {
		t.Errorf("%d %v %s", rec.Code, rec.Header(), rec.Body)
	}
	if took := time.Since(start); took < 4*time.Second || took > 8*time.Second {
		t.Errorf("answered after %v", took)
	}
}

// A path that is no question is answered with a problem.
func TestNoQuestion(t *testing.T) {
	w := programme(t)
	for method, want := range map[string]int{http.MethodGet: http.StatusNotFound, http.MethodPost: http.StatusMethodNotAllowed} {
		for _, path := range []string{"/v1/nothing", "/v1/headcount/nothing", "/v1/"} {
			rec := httptest.NewRecorder()
			w.handler.ServeHTTP(rec, httptest.NewRequest(method, path, nil))
			if rec.Code != want || rec.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s %s: %d %s", method, path, rec.Code, rec.Body)
			}
		}
	}
}

// inChinese asks a question that is refused in Chinese, and looks for Chinese characters in
// the sentence.
func inChinese(t *testing.T, h http.Handler, url string) {
	t.Helper()
	r, rec := httptest.NewRequest(http.MethodGet, url, nil), httptest.NewRecorder()
	r.Header.Set("Accept-Language", "zh-CN,zh;q=0.9")
	h.ServeHTTP(rec, r)
	if !strings.ContainsFunc(rec.Body.String(), func(c rune) bool { return unicode.Is(unicode.Han, c) }) || rec.Header().Get("Content-Language") != "zh" {
		t.Errorf("%s: %q says %s", url, rec.Header().Get("Content-Language"), rec.Body)
	}
}
