package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log/natslog/embedded"
	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// keys returns a pair of keys and its public half.
func keys(t *testing.T, create func() (nkeys.KeyPair, error)) (nkeys.KeyPair, string) {
	t.Helper()
	pair, err := create()
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return pair, public
}

// A jwtServer is a NATS server that knows its accounts by JWTs of an operator.
type jwtServer struct {
	t        *testing.T
	operator nkeys.KeyPair
	accounts *server.MemAccResolver
}

// account makes an account of the server.
func (o jwtServer) account(name string, say func(*jwt.AccountClaims)) (nkeys.KeyPair, string) {
	o.t.Helper()
	pair, public := keys(o.t, nkeys.CreateAccount)
	claims := jwt.NewAccountClaims(public)
	claims.Name = name
	say(claims)
	token, err := claims.Encode(o.operator)
	if err == nil {
		err = o.accounts.Store(public, token)
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return pair, public
}

// user makes a user of an account and returns the file of its credentials.
func (o jwtServer) user(account nkeys.KeyPair, allow jwt.Permissions) string {
	o.t.Helper()
	pair, public := keys(o.t, nkeys.CreateUser)
	claims := jwt.NewUserClaims(public)
	claims.Permissions = allow
	token, err := claims.Encode(account)
	if err != nil {
		o.t.Fatal(err)
	}
	seed, err := pair.Seed()
	if err != nil {
		o.t.Fatal(err)
	}
	text, err := jwt.FormatUserConfig(token, seed)
	if err != nil {
		o.t.Fatal(err)
	}
	file := filepath.Join(o.t.TempDir(), "user.creds")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		o.t.Fatal(err)
	}
	return file
}

// Goal: Muster works on a NATS server whose operator issues JWTs, with a JWT of its
// own. An agency submits with a JWT that lets it publish its subject and do nothing
// else. Method: such a server in this process, and the real program.
func TestJWT(t *testing.T) {
	pair, public := keys(t, nkeys.CreateOperator)
	o := jwtServer{t, pair, &server.MemAccResolver{}}
	claims := jwt.NewOperatorClaims(public)
	_, system := o.account("SYS", func(*jwt.AccountClaims) {})
	muster, inner := o.account("MUSTER", func(c *jwt.AccountClaims) {
		c.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: jwt.NoLimit, DiskStorage: jwt.NoLimit, Streams: jwt.NoLimit, Consumer: jwt.NoLimit}
		c.Exports.Add(&jwt.Export{Name: "submit", Subject: "muster.submit.*", Type: jwt.Service})
	})
	const own = "muster.submit.370211-rsj"
	agency, _ := o.account("370211-rsj", func(c *jwt.AccountClaims) {
		c.Imports.Add(&jwt.Import{Name: "submit", Account: inner, Subject: own, Type: jwt.Service})
	})
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, NoSigs: true, MaxPayload: embedded.MaxPayload, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true,
		TrustedOperators: []*jwt.OperatorClaims{claims}, AccountResolver: o.accounts, SystemAccount: system,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the server is not ready")
	}

	dir := t.TempDir()
	file := filepath.Join(dir, "agencies.json")
	if err := os.WriteFile(file, []byte(`{"agencies":[{"name":"370211-rsj","division":"370211"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	to := []string{"--nats", s.ClientURL(), "--creds", o.user(muster, jwt.Permissions{})}
	if out, err := try(t, append([]string{"provision"}, to...)...); err != nil {
		t.Fatalf("provision: %v\n%s", err, out)
	}
	answering := o.user(muster, jwt.Permissions{
		Pub: jwt.Permission{Allow: jwt.StringList{"_R_.>", "_INBOX.>"}},
		Sub: jwt.Permission{Allow: jwt.StringList{"muster.submit.*", "muster.svc.*", "$SRV.>", "_INBOX.>"}},
	})
	for _, name := range []string{"post", "gateway"} {
		start(t, append([]string{"serve", name, "--answers-creds", answering, "--data", dir, "--http", "127.0.0.1:0", "--auth", file}, to...)...)
	}
	refused := make(chan error, 4)
	nc, err := nats.Connect(s.ClientURL(), nats.CustomInboxPrefix("_INBOX.370211-rsj"), nats.UserCredentials(o.user(agency, jwt.Permissions{
		Pub: jwt.Permission{Allow: jwt.StringList{own}}, Sub: jwt.Permission{Allow: jwt.StringList{"_INBOX.370211-rsj.>"}},
	})), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	m, err := nc.Request(own, []byte(tour(t)[0]), 30*time.Second)
	if err != nil || !strings.Contains(string(m.Data), `"accepted"`) {
		t.Fatalf("%v %+v", err, m)
	}
	for _, subject := range []string{"muster.submit.other", "muster.log.placement"} {
		if err := nc.Publish(subject, []byte(tour(t)[0])); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-refused:
			if !strings.Contains(err.Error(), subject) {
				t.Errorf("publish to %s: %v", subject, err)
			}
		case <-time.After(30 * time.Second):
			t.Errorf("publish to %s was not refused", subject)
		}
	}
	// A user of the deployment's own account asks for its answer in the log. The receipt
	// would be a commit without an id, on which every reader of the log ends.
	deputy, err := nats.Connect(s.ClientURL(), nats.UserCredentials(o.user(muster, jwt.Permissions{
		Pub: jwt.Permission{Allow: jwt.StringList{own}}, Sub: jwt.Permission{Allow: jwt.StringList{"_INBOX.370211-rsj.>"}},
	})))
	if err != nil {
		t.Fatal(err)
	}
	defer deputy.Close()
	if err := deputy.PublishRequest(own, "muster.log.placement", []byte(tour(t)[1])); err != nil {
		t.Fatal(err)
	}
	if err := deputy.Flush(); err != nil {
		t.Fatal(err)
	}
	if m, err := nc.Request(own, []byte(tour(t)[0]), 30*time.Second); err != nil || !strings.Contains(string(m.Data), `"duplicate"`) {
		t.Errorf("after the deputy: %v %+v", err, m)
	}
	logged, err := try(t, append([]string{"log", "cat"}, to...)...)
	if err != nil || strings.Count(logged, "\n") != 1 || !strings.Contains(logged, `"authtype":"nats","authid":"370211-rsj"`) {
		t.Errorf("%v\n%s", err, logged)
	}
}
