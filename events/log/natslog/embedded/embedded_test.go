package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"github.com/nats-io/nkeys"
	"golang.org/x/crypto/bcrypt"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/logtest"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

func start(t *testing.T, o embedded.Options) *embedded.Server {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	s, err := embedded.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

func connected(t *testing.T) func(nc *nats.Conn, err error) *nats.Conn {
	return func(nc *nats.Conn, err error) *nats.Conn {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		return nc
	}
}

func TestMain(m *testing.M) {
	if dir := os.Getenv("MUSTER_TEST_SERVE"); dir != "" {
		patience, _ := time.ParseDuration(os.Getenv("MUSTER_TEST_PATIENCE"))
		s, err := embedded.Start(embedded.Options{Dir: dir, Addr: "127.0.0.1:0", Patience: patience,
			Logger: slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelWarn}))})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(s.ClientURL())
		bufio.NewReader(os.Stdin).ReadString('\n')
		s.Shutdown()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Goal: each agency, and a connection without credentials, can do only what is
// documented.
// Method: allowed and forbidden actions. The server answers a forbidden publish or
// subscribe with an asynchronous error, and the other side receives nothing.
func TestConfinement(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	key, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, embedded.Options{Agencies: []embedded.Agency{
		{Name: "370211-rsj", User: "rsj", PasswordBcrypt: string(hash)},
		{Name: "370212", NKeys: []string{public}},
	}})
	inside := connected(t)(s.Connect())
	if err := natslog.Provision(t.Context(), inside, natslog.Options{}); err != nil {
		t.Fatal(err)
	}
	// This gateway answers each request with its subject.
	if _, err := inside.Subscribe("muster.submit.*", func(m *nats.Msg) { m.Respond([]byte(m.Subject)) }); err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 100)
	for _, subject := range []string{"muster.log.>", "muster.other", "_INBOX.>"} {
		if _, err := inside.Subscribe(subject, func(m *nats.Msg) { heard <- m.Subject }); err != nil {
			t.Fatal(err)
		}
	}
	if err := inside.Flush(); err != nil {
		t.Fatal(err)
	}

	for _, who := range []struct {
		agency string
		login  []nats.Option
	}{
		{"local", nil},
		{"370211-rsj", []nats.Option{nats.UserInfo("rsj", "secret")}},
		{"370212", []nats.Option{nats.Nkey(public, key.Sign)}},
	} {
		t.Run(who.agency, func(t *testing.T) {
			refusals := make(chan error, 100)
			nc := connected(t)(nats.Connect(s.ClientURL(), append(who.login,
				nats.CustomInboxPrefix("_INBOX."+who.agency),
				nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refusals <- err }))...))
			own := "muster.submit." + who.agency
			if m, err := nc.Request(own, []byte("{}"), logtest.Soon); err != nil || string(m.Data) != own {
				t.Fatalf("own submission: %v, %v", m, err)
			}
			plain := connected(t)(nats.Connect(s.ClientURL(), who.login...))
			if m, err := plain.Request(own, []byte("{}"), logtest.Soon); err != nil || string(m.Data) != own {
				t.Fatalf("own submission with the default inbox: %v, %v", m, err)
			}
			for _, subject := range []string{"muster.submit.other", "muster.log.placement", "muster.other", "$JS.API.INFO",
				"$JS.API.STREAM.DELETE.MUSTER", "$JS.API.STREAM.MSG.GET.MUSTER", "$SYS.REQ.SERVER.PING", "$SRV.STATS", "_INBOX.local.x"} {
				if err := nc.PublishRequest(subject, nc.NewInbox(), []byte(`{}`)); err != nil {
					t.Fatal(err)
				}
				refused(t, refusals, "publish to "+subject)
			}
			for _, subject := range []string{"muster.submit.*", "muster.>", "muster.log.>", ">", "$SYS.>", "$JS.>"} {
				if _, err := nc.SubscribeSync(subject); err != nil {
					t.Fatal(err)
				}
				refused(t, refusals, "subscribe to "+subject)
			}
			// The requester chooses the reply subject. The answer must not become a
			// message of the log.
			for _, reply := range []string{"muster.log.placement", "muster.other"} {
				if err := nc.PublishRequest(own, reply, []byte("{}")); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := nc.Request(own, []byte("{}"), logtest.Soon); err != nil { // an answer to this request shows that the earlier ones were answered
				t.Fatal(err)
			}
		})
	}
	select {
	case subject := <-heard:
		t.Errorf("the inner account heard %s", subject)
	case <-time.After(100 * time.Millisecond):
	}
	l, err := natslog.Open(t.Context(), inside, natslog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if pos, _, err := l.Head(t.Context(), log.Filter{}); err != nil || !pos.IsZero() {
		t.Errorf("head %s, %v: somebody wrote to the log", pos, err)
	}
	for name, login := range map[string]nats.Option{
		"wrong password":             nats.UserInfo("rsj", "wrong"),
		"internal without password":  nats.UserInfo("internal", ""),
		"internal, wrong password":   nats.UserInfo("internal", "secret"),
		"local with an empty one":    nats.UserInfo("local", ""),
		"system with wrong password": nats.UserInfo("system", "secret"),
	} {
		if nc, err := nats.Connect(s.ClientURL(), login); err == nil {
			nc.Close()
			t.Errorf("%s: connected", name)
		}
	}
}

func refused(t *testing.T, refusals <-chan error, what string) {
	t.Helper()
	select {
	case err := <-refusals:
		if !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("%s: %v", what, err)
		}
	case <-time.After(logtest.Soon):
		t.Errorf("%s: not refused", what)
	}
}

// Goal: an agency receives nothing that is meant for another agency, though both may
// subscribe to any inbox.
func TestAgenciesApart(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, embedded.Options{Agencies: []embedded.Agency{{Name: "a", User: "a", PasswordBcrypt: string(hash)}}})
	inside := connected(t)(s.Connect())
	if _, err := inside.Subscribe("muster.submit.*", func(m *nats.Msg) { m.Respond([]byte(m.Subject)) }); err != nil {
		t.Fatal(err)
	}
	local := connected(t)(nats.Connect(s.ClientURL()))
	spy, err := local.SubscribeSync("_INBOX.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := local.Flush(); err != nil {
		t.Fatal(err)
	}
	a := connected(t)(nats.Connect(s.ClientURL(), nats.UserInfo("a", "secret")))
	for range 10 {
		if _, err := a.Request("muster.submit.a", []byte("{}"), logtest.Soon); err != nil {
			t.Fatal(err)
		}
	}
	if m, err := spy.NextMsg(100 * time.Millisecond); err == nil {
		t.Errorf("local heard %s", m.Subject)
	}
}

// Goal: a user on the same machine may list the services.
func TestServicesListed(t *testing.T) {
	s := start(t, embedded.Options{})
	inside := connected(t)(s.Connect())
	service, err := micro.AddService(inside, micro.Config{Name: "hire", Version: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	defer service.Stop()
	if err := inside.Flush(); err != nil { // the subscriptions have reached the server
		t.Fatal(err)
	}
	local := connected(t)(nats.Connect(s.ClientURL(), nats.CustomInboxPrefix("_INBOX.local")))
	for _, subject := range []string{"$SRV.PING", "$SRV.PING.hire", "$SRV.INFO", "$SRV.INFO.hire"} {
		m, err := local.Request(subject, nil, logtest.Soon)
		if err != nil || !strings.Contains(string(m.Data), `"hire"`) {
			t.Errorf("%s: %v, %v", subject, m, err)
		}
	}
}

// Goal: the largest request of an agency is accepted. A request that is one byte
// larger is an error on the agency's own connection.
func TestMaxPayload(t *testing.T) {
	s := start(t, embedded.Options{})
	inside := connected(t)(s.Connect())
	if _, err := inside.Subscribe("muster.submit.*", func(m *nats.Msg) { m.Respond(fmt.Append(nil, len(m.Data))) }); err != nil {
		t.Fatal(err)
	}
	local := connected(t)(nats.Connect(s.ClientURL()))
	m, err := local.Request("muster.submit.local", make([]byte, embedded.MaxPayload), logtest.Patience)
	if err != nil || string(m.Data) != fmt.Sprint(embedded.MaxPayload) {
		t.Errorf("%v, %v", m, err)
	}
	if err := local.Publish("muster.submit.local", make([]byte, embedded.MaxPayload+1)); !errors.Is(err, nats.ErrMaxPayload) {
		t.Errorf("one byte more: %v", err)
	}
}

// Goal: the log, the password and the users of the address survive a restart.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	var rev log.Revision
	for round := range 3 {
		s, err := embedded.Start(embedded.Options{Dir: dir, Addr: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		login, err := embedded.Credentials(dir)
		if err != nil {
			t.Fatal(err)
		}
		nc := connected(t)(nats.Connect(s.ClientURL(), login)) // connects as another process would
		if err := natslog.Provision(t.Context(), nc, natslog.Options{}); err != nil {
			t.Fatal(err)
		}
		l, err := natslog.Open(t.Context(), nc, natslog.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, head, err := l.Head(t.Context(), log.Filter{}); err != nil || head != rev {
			t.Fatalf("round %d: head %d, %v; want %d", round, head, err, rev)
		}
		c := log.Commit{ID: fmt.Sprint(round), Boundary: "policy", Events: [][]byte{[]byte(`{}`)}}
		if _, rev, err = l.Append(t.Context(), c, rev); err != nil {
			t.Fatal(err)
		}
		l.Close()
		nc.Close()
		s.Shutdown()
		s.Shutdown() // Shutdown may be called twice
	}
	info, err := os.Stat(filepath.Join(dir, "internal.password"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("password file: %v, %v", info, err)
	}
}

// Goal: a second server on the same data is refused, in this process and in another
// one. The directory is free when its process has ended in any way.
func TestOneProcess(t *testing.T) {
	dir := t.TempDir()
	s := start(t, embedded.Options{Dir: dir})
	if _, err := embedded.Start(embedded.Options{Dir: dir, Addr: "127.0.0.1:0"}); !errors.Is(err, embedded.ErrInUse) {
		t.Errorf("second server in this process: %v", err)
	}
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), "MUSTER_TEST_SERVE="+dir)
	out, err := other.Output()
	if want := fmt.Sprintf("process %d", os.Getpid()); err == nil || !strings.Contains(string(out), embedded.ErrInUse.Error()) || !strings.Contains(string(out), want) {
		t.Errorf("second server in another process: %v, %s", err, out)
	}
	s.Shutdown()

	holder := exec.Command(os.Args[0])
	holder.Env = other.Env
	in, out2 := pipe(t, holder)
	defer in.Close()
	line, err := out2.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "nats://") {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := embedded.Start(embedded.Options{Dir: dir, Addr: "127.0.0.1:0"}); !errors.Is(err, embedded.ErrInUse) {
		t.Errorf("while another process holds it: %v", err)
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	holder.Wait()
	start(t, embedded.Options{Dir: dir})
}

func pipe(t *testing.T, c *exec.Cmd) (interface{ Close() error }, *bufio.Reader) {
	t.Helper()

	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return in, bufio.NewReader(out)
}

func TestBadOptions(t *testing.T) {
	taken := start(t, embedded.Options{})
	addr := strings.TrimPrefix(taken.ClientURL(), "nats://")
	for name, o := range map[string]embedded.Options{
		"address in use":   {Addr: addr},
		"no port":          {Addr: "127.0.0.1"},
		"agency name":      {Agencies: []embedded.Agency{{Name: "a.b", User: "a", PasswordBcrypt: "x"}}},
		"agency local":     {Agencies: []embedded.Agency{{Name: "local", NKeys: []string{"U"}}}},
		"agency wildcard":  {Agencies: []embedded.Agency{{Name: "*", NKeys: []string{"U"}}}},
		"password clear":   {Agencies: []embedded.Agency{{Name: "a", User: "a", PasswordBcrypt: "secret"}}},
		"no login":         {Agencies: []embedded.Agency{{Name: "a"}}},
		"user is internal": {Agencies: []embedded.Agency{{Name: "a", User: "internal", PasswordBcrypt: "$2a$04$" + strings.Repeat("a", 53)}}},
		"bad nkey":         {Agencies: []embedded.Agency{{Name: "a", NKeys: []string{"UABC, permissions: {}"}}}},
	} {
		if o.Addr == "" {
			o.Addr = "127.0.0.1:0"
		}
		o.Dir = t.TempDir()
		s, err := embedded.Start(o)
		if err == nil {
			s.Shutdown()
			t.Errorf("%s: started", name)
			continue
		}
		t.Log(err)
	}
}

// Goal: on an address that is not loopback, nobody connects without credentials.
func TestNoLocalElsewhere(t *testing.T) {
	s := start(t, embedded.Options{Addr: "0.0.0.0:0"})
	url := "nats://127.0.0.1:" + s.ClientURL()[strings.LastIndexByte(s.ClientURL(), ':')+1:]
	if nc, err := nats.Connect(url); !errors.Is(err, nats.ErrAuthorization) {
		if err == nil {
			nc.Close()
		}
		t.Errorf("connected without credentials: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), logtest.Patience)
	defer cancel()
	if err := natslog.Provision(ctx, connected(t)(s.Connect()), natslog.Options{}); err != nil {
		t.Error(err)
	}
}
