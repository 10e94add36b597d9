package admission

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestGuard(t *testing.T) {
	token := func(name string) string { return `"tokens":[{"sha256":"` + hashOf(name) + `"}]` }
	auth := listed(t, `{"version":2,"agencies":[
		{"name":"county",`+token("c")+`,"division":"370211"},
		{"name":"operator",`+token("o")+`,"division":"","rights":["import"]},
		{"name":"analyst",`+token("a")+`,"division":""},
		{"name":"closed",`+token("x")+`,"division":"","disabled":true}],"readers":[
		{"name":"viewer",`+token("v")+`,"division":"370211","role":"viewer"},
		{"name":"wide",`+token("w")+`,"division":"","role":"auditor"},
		{"name":"ended",`+token("e")+`,"division":"","role":"viewer","expires":"2026-01-01T00:00:00Z"},
		{"name":"runs",`+token("r")+`,"division":"","role":"operator"}]}`)
	h := auth.Guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, c := range []struct {
		method, path, authorization string
		want                        int
	}{
		{"GET", "/v1/headcount", "", 401},
		{"GET", "/v1/headcount", "Bearer y", 401},
		{"GET", "/v1/headcount", "Basic a", 401},
		{"GET", "/v1/headcount", "Bearer x", 403},
		{"GET", "/v1/headcount", "Bearer e", 401},
		{"GET", "/v1/headcount", "Bearer a", 200},
		{"GET", "/v1/headcount", "Bearer w", 200},
		{"GET", "/v1/trail/posts/1", "Bearer a", 200},
		{"GET", "/v1/trail/posts/1", "Bearer w", 200},
		{"GET", "/v1/headcount", "Bearer c", 403},
		{"GET", "/v1/headcount", "Bearer v", 403},
		{"GET", "/v1/headcount?division=3702", "Bearer c", 403},
		{"GET", "/v1/headcount?division=3702", "Bearer v", 403},
		{"GET", "/v1/headcount?division=370211102", "Bearer c", 200},
		{"GET", "/v1/headcount?division=370211102", "Bearer v", 200},
		{"GET", "/v1/headcount?division=370211000000", "Bearer v", 200},
		{"GET", "/v1/headcount?division=370211&division=37", "Bearer v", 200}, // the first is the one that counts
		{"GET", "/v1/trail/posts/1?division=370211", "Bearer c", 403},
		{"GET", "/v1/trail/posts/1?division=370211", "Bearer v", 403},
		{"GET", "/metrics?division=370211", "Bearer c", 403},
		{"GET", "/v1/services?division=370211", "Bearer v", 403},
		{"GET", "/metrics", "Bearer w", 200},
		{"POST", "/v1/projections/all/rebuild", "Bearer a", 403},
		{"POST", "/v1/projections/all/rebuild", "Bearer w", 403},
		{"POST", "/v1/projections/all/rebuild", "Bearer o", 200},
		{"POST", "/v1/projections/all/rebuild", "Bearer r", 200},
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		r.Header.Set("Authorization", c.authorization)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s %s as %q: %d, want %d", c.method, c.path, c.authorization, w.Code, c.want)
		}
	}
}
