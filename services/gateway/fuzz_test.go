package gateway

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// Goal: a request about a person is refused for what is wrong with it, whatever it
// holds, and the server does not fail. Method: the vault holds nobody, so that no request
// can succeed.
func FuzzPersonRequest(f *testing.F) {
	v := newFuzzFixture(f)
	for _, body := range []string{`{"reason":"asked for it"}`, `{"fields":["name"],"purpose":"audit"}`, `{"fields":["name","name"],"purpose":"x"}`, `{"reason":1}`, "{", "", "null", `{"more":1}`} {
		f.Add("32a01faf-76e4-42d7-aedf-cc53d4f230b6", []byte(body), true)
		f.Add("nobody", []byte(body), false)
	}
	f.Fuzz(func(t *testing.T, person string, body []byte, erase bool) {
		what := "/reveal"
		if erase {
			what = "/erase"
		}
		r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "http://localhost/v1/persons/"+url.PathEscape(person)+what, bytes.NewReader(body))
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		v.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusTemporaryRedirect && w.Code != http.StatusMovedPermanently && (w.Code < 400 || w.Code > 499) {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
	})
}
