package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/muster-works/muster/services/gateway/problem"
)

func raw(t testing.TB, e *events.Event) string {
	t.Helper()
	b, err := e.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

type reply struct {
	status   int
	header   http.Header
	text     string
	Receipts []events.Receipt `json:"receipts"`
	Problem  *problem.Problem `json:"problem"`
	Code     events.Code      `json:"code"`
	Detail   string           `json:"detail"`
}

// post sends a body to a real server.
func post(t testing.TB, url, contentType string, body io.Reader, headers ...string) reply {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, url+"/v1/events", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := reply{status: answer.StatusCode, header: answer.Header, text: string(text)}
	if err := json.Unmarshal(text, &got, json.RejectUnknownMembers(false)); err != nil {
		t.Fatalf("answer %d %s: %v", answer.StatusCode, text, err)
	}
	return got
}

func serve(t testing.TB, b *fixture) string {
	t.Helper()
	s := httptest.NewServer(b.Handler())
	t.Cleanup(s.Close)
	return s.URL
}

func TestHTTPForms(t *testing.T) {
	b := newFixture(t)
	url := serve(t, b)
	one, two, three := raw(t, hire(1)), raw(t, hire(2)), raw(t, sheet("s", 1, 2))
	bad := `{"specversion":"1.0","id":"bad","source":"/x","type":"hire.fired"}`
	for _, test := range []struct {
		name, kind, body string
		want             []string
	}{
		{"one", "application/cloudevents+json", one, []string{"accepted"}},
		{"one again", "application/json; charset=utf-8", one, []string{"duplicate"}},
		{"batch", "application/cloudevents-batch+json", "[" + two + "," + three + "]", []string{"accepted", "accepted"}},
		{"batch with rubbish", "application/json", "[17," + bad + "," + two + ",{}]", []string{"malformed ", "unknown_type type", "duplicate", "unknown_version specversion"}},
		{"empty batch", "application/json", "[]", nil},
		{"lines", "application/x-ndjson", "\n" + one + "\n\r\n" + three, []string{"duplicate", "duplicate"}},
		{"lines with rubbish", "application/x-ndjson", one + "\n{]\n" + bad + "\n" + two + "\n", []string{"duplicate", "malformed ", "unknown_type type", "duplicate"}},
		{"no lines", "application/x-ndjson", "\n\n", nil},
		{"a long line", "application/x-ndjson", strings.Repeat("x", intake.MaxLine+1) + "\n" + one, []string{"too_large ", "duplicate"}},
		{"a long last line", "application/x-ndjson", one + "\n" + strings.Repeat("x", 3*intake.MaxLine), []string{"duplicate", "too_large "}},
	} {
		got := post(t, url, test.kind, strings.NewReader(test.body))
		if got.status != 200 || !slices.Equal(all(got.Receipts), test.want) || got.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s", test.name, got.status, got.text)
		}
	}
	got := post(t, url, "application/x-ndjson", strings.NewReader(one+"\n\n{]"))
	if d := got.Receipts[1].Reasons[0].Detail; !strings.HasPrefix(d, "line 3: ") {
		t.Errorf("detail %q does not name the line", d)
	}
	if e, _ := b.records(t, events.Hire); len(got.header.Get(CorrelationHeader)) != 36 || len(e[0].CorrelationID) != 36 {
		t.Error("no correlation id")
	}
}

func TestHTTPRefusals(t *testing.T) {
	b := newFixture(t)
	url := serve(t, b)
	one := raw(t, hire(1))
	big := strings.NewReader("[" + strings.Repeat(" ", 2<<20) + one + "]")
	for _, test := range []struct {
		name   string
		got    reply
		status int
		code   events.Code
	}{
		{"not JSON", post(t, url, "application/json", strings.NewReader("hello")), 400, "malformed"},
		{"cut", post(t, url, "application/json", strings.NewReader(one[:50])), 400, "malformed"},
		{"a cut batch", post(t, url, "application/json", strings.NewReader("["+one)), 400, "malformed"},
		{"two", post(t, url, "application/json", strings.NewReader(one+one)), 400, "malformed"},
		{"empty", post(t, url, "application/json", strings.NewReader("")), 400, "malformed"},
		{"2 MiB", post(t, url, "application/json", big), 413, "too_large"},
		{"many", post(t, url, "application/json", strings.NewReader("["+strings.Repeat("0,", intake.MaxBatch)+"0]")), 413, "too_large"},
		{"text", post(t, url, "text/plain", strings.NewReader(one)), 415, ""},
		{"a form", post(t, url, "application/x-www-form-urlencoded", strings.NewReader(one)), 415, ""},
		{"GBK", post(t, url, "application/json; charset=gbk", strings.NewReader(one)), 415, ""},
		{"packed", post(t, url, "application/json", strings.NewReader(one), "Content-Encoding", "gzip"), 415, ""},
		{"import maybe", post(t, url, "application/json", strings.NewReader(one), ImportHeader, "yes"), 400, "invalid"},
	} {
		if test.got.status != test.status || test.got.Code != test.code || test.got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %s", test.name, test.got.status, test.got.text)
		}
		if test.status == 413 && (len(test.got.Receipts) != 1 || became(test.got.Receipts[0]) != "too_large ") {
			t.Errorf("%s: no rejected receipt: %s", test.name, test.got.text)
		}
	}
	if r, err := http.Get(url + "/v1/events"); err != nil || r.StatusCode != 405 || r.Header.Get("Allow") != "POST" {
		t.Errorf("GET: %v, %v", r, err)
	}
	if b.vault.Len() != 0 || len(b.desks.calls) != 0 {
		t.Error("something of a refused body got through")
	}
}

func TestHTTPAuth(t *testing.T) {
	b := newFixture(t, func(o *Options) { o.Auth = agencies(t) })
	url := serve(t, b)
	one := raw(t, hire(1))
	for _, authorization := range []string{"", "Bearer", "Bearer wrong", "Basic county-token", "county-token"} {
		got := post(t, url, "application/json", strings.NewReader(one), "Authorization", authorization)
		if got.status != 401 || got.header.Get("WWW-Authenticate") == "" || strings.Contains(got.text, "wrong") {
			t.Errorf("%q: %d %s", authorization, got.status, got.text)
		}
	}
	got := post(t, url, "application/json", strings.NewReader(one), "Authorization", "bearer county-token")
	if got.status != 200 || became(got.Receipts[0]) != "accepted" {
		t.Errorf("%d %s", got.status, got.text)
	}
	if e, _ := b.records(t, events.Hire); e[0].AuthID != "370211-rsj" || e[0].AuthType != "token" {
		t.Errorf("%s by %s", e[0].AuthID, e[0].AuthType)
	}
	forged := strings.Replace(one, `"id":"h-1"`, `"id":"h-2","authid":"province","authtype":"token"`, 1)
	got = post(t, url, "application/json", strings.NewReader(forged), "Authorization", "Bearer county-token")
	if got.status != 200 || became(got.Receipts[0]) != "engine_field authtype" {
		t.Errorf("%d %s", got.status, got.text)
	}
	got = post(t, url, "application/json", strings.NewReader(one), "Authorization", "Bearer county-token", ImportHeader, "true")
	if got.status != 403 {
		t.Errorf("import: %d %s", got.status, got.text)
	}
}

// Without agencies only this machine may submit, addressed by its own name.
func TestLoopbackOnly(t *testing.T) {
	b := newFixture(t)
	for _, test := range []struct {
		remote, host string
		open         bool
	}{
		{"127.0.0.1:5000", "localhost:8080", true}, {"[::1]:5000", "[::1]:8080", true}, {"127.0.0.1:5000", "127.0.0.1", true},
		{"192.0.2.1:5000", "localhost", false}, {"127.0.0.1:5000", "evil.example:8080", false}, {"", "localhost", false},
	} {
		_, err := b.authenticate(&http.Request{RemoteAddr: test.remote, Host: test.host, Header: http.Header{}})
		if (err == nil) != test.open {
			t.Errorf("%s for %s: %v", test.remote, test.host, err)
		}
	}
}

func TestHTTPImport(t *testing.T) {
	b := newFixture(t)
	url := serve(t, b)
	at := func(e *events.Event, recorded string) string {
		return strings.Replace(raw(t, e), `"data":`, `"recordedtime":"`+recorded+`","data":`, 1)
	}
	lines := []string{
		at(hire(1), "2022-05-01T12:00:00+08:00"), at(hire(2), "2022-05-01T04:00:00Z"), `{]`, at(sheet("s", 1), "2022-05-01T04:00:00Z"),
		at(hire(3), "2022-05-02T04:00:00Z"), raw(t, hire(4)), at(hire(4), "yesterday"),
	}
	want := []string{"accepted", "accepted", "malformed ", "accepted", "accepted", "missing recordedtime", "invalid_date recordedtime"}
	got := post(t, url, "application/x-ndjson", strings.NewReader(strings.Join(lines, "\n")), ImportHeader, "true")
	if got.status != 200 || !slices.Equal(all(got.Receipts), want) {
		t.Fatalf("%d %s", got.status, got.text)
	}
	first, second := time.Date(2022, 5, 1, 4, 0, 0, 0, time.UTC), time.Date(2022, 5, 2, 4, 0, 0, 0, time.UTC)
	for _, c := range b.desks.calls {
		if c.imported != first && c.imported != second {
			t.Errorf("call %+v", c)
		}
	}
	batch := "[" + at(hire(5), "2022-05-02T04:00:00Z") + "," + at(hire(6), "2022-05-03T04:00:00Z") + "]"
	if got := post(t, url, "application/json", strings.NewReader(batch), ImportHeader, "true"); !slices.Equal(all(got.Receipts), []string{"accepted", "accepted"}) {
		t.Errorf("batch: %d %s", got.status, got.text)
	}
	// From anybody else the attribute is refused.
	if got := post(t, url, "application/json", strings.NewReader(lines[0])); became(got.Receipts[0]) != "engine_field recordedtime" {
		t.Errorf("no import: %s", got.text)
	}
}

// More requests than slots are told to come back.
func TestBackPressure(t *testing.T) {
	entered, release := make(chan struct{}, 8), make(chan struct{})
	b := newFixture(t, func(o *Options) { o.Slots = 2 })
	b.desks.fail = func(int, events.Family) error {
		entered <- struct{}{}
		<-release
		return nil
	}
	url := serve(t, b)
	answers := make(chan reply, 2)
	for i := range 2 {
		go func() { answers <- post(t, url, "application/json", strings.NewReader(raw(t, hire(i)))) }()
	}
	<-entered
	<-entered
	if got := post(t, url, "application/json", strings.NewReader(raw(t, hire(3)))); got.status != 429 || got.header.Get("Retry-After") != "1" {
		t.Errorf("%d %s", got.status, got.text)
	}
	close(release)
	for range 2 {
		if got := <-answers; got.status != 200 {
			t.Errorf("%d %s", got.status, got.text)
		}
	}
	if got := post(t, url, "application/json", strings.NewReader(raw(t, hire(3)))); got.status != 200 {
		t.Errorf("after it: %d %s", got.status, got.text)
	}
}

// Goal: under more load than the gateway takes every submission is taken in the
// end, once, and told to come back until then. Method: many clients, few slots;
// whoever is told to come back does.
func TestNothingIsLostUnderLoad(t *testing.T) {
	const clients, each = 32, 8
	b := newFixture(t, func(o *Options) { o.Slots = 4 })
	url := serve(t, b)
	var turned atomic.Int64
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for n := range each {
				e := hire(c*each + n)
				e.ID = fmt.Sprintf("h-%d-%d", c, n)
				for {
					got := post(t, url, "application/json", strings.NewReader(raw(t, e)))
					if got.status == 429 && got.header.Get("Retry-After") == "1" {
						turned.Add(1)
						time.Sleep(time.Duration(1+c%7) * time.Millisecond)
						continue
					}
					if got.status != 200 || len(got.Receipts) != 1 || got.Receipts[0].Status != events.Accepted {
						t.Errorf("%s: %d %s", e.ID, got.status, got.text)
					}
					break
				}
			}
		})
	}
	all.Wait()
	list, _ := b.records(t, events.Hire)
	seen := map[string]bool{}
	for _, e := range list {
		seen[e.ID] = true
	}
	if len(list) != clients*each || len(seen) != len(list) {
		t.Errorf("%d events in the log, %d different ones, want %d", len(list), len(seen), clients*each)
	}
	if turned.Load() == 0 {
		t.Error("nobody was told to come back: the load was too small to show anything")
	}
	sum := 0
	for _, tally := range b.tally.Take(time.Time{}, time.Time{}) {
		sum += tally.Accepted
	}
	if sum != clients*each {
		t.Errorf("%d accepted in the tally", sum)
	}
}

// The tests plant people, and search everything that leaves the vault.
func TestNoIdentityLeaves(t *testing.T) {
	var lines bytes.Buffer
	b := newFixture(t, func(o *Options) { o.Log = newLog(&lines) })
	url := serve(t, b)
	var bodies []string
	for i := range 20 {
		bodies = append(bodies, raw(t, hire(i)), raw(t, sheet(fmt.Sprintf("s-%d", i), i, 1000+i)))
		bad := hire(i)
		bad.ID, bad.Subject = number(i), number(i)
		bodies = append(bodies, raw(t, bad), strings.Replace(raw(t, hire(i)), `"post"`, `"`+number(i)+`"`, 1), raw(t, hire(i))[:150])
	}
	answers := post(t, url, "application/x-ndjson", strings.NewReader(strings.Join(bodies, "\n"))).text
	answers += post(t, url, "application/json", strings.NewReader("["+strings.Join(bodies[:4], ",")+"]")).text
	answers += post(t, url, "application/json", strings.NewReader("["+strings.Join(bodies, ",")+"]")).text
	b.desks.fail = func(int, events.Family) error { return errors.New("broken") }
	for _, body := range bodies[:5] {
		answers += post(t, url, "application/json", strings.NewReader(body)).text
	}
	var recorded bytes.Buffer
	for _, f := range events.Families {
		_, raw := b.records(t, f)
		recorded.Write(bytes.Join(raw, []byte("\n")))
	}
	if recorded.Len() == 0 || lines.Len() == 0 || !strings.Contains(answers, "accepted") {
		t.Fatal("nothing was written that could be searched")
	}
	for i := range 20 {
		id := hire(i).Data.(*events.HirePlaced).Identity
		for _, s := range []string{id.IDNumber, id.Name, id.Phone, id.Household} {
			for where, text := range map[string][]byte{"answers": []byte(answers), "the log": recorded.Bytes(), "the logger": lines.Bytes(), "the vault's files": files(t, b.dir)} {
				if bytes.Contains(text, []byte(s)) {
					t.Errorf("%s stands in %s", s, where)
				}
			}
		}
	}
	if idnumber.In(answers) || idnumber.In(recorded.String()) || idnumber.In(lines.String()) {
		t.Error("an identity number left")
	}
}

func FuzzBody(f *testing.F) {
	v := newFuzzFixture(f)
	one := raw(f, hire(1))
	for _, s := range []string{one, "[" + one + "]", one + "\n" + one, "[1,{}]", "{", "[", "\xff", "", "null", `{"recordedtime":"2022-05-01T00:00:00Z"}`, `{"recordedtime":1,}`, "[[" + one + "]]"} {
		f.Add([]byte(s), true, true)
		f.Add([]byte(s), false, false)
	}
	f.Fuzz(func(t *testing.T, body []byte, stream, imports bool) {
		kind := "application/json"
		if stream {
			kind = "application/x-ndjson"
		}
		r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "http://localhost/v1/events", bytes.NewReader(body))
		r.RemoteAddr = "127.0.0.1:1"
		r.Header.Set("Content-Type", kind)
		if imports {
			r.Header.Set(ImportHeader, "true")
		}
		w := httptest.NewRecorder()
		v.Handler().ServeHTTP(w, r)
		var got reply
		if err := json.Unmarshal(w.Body.Bytes(), &got, json.RejectUnknownMembers(false)); err != nil {
			t.Fatalf("answer %d %q: %v", w.Code, w.Body, err)
		}
		if w.Code != 200 && (w.Code < 400 || w.Code > 499) {
			t.Errorf("status %d: %s", w.Code, w.Body)
		}
		if w.Code == 200 && stream && len(got.Receipts) != lineCount(body) {
			t.Errorf("%d receipts for %d lines", len(got.Receipts), lineCount(body))
		}
	})
}
