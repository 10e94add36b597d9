package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/internal/access"
)

// twoAgencies is an access file of the agencies slow and quick, each with a token of its
// name. The quota is that of slow.
func twoAgencies(t testing.TB, quota access.Quota) *admission.Auth {
	t.Helper()
	agency := func(name string, quota access.Quota) access.Agency {
		hash := sha256.Sum256([]byte(name))
		return access.Agency{
			Account: access.Account{Name: name, Division: "370211", Tokens: access.Tokens{{SHA256: hex.EncodeToString(hash[:])}}},
			Quota:   quota,
		}
	}
	list, err := access.NewList(&access.File{Agencies: []access.Agency{agency("slow", quota), agency("quick", access.Quota{})}})
	if err != nil {
		t.Fatal(err)
	}
	return admission.NewAuth(func() *access.List { return list })
}

// of returns a submission of one hire by an agency.
func of(t testing.TB, agency string, n int) string {
	t.Helper()
	e := hire(n)
	e.Source = "/agency/" + agency
	return raw(t, e)
}

// stall opens connections on which slow announces a body and sends nothing of it.
func stall(t testing.TB, url string, connections int) {
	t.Helper()
	for i := range connections {
		kind := []string{"application/x-ndjson", "application/json"}[i%2]
		conn := dial(t, url)
		if _, err := fmt.Fprintf(conn, "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer slow\r\nContent-Type: %s\r\nContent-Length: 1000\r\n\r\n", kind); err != nil {
			t.Fatal(err)
		}
	}
}

// Five hundred bodies that one agency announces and does not send keep nobody else
// out, over HTTP or over NATS.
func TestStalledBodies(t *testing.T) {
	b := newFixture(t, func(o *Options) { o.Auth = twoAgencies(t, access.Quota{}) })
	_, connect := agencyServer(t, b, "slow", "quick")
	url := serve(t, b)
	stall(t, url, 500)
	time.Sleep(200 * time.Millisecond) // the server reads the heads
	got := post(t, url, "application/json", strings.NewReader(of(t, "quick", 1)), "Authorization", "Bearer quick")
	if got.status != 200 || became(got.Receipts[0]) != "accepted" {
		t.Errorf("HTTP: %d %s", got.status, got.text)
	}
	over, code := request(t, connect("quick"), "muster.submit.quick", of(t, "quick", 2))
	if code != "" || became(over.Receipts[0]) != "accepted" {
		t.Errorf("NATS: %s %+v", code, over)
	}
	if _, code := request(t, connect("slow"), "muster.submit.slow", of(t, "slow", 3)); code != "" {
		t.Errorf("slow itself over NATS: %s", code)
	}
}

// A body is given up when nothing of it comes for the idle time. The answer names the reason.
func TestIdleBody(t *testing.T) {
	b := newFixture(t, func(o *Options) { o.Auth, o.BodyIdle = twoAgencies(t, access.Quota{}), 50*time.Millisecond })
	url := serve(t, b)
	for _, kind := range []string{"application/json", "application/x-ndjson"} {
		body := make(blocking)
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/events", body)
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Authorization", "Bearer slow")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", kind, answer.StatusCode)
		}
		close(body)
	}
}

// blocking is a body of which nothing comes until the channel is closed.
type blocking chan struct{}

func (b blocking) Read([]byte) (int, error) { <-b; return 0, http.ErrBodyReadAfterClose }

// An agency that holds all of its share is refused in its own name, and others find a
// place.
func TestShares(t *testing.T) {
	door := admission.NewDoor(8, time.Now)
	slow, quick := admission.Caller{Agency: "slow"}, admission.Caller{Agency: "quick"}
	held := 0
	for door.Take(slow) == nil {
		held++
	}
	if held != 4 {
		t.Errorf("slow holds %d of 8 places", held)
	}
	if err := door.Take(slow); err == nil || !strings.Contains(err.Error(), "slow") {
		t.Errorf("whose limit it was: %v", err)
	}
	if err := door.Take(quick); err != nil {
		t.Errorf("quick: %v", err)
	}
	door.Free(slow)
	door.Free(slow)
	if err := door.Take(slow); err != nil {
		t.Errorf("slow after two were given back: %v", err)
	}
}

// The limits of the access file hold for the agency that has them, and the answer names
// the limit in the language of the request.
func TestQuotas(t *testing.T) {
	b := newFixture(t, func(o *Options) { o.Auth = twoAgencies(t, access.Quota{EventsPerMinute: 2}) })
	url := serve(t, b)
	send := func(agency string, n int, headers ...string) reply {
		return post(t, url, "application/json", strings.NewReader(of(t, agency, n)), append(headers, "Authorization", "Bearer "+agency)...)
	}
	for n := range 2 {
		if got := send("slow", n); got.status != 200 {
			t.Fatalf("%d: %d %s", n, got.status, got.text)
		}
	}
	got := send("slow", 3)
	if got.status != 429 || got.header.Get("Retry-After") == "" || !strings.Contains(got.text, "slow may send 2 events a minute") {
		t.Errorf("%d %v %s", got.status, got.header, got.text)
	}
	if got := send("slow", 3, "Accept-Language", "zh"); got.status != 429 || !strings.Contains(got.text, "slow每分钟最多可报送2个事件") {
		t.Errorf("%d %s", got.status, got.text)
	}
	if got := send("quick", 4); got.status != 200 {
		t.Errorf("quick: %d %s", got.status, got.text)
	}
}

// A body that is one stream is slowed down to the agency's rate and not refused: a
// client would have to send all of it again.
func TestStreamIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		door := admission.NewDoor(8, time.Now)
		c := admission.Caller{Agency: "slow", Quota: access.Quota{EventsPerMinute: 60}}
		begun := time.Now()
		for range 4 {
			if err := door.Pace(t.Context(), c, 60, 1000); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begun); took < 2*time.Minute || took > 4*time.Minute {
			t.Errorf("240 events at 60 a minute took %v", took)
		}
	})
}

// As many bodies at a time as the access file says.
func TestBodies(t *testing.T) {
	b := newFixture(t, func(o *Options) { o.Auth = twoAgencies(t, access.Quota{Bodies: 3}) })
	url := serve(t, b)
	stall(t, url, 3)
	time.Sleep(100 * time.Millisecond)
	got := post(t, url, "application/json", strings.NewReader(of(t, "slow", 1)), "Authorization", "Bearer slow")
	if got.status != 429 || !strings.Contains(got.text, "slow has 3 requests under way") {
		t.Errorf("%d %s", got.status, got.text)
	}
}

// BenchmarkDoorBesideFaultyAgency measures the p99 of an accepted submission alone and
// beside five hundred stalled bodies and four clients that send without a pause. The
// metric ratio is the second by the first; it is to be at most 2.
func BenchmarkDoorBesideFaultyAgency(b *testing.B) {
	g := newFixture(b, func(o *Options) { o.Auth = twoAgencies(b, access.Quota{EventsPerMinute: 600}) })
	url := serve(b, g)
	n := 0
	p99 := func() time.Duration {
		var took []time.Duration
		for range 500 {
			n++
			begun := time.Now()
			if got := post(b, url, "application/json", strings.NewReader(of(b, "quick", n)), "Authorization", "Bearer quick"); got.status != 200 {
				b.Fatalf("%d %s", got.status, got.text)
			}
			took = append(took, time.Since(begun))
		}
		slices.Sort(took)
		return took[len(took)*99/100]
	}
	for b.Loop() {
		p99()
		alone := p99()
		stall(b, url, 500)
		time.Sleep(time.Second) // the server reads the heads
		beside := p99()
		b.ReportMetric(float64(beside)/float64(alone), "ratio")
		b.ReportMetric(float64(alone.Microseconds()), "alone-µs")
	}
}
