package contract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/services/deployment"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// An instance is a running deployment whose answers are checked against its own document.
type instance struct {
	t     *testing.T
	at    string
	nats  string
	data  string
	doc   map[string]any
	check *jsonschema.Compiler
	seen  map[string]bool // operations that answered 2xx
}

// start runs a deployment with a small simulated province until the end of the test.
func start(t *testing.T) *instance {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan deployment.Addresses, 1), make(chan error, 1)
	c := deployment.Config{Data: t.TempDir(), HTTP: "127.0.0.1:0", NATS: "127.0.0.1:0", Out: io.Discard, Simulate: 0.001, Seed: 1}
	go func() { ended <- deployment.Up(ctx, c, func(a deployment.Addresses) { ready <- a }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	i := &instance{t: t, data: c.Data, seen: map[string]bool{}, check: jsonschema.NewCompiler()}
	select {
	case a := <-ready:
		i.at, i.nats = a.HTTP, a.NATS
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	_, _, raw := i.send("GET", "/openapi.json", "", "", nil)
	closed, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	i.doc = closed.(map[string]any)
	shut(i.doc["components"].(map[string]any)["schemas"])
	i.check.AssertFormat()
	if err := i.check.AddResource("mem:openapi", closed); err != nil {
		t.Fatal(err)
	}
	return i
}

// shut forbids members that the document does not name, so that an answer with such a member
// fails.
func shut(v any) {
	for _, s := range v.(map[string]any) {
		s := s.(map[string]any)
		if _, open := s["additionalProperties"]; s["type"] == "object" && s["properties"] != nil && !open {
			s["additionalProperties"] = false
		}
	}
}

// send sends a request and returns the status, header and body of the answer. Of an event
// stream it reads the first byte alone.
func (i *instance) send(method, path, kind, body string, header http.Header) (int, http.Header, []byte) {
	i.t.Helper()
	r, err := http.NewRequestWithContext(i.t.Context(), method, i.at+path, strings.NewReader(body))
	if err != nil {
		i.t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		i.t.Fatal(err)
	}
	defer response.Body.Close()
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
		first := make([]byte, 1)
		_, err := io.ReadFull(response.Body, first)
		if err != nil {
			i.t.Fatal(err)
		}
		return response.StatusCode, response.Header, first // the stream goes on
	}
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		i.t.Fatal(err)
	}
	return response.StatusCode, response.Header, raw
}

// ask sends a request of an operation. It fails if the answer has another status, or does
// not fit the document.
func (i *instance) ask(operation, path, kind, body string, want int) []byte {
	i.t.Helper()
	method, pattern, _ := strings.Cut(operation, " ")
	status, header, raw := i.send(method, path, kind, body, nil)
	if status != want {
		i.t.Errorf("%s %s: %d, want %d: %.300s", method, path, status, want, raw)
		return raw
	}
	at := "/paths/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(pattern) + "/" + strings.ToLower(method) + "/responses/" + fmt.Sprint(status)
	if status >= 400 {
		if i.find(at) == nil {
			i.t.Errorf("%s: an answer of %d is not in the document", operation, status)
			return raw
		}
		at = "/components/responses/" + fmt.Sprint(status)
	} else {
		i.seen[operation] = true
	}
	answered, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	content, _ := i.find(at)["content"].(map[string]any)
	switch {
	case len(content) == 0 && len(raw) == 0:
		return raw
	case content[answered] == nil:
		i.t.Errorf("%s: an answer of %d is %q, which is not in the document", operation, status, answered)
		return raw
	case !strings.HasSuffix(answered, "json"):
		return raw
	}
	at += "/content/" + strings.ReplaceAll(answered, "/", "~1") + "/schema"
	s, err := i.check.Compile("mem:openapi#" + (&url.URL{Path: at}).EscapedPath())
	if err != nil {
		i.t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err == nil {
		err = s.Validate(value)
	}
	if err != nil {
		i.t.Errorf("%s %s: %v\n%.500s", method, path, err, raw)
	}
	return raw
}

// find returns the part of the document at a JSON pointer, or nil.
func (i *instance) find(pointer string) map[string]any {
	var at any = i.doc
	for token := range strings.SplitSeq(pointer[1:], "/") {
		m, _ := at.(map[string]any)
		at = m[strings.NewReplacer("~1", "/", "~0", "~").Replace(token)]
	}
	m, _ := at.(map[string]any)
	return m
}

const (
	eventKind = "application/cloudevents+json"
	aPost     = `{"specversion":"1.0","type":"post.developed","id":"contract-1","source":"/agency/x","division":"370211102231","data":{"post":"contract-1","category":"public_service","area":"rural","seats":1,"from":"2022-04-01"}}`
	aFault    = `{"specversion":"1.0","type":"post.developed","id":"contract-2","source":"/agency/x","division":"370211102231","data":{"post":"contract-2","category":"nonsense","area":"rural","seats":1,"from":"2022-02-30"}}`
)

// Goal: a deployment answers as the document says. Method: every operation is called on a running
// deployment, with requests that it accepts and requests that it refuses. Answers must fit their
// schemas, and may have no member that the document does not name.
func TestInstance(t *testing.T) {
	i := start(t)
	const submit = "POST /v1/events"
	i.ask(submit, "/v1/events", eventKind, aPost, 200)
	i.ask(submit, "/v1/events", "application/json", "["+aPost+","+aFault+"]", 200)
	i.ask(submit, "/v1/events", "application/x-ndjson", aPost+"\n{\n", 200)
	i.ask(submit, "/v1/events", eventKind, "{", 400)
	i.ask(submit, "/v1/events", "text/plain", "x", 415)
	i.ask(submit, "/v1/events", "application/json", "["+strings.Repeat(" ", 1<<20)+"]", 413)

	person, post, agency, event := i.somebody()
	for _, path := range []string{
		"/v1/headcount", "/v1/headcount?as_of=2022-05-10&by=division:county,category,kind,group,area,sex&division=37", "/v1/headcount?known_at=2099-01-01",
		"/v1/headcount/series?from=2022-05-01&to=2022-05-03&by=sex", "/v1/plan?as_of=2022-05-10", "/v1/vacancies?as_of=2022-05-10&limit=3", "/v1/placements?as_of=2022-05-10&limit=3", "/v1/posts?as_of=2022-05-10&limit=3", "/v1/divisions?division=370211102&limit=3",
		"/v1/payroll?month=2022-05&limit=3", "/v1/funds?as_of=2022-12-31", "/v1/agencies?month=2022-05", "/v1/projections",
	} {
		plain, _, _ := strings.Cut(path, "?")
		i.ask("GET "+plain, path, "", "", 200)
		if plain != "/v1/projections" {
			i.ask("GET "+plain, plain+"?as_off=2022-05-10", "", "", 400)
		}
		i.csv(path)
	}
	for pattern, id := range map[string]string{"persons": person, "posts": post, "agencies": agency, "events": event} {
		i.ask("GET /v1/trail/"+pattern+"/{id}", "/v1/trail/"+pattern+"/"+id, "", "", 200)
	}
	i.ask("GET /v1/trail/posts/{id}", "/v1/trail/posts/nowhere", "", "", 404)
	i.ask("GET /v1/trail/persons/{id}", "/v1/trail/persons/370211196501010014", "", "", 400)
	i.ask("GET /v1/stream", "/v1/stream", "", "", 200)
	i.ask("GET /v1/services", "/v1/services", "", "", 200)

	i.ask("POST /v1/persons/{id}/reveal", "/v1/persons/"+person+"/reveal", "application/json", `{"fields":["name"],"purpose":"a test of the contract"}`, 200)
	i.ask("POST /v1/persons/{id}/reveal", "/v1/persons/nobody/reveal", "application/json", `{}`, 400)
	i.ask("POST /v1/persons/{id}/erase", "/v1/persons/"+person+"/erase", "text/plain", ``, 415)
	i.erase()
	const rebuild = "POST /v1/projections/{view}/rebuild"
	i.ask(rebuild, "/v1/projections/all/rebuild", "", "", 202)
	i.ask(rebuild, "/v1/projections/nothing/rebuild", "", "", 404)

	for _, path := range []string{"/readyz", "/healthz", "/metrics", "/openapi.json", "/asyncapi.json"} {
		i.ask("GET "+path, path, "", "", 200)
	}
	told := string(i.ask("GET /metrics", "/metrics", "", "", 200))
	for _, line := range []string{`muster_receipts_total{agency="local",status="accepted"}`, "muster_commit_seconds_count", "muster_views_readable 1",
		"muster_views_lag_commits", "muster_views_age_seconds", `muster_http_seconds_count{method="POST",path="/v1/events",status="200"}`} {
		if !strings.Contains(told, "\n"+line) {
			t.Errorf("no metric %s in\n%s", line, told)
		}
	}
	const schemas = "GET /schemas/{name}/{version}"
	i.ask(schemas, "/schemas/hire.placed/v1", "", "", 200)
	i.ask(schemas, "/schemas/hire.placed/v2", "", "", 404)
	i.ask(schemas, "/schemas/hire.misplaced/v1", "", "", 404)
	for pattern := range described() {
		if !i.seen[pattern] {
			t.Errorf("%s was never answered", pattern)
		}
	}
	i.nowhere()
	overNATS(t, i.nats, i.data)
}

// csv asks a question for a CSV table.
func (i *instance) csv(path string) {
	i.t.Helper()
	status, header, raw := i.send("GET", path, "", "", http.Header{"Accept": {"text/csv"}})
	if status != 200 || !strings.HasPrefix(header.Get("Content-Type"), "text/csv") || header.Get("Muster-Origin") == "" || !bytes.Contains(raw, []byte("\n")) {
		i.t.Errorf("%s as CSV: %d %s %v", path, status, raw, header)
	}
}

// somebody returns a person, a post, an agency and the position of an event of the province.
func (i *instance) somebody() (person, post, agency, event string) {
	i.t.Helper()
	var payroll struct {
		Rows []struct{ Person, Post string }
	}
	i.read("/v1/payroll?month=2022-05&limit=1", &payroll)
	var trail struct {
		Events []struct{ Source, Position string }
	}
	i.read("/v1/trail/posts/"+payroll.Rows[0].Post, &trail)
	first := trail.Events[0]
	return payroll.Rows[0].Person, payroll.Rows[0].Post, strings.Split(first.Source, "/")[2], first.Position
}

// read decodes the JSON answer of a path.
func (i *instance) read(path string, into any) {
	i.t.Helper()
	_, _, raw := i.send("GET", path, "", "", nil)
	if err := json.Unmarshal(raw, into); err != nil {
		i.t.Fatalf("%s: %v %.300s", path, err, raw)
	}
}

// erase tries to erase people until it finds one who is no longer in place.
func (i *instance) erase() {
	i.t.Helper()
	const operation = "POST /v1/persons/{id}/erase"
	var payroll struct{ Rows []struct{ Person string } }
	i.read("/v1/payroll?month=2022-02&limit=1000", &payroll)
	refused := false
	for _, r := range payroll.Rows {
		status, _, _ := i.send("POST", "/v1/persons/"+r.Person+"/erase", "application/json", `{"reason":""}`, nil)
		path := "/v1/persons/" + r.Person + "/erase"
		if status == 409 || status == 400 && !refused {
			i.ask(operation, path, "application/json", `{"reason":""}`, status)
			refused = true
		}
		if status, _, _ := i.send("POST", path, "application/json", `{"reason":"a test"}`, nil); status == 200 {
			i.ask(operation, path, "application/json", `{"reason":"a test"}`, 200) // a second request gives the certificate again
			return
		} else if status == 409 {
			i.ask(operation, path, "application/json", `{"reason":"a test"}`, 409)
		}
	}
	i.t.Errorf("of %d people all are in place", len(payroll.Rows))
}

// nowhere asks for paths that do not exist. The answer must be a problem that repeats no
// part of the path.
func (i *instance) nowhere() {
	i.t.Helper()
	for _, path := range []string{"/", "/370211196501010014", "/v1/370211196501010014", "/schemas/", "/schemas/370211196501010014/v1", "/v2/events"} {
		status, header, raw := i.send("GET", path, "", "", nil)
		if status != 404 || header.Get("Content-Type") != "application/problem+json" || bytes.Contains(raw, []byte("370211")) {
			i.t.Errorf("GET %s: %d %v %s", path, status, header, raw)
		}
	}
	deadline := time.Now().Add(time.Minute)
	for { // wait for the rebuild, which the end of the test would cut off
		_, _, raw := i.send("GET", "/v1/projections", "", "", nil)
		if !bytes.Contains(raw, []byte(`"gen-000001"`)) || time.Now().After(deadline) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}
