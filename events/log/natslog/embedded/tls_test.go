package embedded_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/logtest"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// certificate returns a certificate for 127.0.0.1 and a pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, pool
}

// Goal: with a certificate, connections from outside must use TLS. The process
// itself, which uses no network, and the log are not affected.
func TestTLS(t *testing.T) {
	mine, trusted := certificate(t)
	s := start(t, embedded.Options{TLS: &tls.Config{Certificates: []tls.Certificate{mine}}})
	if !strings.HasPrefix(s.ClientURL(), "tls://127.0.0.1:") {
		t.Errorf("address %s", s.ClientURL())
	}
	inside := connected(t)(s.Connect())
	if err := natslog.Provision(t.Context(), inside, natslog.Options{}); err != nil {
		t.Fatal(err)
	}
	answers := connected(t)(s.ConnectAnswers())
	if _, err := answers.Subscribe("muster.submit.*", func(m *nats.Msg) { m.Respond([]byte(m.Subject)) }); err != nil {
		t.Fatal(err)
	}
	if err := answers.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{s.ClientURL(), strings.Replace(s.ClientURL(), "tls:", "nats:", 1)} {
		nc := connected(t)(nats.Connect(address, nats.Secure(&tls.Config{RootCAs: trusted})))
		if m, err := nc.Request("muster.submit.local", nil, logtest.Soon); err != nil || string(m.Data) != "muster.submit.local" {
			t.Errorf("over TLS: %v, %v", m, err)
		}
		if nc, err := nats.Connect(address); err == nil {
			nc.Close()
			t.Error("a certificate that nobody vouches for was taken")
		}
	}
	// A client that does not use TLS gets no connection.
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.ClientURL(), "tls://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.Write([]byte("CONNECT {}\r\nPING\r\n"))
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	said := make([]byte, 0, 4096)
	for buf := make([]byte, 1024); ; {
		n, err := conn.Read(buf)
		if said = append(said, buf[:n]...); err != nil {
			break
		}
	}
	if strings.Contains(string(said), "PONG") {
		t.Errorf("in clear: %s", said)
	}
}

// Goal: a server with the configuration of External confines an agency as the
// embedded server does.
func TestExternal(t *testing.T) {
	key, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.External([]embedded.Agency{{Name: "a.b", NKeys: []string{public}}}); err == nil {
		t.Error("an agency that is no subject was taken")
	}
	text, err := embedded.External([]embedded.Agency{{Name: "370211-rsj", NKeys: []string{public}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(embedded.InternalVariable, "inside")
	t.Setenv(embedded.SystemVariable, "outside")
	t.Setenv(embedded.AnswersVariable, "answers")
	o := &server.Options{}
	if err := o.ProcessConfigString("listen: 127.0.0.1:-1\njetstream { store_dir: \"" + t.TempDir() + "\", sync_interval: always }\n" + text); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	o.NoSigs, o.NoLog = true, true
	ns, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	ns.Start()
	t.Cleanup(func() { ns.Shutdown(); ns.WaitForShutdown() })
	if !ns.ReadyForConnections(logtest.Patience) {
		t.Fatal("the server does not start")
	}
	inside := connected(t)(nats.Connect(ns.ClientURL(), nats.UserInfo(embedded.InternalUser, "inside")))
	if err := natslog.Provision(t.Context(), inside, natslog.Options{}); err != nil {
		t.Fatal(err)
	}
	answers := connected(t)(nats.Connect(ns.ClientURL(), nats.UserInfo(embedded.AnswersUser, "answers")))
	if _, err := answers.Subscribe("muster.submit.*", func(m *nats.Msg) { m.Respond([]byte(m.Subject)) }); err != nil {
		t.Fatal(err)
	}
	if err := answers.Flush(); err != nil {
		t.Fatal(err)
	}
	refusals := make(chan error, 10)
	nc := connected(t)(nats.Connect(ns.ClientURL(), nats.Nkey(public, key.Sign), nats.CustomInboxPrefix("_INBOX.370211-rsj"),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refusals <- err })))
	if m, err := nc.Request("muster.submit.370211-rsj", nil, logtest.Soon); err != nil || string(m.Data) != "muster.submit.370211-rsj" {
		t.Errorf("own submission: %v, %v", m, err)
	}
	for _, subject := range []string{"muster.submit.other", "muster.log.placement", "$JS.API.STREAM.DELETE.MUSTER", "$SRV.PING"} {
		if err := nc.Publish(subject, nil); err != nil {
			t.Fatal(err)
		}
		refused(t, refusals, "publish to "+subject)
	}
	deputy := nats.NewMsg("muster.submit.other")
	deputy.Reply = "muster.log.placement"
	if err := inside.PublishMsg(deputy); err != nil { // as from a user of the same account
		t.Fatal(err)
	}
	if _, err := inside.Request("muster.submit.other", nil, logtest.Soon); err != nil {
		t.Fatal(err)
	}
	if nc, err := nats.Connect(ns.ClientURL()); err == nil {
		nc.Close()
		t.Error("connected without credentials")
	}
	l, err := natslog.Open(t.Context(), inside, natslog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if pos, _, err := l.Head(t.Context(), log.Filter{}); err != nil || !pos.IsZero() {
		t.Errorf("head %s, %v", pos, err)
	}
}
