package gateway

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// natsServer is a real server without JetStream: requests are all it is for.
func natsServer(t *testing.T) *nats.Conn {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(5 * time.Second) {
		t.Fatal("the server does not start")
	}
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// listen serves NATS until the test ends.
func listen(t *testing.T, b *fixture, nc *nats.Conn) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.ServeNATS(ctx, nc, func() {}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("ServeNATS: %v", err)
		}
	})
	for range 200 {
		if m, err := nc.Request("$SRV.PING.muster-gateway", nil, time.Second); err == nil && len(m.Data) > 0 {
			if m, err := nc.Request("$SRV.INFO.muster-gateway", nil, time.Second); err == nil && strings.Contains(string(m.Data), Subject) {
				return
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("the gateway does not register")
}

func request(t *testing.T, nc *nats.Conn, to, body string, headers ...string) (reply, string) {
	t.Helper()
	m := nats.NewMsg(to)
	m.Data = []byte(body)
	for i := 0; i < len(headers); i += 2 {
		m.Header.Set(headers[i], headers[i+1])
	}
	answer, err := nc.RequestMsg(m, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	var got reply
	if err := json.Unmarshal(answer.Data, &got, json.RejectUnknownMembers(false)); err != nil {
		t.Fatalf("%s: %v", answer.Data, err)
	}
	return got, answer.Header.Get("Nats-Service-Error-Code")
}

func TestNATS(t *testing.T) {
	b := newFixture(t)
	nc := natsServer(t)
	listen(t, b, nc)
	got, code := request(t, nc, "muster.submit.local", "["+raw(t, hire(1))+","+raw(t, sheet("s", 1))+",{}]")
	if want := []string{"accepted", "accepted", "unknown_version specversion"}; code != "" || !slices.Equal(all(got.Receipts), want) {
		t.Fatalf("%v %s", all(got.Receipts), code)
	}
	if got, code := request(t, nc, "muster.submit.anyone", raw(t, hire(1))); code != "" || became(got.Receipts[0]) != "duplicate" {
		t.Errorf("%v %s", all(got.Receipts), code)
	}
	if got, code := request(t, nc, "muster.submit.local", "hello"); code != "400" || got.Code != events.Malformed {
		t.Errorf("%+v %s", got, code)
	}
	imported := strings.Replace(raw(t, hire(2)), `"data":`, `"recordedtime":"2022-05-01T04:00:00Z","data":`, 1)
	if got, code := request(t, nc, "muster.submit.local", imported, ImportHeader, "true"); code != "" || b.desks.calls[len(b.desks.calls)-1].imported.IsZero() {
		t.Errorf("%+v %s", got, code)
	}
}

func TestNATSAgencies(t *testing.T) {
	b := newFixture(t, func(o *Options) { o.Auth = agencies(t) })
	nc := natsServer(t)
	listen(t, b, nc)
	if got, code := request(t, nc, "muster.submit.370211-rsj", raw(t, hire(1))); code != "" || became(got.Receipts[0]) != "accepted" {
		t.Errorf("%+v %s", got, code)
	}
	if e, _ := b.records(t, events.Hire); e[0].AuthID != "370211-rsj" || e[0].AuthType != "nkey" {
		t.Errorf("%s by %s", e[0].AuthID, e[0].AuthType)
	}
	if got, code := request(t, nc, "muster.submit.bank", raw(t, hire(1))); code != "" || became(got.Receipts[0]) != "not_entitled source" {
		t.Errorf("%+v %s", got, code)
	}
	for _, who := range []string{"local", "370212-rsj"} {
		if got, code := request(t, nc, "muster.submit."+who, raw(t, hire(1))); code != "401" {
			t.Errorf("%s: %+v %s", who, got, code)
		}
	}
	if got, code := request(t, nc, "muster.submit.370211-rsj", raw(t, hire(1)), ImportHeader, "true"); code != "403" {
		t.Errorf("%+v %s", got, code)
	}
}

// However much is wrong with a full batch, the answer fits a message.
func TestNATSAnswerFits(t *testing.T) {
	b := newFixture(t)
	nc := natsServer(t)
	listen(t, b, nc)
	bad := `{"specversion":"1.0","id":"` + strings.Repeat("i", 200) + `","source":"` + strings.Repeat("s", 200) + `","type":"attendance.reported","data":{"month":"2022-05","lines":[` +
		strings.TrimSuffix(strings.Repeat(`{},`, 20), ",") + `]}}`
	got, code := request(t, nc, "muster.submit.local", "["+strings.TrimSuffix(strings.Repeat(bad+",", intake.MaxBatch), ",")+"]")
	if code != "" || len(got.Receipts) != intake.MaxBatch || len(got.Receipts[0].Reasons) != 1 {
		t.Errorf("%d receipts of %d reasons, %s", len(got.Receipts), len(got.Receipts[0].Reasons), code)
	}
}
