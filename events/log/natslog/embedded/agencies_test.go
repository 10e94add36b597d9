package embedded_test

import (
	"testing"
	"time"

	"github.com/muster-works/muster/events/log/logtest"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
)

// newKey returns a new public user key and the login with it.
func newKey(t *testing.T) (public string, login nats.Option) {
	t.Helper()
	key, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	if public, err = key.PublicKey(); err != nil {
		t.Fatal(err)
	}
	return public, nats.Nkey(public, key.Sign)
}

// Goal: agencies are added, change keys and are removed while the server runs, and
// nobody else notices.
// Method: several lists one after the other. The internal connection, a service on it
// and the log stay the same.
func TestSetAgencies(t *testing.T) {
	first, byFirst := newKey(t)
	second, bySecond := newKey(t)
	other, byOther := newKey(t)
	s := start(t, embedded.Options{Agencies: []embedded.Agency{{Name: "a", NKeys: []string{first}}}})
	lost := make(chan struct{}, 10)
	inside := connected(t)(s.Connect(nats.DisconnectErrHandler(func(*nats.Conn, error) { lost <- struct{}{} })))
	if err := natslog.Provision(t.Context(), inside, natslog.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := inside.Subscribe("muster.submit.*", func(m *nats.Msg) { m.Respond([]byte(m.Subject)) }); err != nil {
		t.Fatal(err)
	}
	logged, err := jetstream.New(inside)
	if err != nil {
		t.Fatal(err)
	}
	writes := func() {
		t.Helper()
		if _, err := logged.Publish(t.Context(), "muster.log.gateway", []byte("{}")); err != nil {
			t.Errorf("the log: %v", err)
		}
	}
	writes()
	closed := make(chan struct{}, 10)
	login := func(by nats.Option, agency string) *nats.Conn {
		t.Helper()
		nc, err := nats.Connect(s.ClientURL(), by, nats.NoReconnect(), nats.ClosedHandler(func(*nats.Conn) { closed <- struct{}{} }))
		if err != nil {
			t.Fatalf("%s: %v", agency, err)
		}
		t.Cleanup(nc.Close)
		return nc
	}
	submits := func(nc *nats.Conn, agency string) {
		t.Helper()
		if m, err := nc.Request("muster.submit."+agency, nil, logtest.Soon); err != nil || string(m.Data) != "muster.submit."+agency {
			t.Errorf("%s: %v %v", agency, m, err)
		}
	}
	set := func(list ...embedded.Agency) {
		t.Helper()
		if err := s.SetAgencies(list); err != nil {
			t.Fatal(err)
		}
	}
	stays := login(byFirst, "a")
	submits(stays, "a")
	if nc, err := nats.Connect(s.ClientURL(), bySecond); err == nil {
		nc.Close()
		t.Fatal("a key that nobody knows was let in")
	}

	set(embedded.Agency{Name: "a", NKeys: []string{first, second}}, embedded.Agency{Name: "b", NKeys: []string{other}})
	submits(stays, "a")
	next := login(bySecond, "a")
	submits(next, "a")
	joined := login(byOther, "b")
	submits(joined, "b")
	writes()

	set(embedded.Agency{Name: "a", NKeys: []string{second}})
	for range 2 { // the connection with the first key, and that of b
		select {
		case <-closed:
		case <-time.After(logtest.Soon):
			t.Fatal("an agency that may no longer is still connected")
		}
	}
	if stays.IsConnected() || joined.IsConnected() {
		t.Error("others were closed")
	}
	submits(next, "a")
	for _, by := range []nats.Option{byFirst, byOther} {
		if nc, err := nats.Connect(s.ClientURL(), by); err == nil {
			nc.Close()
			t.Error("let in after it was taken out")
		}
	}
	if err := s.SetAgencies([]embedded.Agency{{Name: "a.b", NKeys: []string{first}}}); err == nil {
		t.Error("an agency that is no subject was taken")
	}
	submits(next, "a")
	writes()
	if len(lost) != 0 {
		t.Error("the connection inside was lost")
	}
}
