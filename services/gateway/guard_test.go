package gateway

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestGuard(t *testing.T) {
	file := `{"agencies":[{"name":"county","token_sha256":"%x","division":"370211"},{"name":"operator","token_sha256":"%x","division":"","import":true},
		{"name":"analyst","token_sha256":"%x","division":""}]}`
	auth, err := ReadAuth(strings.NewReader(fmt.Sprintf(file, sha256.Sum256([]byte("c")), sha256.Sum256([]byte("o")), sha256.Sum256([]byte("a")))))
	if err != nil {
		t.Fatal(err)
	}
	h := auth.Guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, c := range []struct {
		method, path, authorization string
		want                        int
	}{
		{"GET", "/v1/headcount", "", 401},
		{"GET", "/v1/headcount", "Bearer x", 401},
		{"GET", "/v1/headcount", "Basic a", 401},
		{"GET", "/v1/headcount", "Bearer a", 200},
		{"GET", "/v1/trail/posts/1", "Bearer a", 200},
		{"GET", "/v1/headcount", "Bearer c", 403},
		{"GET", "/v1/headcount?division=3702", "Bearer c", 403},
		{"GET", "/v1/headcount?division=370211102", "Bearer c", 200},
		{"GET", "/v1/trail/posts/1?division=370211", "Bearer c", 403},
		{"POST", "/v1/projections/all/rebuild", "Bearer a", 403},
		{"POST", "/v1/projections/all/rebuild", "Bearer o", 200},
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
