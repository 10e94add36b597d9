package gateway

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log/natslog/embedded"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"golang.org/x/crypto/bcrypt"
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

// agencyServer serves NATS for b on a server with an account for each agency. connect
// connects as an agency.
func agencyServer(t *testing.T, b *fixture, names ...string) (inside *nats.Conn, connect func(name string) *nats.Conn) {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	o := embedded.Options{Dir: t.TempDir(), Addr: "127.0.0.1:0"}
	for _, name := range names {
		o.Agencies = append(o.Agencies, embedded.Agency{Name: name, User: name, PasswordBcrypt: string(hash)})
	}
	s, err := embedded.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	connected := func(nc *nats.Conn, err error) *nats.Conn {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		return nc
	}
	inside = connected(s.Connect())
	listenOn(t, b, connected(s.ConnectAnswers()), inside)
	return inside, func(name string) *nats.Conn {
		t.Helper()
		return connected(nats.Connect(s.ClientURL(), nats.UserInfo(name, "secret")))
	}
}

// A request with the reply subject of an inbox, or of the log, comes from a user who
// shares the account. It is not carried out, and is counted and logged.
func TestSharedAccountIsNotAnswered(t *testing.T) {
	var lines bytes.Buffer
	counted := 0
	b := newFixture(t, func(o *Options) {
		o.Auth, o.Log, o.CountReply = agencies(t), newLog(&lines), func() { counted++ }
	})
	inside, connect := agencyServer(t, b, "370211-rsj")
	heard, err := inside.SubscribeSync("muster.log.>")
	if err != nil {
		t.Fatal(err)
	}
	for _, reply := range []string{"muster.log.placement", "_INBOX.x", "muster.svc.hire"} {
		if err := inside.PublishRequest("muster.submit.370211-rsj", reply, []byte(raw(t, hire(1)))); err != nil {
			t.Fatal(err)
		}
	}
	if err := inside.Flush(); err != nil {
		t.Fatal(err)
	}
	if got, code := request(t, connect("370211-rsj"), "muster.submit.370211-rsj", raw(t, hire(2))); code != "" || became(got.Receipts[0]) != "accepted" {
		t.Errorf("over accounts: %+v %s", got, code)
	}
	if m, err := heard.NextMsg(100 * time.Millisecond); err == nil {
		t.Errorf("the answer was written to %s: %s", m.Subject, m.Data)
	}
	if list, _ := b.records(t, events.Hire); len(list) != 1 || counted != 3 || strings.Count(lines.String(), "an account of its own") != 1 {
		t.Errorf("%d events, %d counted, log\n%s", len(list), counted, lines.String())
	}
}

// listen serves NATS until the test ends.
func listen(t *testing.T, b *fixture, nc *nats.Conn) {
	t.Helper()
	listenOn(t, b, nc, nc)
}

// listenOn is listen on a connection that may only answer. asks may ask $SRV.
func listenOn(t *testing.T, b *fixture, nc, asks *nats.Conn) {
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
		if m, err := asks.Request("$SRV.PING.muster-gateway", nil, time.Second); err == nil && len(m.Data) > 0 {
			if m, err := asks.Request("$SRV.INFO.muster-gateway", nil, time.Second); err == nil && strings.Contains(string(m.Data), Subject) {
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
	_, connect := agencyServer(t, b, "370211-rsj", "bank", "370212-rsj")
	if got, code := request(t, connect("370211-rsj"), "muster.submit.370211-rsj", raw(t, hire(1))); code != "" || became(got.Receipts[0]) != "accepted" {
		t.Errorf("%+v %s", got, code)
	}
	if e, _ := b.records(t, events.Hire); e[0].AuthID != "370211-rsj" || e[0].AuthType != "nkey" {
		t.Errorf("%s by %s", e[0].AuthID, e[0].AuthType)
	}
	if got, code := request(t, connect("bank"), "muster.submit.bank", raw(t, hire(1))); code != "" || became(got.Receipts[0]) != "not_entitled source" {
		t.Errorf("%+v %s", got, code)
	}
	if got, code := request(t, connect("370212-rsj"), "muster.submit.370212-rsj", raw(t, hire(1))); code != "401" {
		t.Errorf("%+v %s", got, code)
	}
	if got, code := request(t, connect("370211-rsj"), "muster.submit.370211-rsj", raw(t, hire(1)), ImportHeader, "true"); code != "403" {
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
