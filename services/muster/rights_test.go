package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	_ "modernc.org/sqlite"
)

// ask sends a JSON body and returns status and answer.
func ask(t *testing.T, c *http.Client, method, url, token, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// copyDir copies a folder with its permissions, as an operator does.
func copyDir(t *testing.T, to, from string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o700); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(from, f.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, f.Name()), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// under returns the content of every file under a folder, by name.
func under(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		all[name], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Goal: an erased person is in no file any more. Figures and trails stay as they were.
// A person who returns is a new person. A vault that is restored from a copy erases the
// person again. Method: the real program, stopped and started in between.
func TestErase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, saved := filepath.Join(dir, "data"), filepath.Join(dir, "saved")
	i := up(t, data)
	lines := tour(t)
	receipts := post(t, i, "application/x-ndjson", strings.Join(lines[:3], "\n"))
	person := receipts[1].Person.String()
	erase := func(why string) (string, error) {
		return try(t, "erase", person, "--reason", why, "--to", i.HTTP)
	}
	if out, err := erase("asked for it"); err == nil || !strings.Contains(out, "370211102231-001") {
		t.Errorf("in place: %v %s", err, out)
	}
	exit := post(t, i, "application/json", lines[3])[0]
	if exit.Status != events.Accepted {
		t.Fatalf("%+v", exit)
	}
	i.stop(t)
	copyDir(t, saved, filepath.Join(data, "vault"))
	i = up(t, data)
	const figures = "/v1/headcount?as_of=2022-05-10"
	before := get[headcount](t, i, figures)

	if told, err := try(t, "reveal", person, "--fields", "name,phone", "--purpose", "a letter came back", "--to", i.HTTP); err != nil || !strings.Contains(told, "王某") || strings.Contains(told, "370211196501010014") {
		t.Errorf("reveal: %v %s", err, told)
	}
	if out, err := try(t, "reveal", person, "--fields", "name", "--to", i.HTTP); err == nil || !strings.Contains(out, "--purpose") {
		t.Errorf("reveal without a purpose: %v %s", err, out)
	}
	out, err := erase("asked for it")
	if err != nil {
		t.Fatal(out)
	}
	var certificate struct {
		Person, Reason, By, Commit string
		Position                   string
		RecordedTime               time.Time
		Destroyed                  struct {
			Keys   int
			Fields []string
		}
	}
	if err := json.Unmarshal([]byte(out), &certificate, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	if c := certificate; c.Person != person || c.Reason != "asked for it" || c.By != "local" || c.Commit == "" || c.RecordedTime.IsZero() || c.Destroyed.Keys != 1 || len(c.Destroyed.Fields) == 0 {
		t.Errorf("certificate %s", out)
	}
	secrets := sealedIn(t, saved)
	for name, b := range under(t, filepath.Join(data, "vault")) {
		for what, secret := range secrets {
			if bytes.Contains(b, secret) {
				t.Errorf("%s still holds the %s", name, what)
			}
		}
	}
	after := get[headcount](t, i, figures+"&at_least="+certificate.Position)
	if after.Total != before.Total || after.Total != 1 {
		t.Errorf("headcount %d, %d before", after.Total, before.Total)
	}
	type trail struct{ Events []struct{ ID, Type string } }
	if got := get[trail](t, i, "/v1/trail/persons/"+person).Events; len(got) != 5 || got[3].Type != "person.revealed" || got[4].Type != "person.erased" {
		t.Errorf("trail %+v", got)
	}
	again := post(t, i, "application/x-ndjson", strings.Join(lines, "\n"))
	for _, r := range again[:2] {
		if r.Status != events.Duplicate {
			t.Errorf("sent again: %+v", r)
		}
	}
	i.stop(t)

	if err := os.RemoveAll(filepath.Join(data, "vault")); err != nil {
		t.Fatal(err)
	}
	copyDir(t, filepath.Join(data, "vault"), saved)
	i = up(t, data)
	if status, text := ask(t, http.DefaultClient, http.MethodPost, i.HTTP+"/v1/persons/"+person+"/reveal", "", `{"fields":["name"],"purpose":"is it restored"}`); status != http.StatusNotFound {
		t.Errorf("the restored vault says %d %s", status, text)
	}
	for name, b := range under(t, filepath.Join(data, "vault")) {
		for what, secret := range secrets {
			if bytes.Contains(b, secret) {
				t.Errorf("once restored %s holds the %s", name, what)
			}
		}
	}
	if out, err := erase("again"); err != nil || !strings.Contains(out, certificate.Commit) || !strings.Contains(out, `"keys": 0`) {
		t.Errorf("the certificate again: %v %s", err, out)
	}
	back := post(t, i, "application/json", strings.NewReplacer("h-000017", "h-000018", "2022-05-01", "2022-07-01", "A-17", "A-18").Replace(lines[1]))[0]
	if back.Status != events.Accepted || back.Person.String() == person {
		t.Errorf("the returner: %+v", back)
	}
	i.stop(t)
}

// sealedIn returns what a vault holds of its only person.
func sealedIn(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	copied := t.TempDir()
	copyDir(t, copied, dir)
	db, err := sql.Open("sqlite", filepath.Join(copied, "vault.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var key, sealed, number []byte
	if err := db.QueryRow("SELECT key, sealed, number FROM person").Scan(&key, &sealed, &number); err != nil {
		t.Fatal(err)
	}
	if len(key) < 32 || len(sealed) < 32 || len(number) != 16 {
		t.Fatal("the saved vault holds nobody")
	}
	return map[string][]byte{"key": key, "identity": sealed, "number": number}
}

// certificate makes a certificate for 127.0.0.1, and returns its files and the
// configuration of a client that trusts it.
func certificate(t *testing.T) (cert, key string, trusted *tls.Config) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, kind string, b []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	cert, key = write("cert.pem", "CERTIFICATE", raw), write("key.pem", "PRIVATE KEY", secret)
	text, _ := os.ReadFile(cert)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return cert, key, &tls.Config{RootCAs: pool}
}

// secret returns a value from the output of agency add.
func secret(t *testing.T, printed, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(printed, "\n"+name)
	value, _, _ := strings.Cut(strings.TrimSpace(rest), "\n")
	if !ok || value == "" {
		t.Fatalf("no %s in %s", name, printed)
	}
	return strings.TrimSpace(value)
}

// Goal: an agency submits under its own name, over HTTP and NATS, within its divisions,
// and can do nothing else. Nothing crosses the network in clear. Method: agencies made
// by the command, a certificate made by the test, the real program.
func TestAgencies(t *testing.T) {
	dir := t.TempDir()
	file, data := filepath.Join(dir, "agencies.json"), filepath.Join(dir, "data")
	county := muster(t, "agency", "add", "370211-rsj", "--division", "370211", "--auth", file)
	operator := muster(t, "agency", "add", "operator", "--division", "", "--import", "--reveal", "--auth", file)
	clerk := muster(t, "agency", "add", "clerk", "--division", "370211", "--password", "--auth", file)
	if out, err := try(t, "agency", "add", "operator", "--division", "", "--auth", file); err == nil {
		t.Errorf("an agency twice: %s", out)
	}
	if out := muster(t, "agency", "nats-config", "--auth", file); !strings.Contains(out, `"muster.submit.370211-rsj"`) || !strings.Contains(out, "sync_interval: always") {
		t.Errorf("configuration for a server elsewhere:\n%s", out)
	}
	cert, key, trusted := certificate(t)
	for _, args := range [][]string{
		{"--http", "0.0.0.0:0"},
		{"--http", "0.0.0.0:0", "--auth", file},
		{"--nats", "0.0.0.0:0", "--auth", file},
		{"--tls-cert", cert},
		{"--tls-cert", key, "--tls-key", cert},
	} {
		if out, err := try(t, append([]string{"up", "--data", filepath.Join(dir, "never"), "--http", "127.0.0.1:0", "--nats", "127.0.0.1:0"}, args...)...); err == nil || !strings.Contains(out, "--") {
			t.Errorf("up %v: %v %s", args, err, out)
		}
	}
	i := start(t, "up", "--data", data, "--http", "0.0.0.0:0", "--nats", "0.0.0.0:0", "--auth", file, "--tls-cert", cert, "--tls-key", key)
	local := func(address string) string {
		return address[:strings.Index(address, "//")+2] + "127.0.0.1" + address[strings.LastIndexByte(address, ':'):]
	}
	i.HTTP, i.NATS = local(i.HTTP), local(i.NATS)
	if !strings.HasPrefix(i.HTTP, "https://") || !strings.HasPrefix(i.NATS, "tls://") {
		t.Fatalf("at %s and %s", i.HTTP, i.NATS)
	}

	pair, err := nkeys.FromSeed([]byte(secret(t, county, "NATS seed")))
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	refusals := make(chan error, 10)
	nc, err := nats.Connect(i.NATS, nats.Nkey(public, pair.Sign), nats.Secure(trusted), nats.CustomInboxPrefix("_INBOX.370211-rsj"),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refusals <- err }))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	lines := tour(t)
	submit := func(body string) events.Receipt {
		t.Helper()
		m, err := nc.Request("muster.submit.370211-rsj", []byte(body), 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct{ Receipts []events.Receipt }
		if err := json.Unmarshal(m.Data, &answer, json.MatchCaseInsensitiveNames(true)); err != nil || len(answer.Receipts) != 1 {
			t.Fatalf("%s %v %v", m.Data, m.Header, err)
		}
		return answer.Receipts[0]
	}
	if r := submit(lines[0]); r.Status != events.Accepted {
		t.Errorf("own division: %+v", r)
	}
	for name, c := range map[string]struct{ body, code, field string }{
		"outside its divisions": {strings.ReplaceAll(strings.Replace(lines[0], "p-000001", "p-2", 1), "370211102231", "370202001001"), "not_entitled", "division"},
		"as another agency":     {strings.Replace(lines[0], "/agency/370211-rsj", "/agency/operator", 1), "not_entitled", "source"},
		"says who it is":        {strings.Replace(lines[0], `"data":`, `"authid":"operator","data":`, 1), "engine_field", "authid"},
		"says how it came":      {strings.Replace(lines[0], `"data":`, `"authtype":"loopback","data":`, 1), "engine_field", "authtype"},
		"history as it was":     {strings.Replace(lines[1], `"data":`, `"submode":"record","data":`, 1), "not_entitled", "submode"},
	} {
		if r := submit(c.body); r.Status != events.Rejected || string(r.Reasons[0].Code) != c.code || r.Reasons[0].Field != c.field {
			t.Errorf("%s: %+v, want %s at %s", name, r, c.code, c.field)
		}
	}
	for _, subject := range []string{"muster.submit.operator", "muster.log.placement", "muster.svc.hire", "$JS.API.STREAM.PURGE.MUSTER", "$SRV.STATS"} {
		if err := nc.PublishRequest(subject, nc.NewInbox(), []byte(lines[1])); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-refusals:
			if !strings.Contains(err.Error(), subject) {
				t.Errorf("publish to %s: %v", subject, err)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("publish to %s was not refused", subject)
		}
	}
	by, err := nats.Connect(i.NATS, nats.UserInfo(secret(t, clerk, "NATS user"), secret(t, clerk, "password")), nats.Secure(trusted))
	if err != nil {
		t.Fatal(err)
	}
	defer by.Close()
	if m, err := by.Request("muster.submit.clerk", []byte(strings.Replace(lines[0], "/agency/370211-rsj", "/agency/clerk", 1)), 10*time.Second); err != nil || !strings.Contains(string(m.Data), `"post_exists"`) {
		t.Errorf("with a password: %v %+v", err, m)
	}
	if m, err := by.Request("muster.submit.clerk", []byte(strings.NewReplacer("/agency/370211-rsj", "/agency/clerk", "-001", "-002").Replace(lines[0])), 10*time.Second); err != nil || !strings.Contains(string(m.Data), `"accepted"`) {
		t.Errorf("with a password: %v %+v", err, m)
	}
	for name, options := range map[string][]nats.Option{
		"a wrong password":        {nats.Secure(trusted), nats.UserInfo("clerk", "secret")},
		"no key":                  {nats.Secure(trusted)},
		"an untrusted server":     {nats.Nkey(public, pair.Sign)},
		"a key that nobody knows": {nats.Secure(trusted), stranger(t)},
	} {
		if nc, err := nats.Connect(i.NATS, options...); err == nil {
			nc.Close()
			t.Errorf("%s: connected", name)
		}
	}

	secure := &http.Client{Transport: &http.Transport{TLSClientConfig: trusted, ForceAttemptHTTP2: true}}
	token := secret(t, county, "token")
	for name, c := range map[string]struct {
		token, body string
		status      int
		want        string
	}{
		"with its token": {token, lines[1], 200, `"accepted"`},
		"with none":      {"", lines[1], 401, ""},
		"with a hash":    {"56788f3f7d5bef0ebbc4c9f10cd5c5ebbec4d21886c65a5d808597b7a547be8e", lines[1], 401, ""},
		"outside":        {token, strings.ReplaceAll(lines[3], "370211102231", "370202001001"), 200, `"not_entitled"`},
	} {
		if status, text := ask(t, secure, http.MethodPost, i.HTTP+"/v1/events", c.token, c.body); status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d %s, want %d %s", name, status, text, c.status, c.want)
		}
	}
	if _, err := http.Get(i.HTTP + "/healthz"); err == nil {
		t.Error("a certificate that nobody vouches for was taken")
	}
	if resp, err := http.Get(strings.Replace(i.HTTP, "https:", "http:", 1) + "/v1/plan"); err == nil {
		if resp.Body.Close(); resp.StatusCode/100 == 2 {
			t.Errorf("answered in clear: %s", resp.Status)
		}
	}

	logged := muster(t, "log", "cat", "--data", data) // on this machine, by the certificate in use
	for _, want := range []string{`"authtype":"nkey","authid":"370211-rsj"`, `"authtype":"user","authid":"clerk"`, `"authtype":"token","authid":"370211-rsj"`} {
		if !strings.Contains(logged, want) {
			t.Errorf("no %s in the log:\n%s", want, logged)
		}
	}
	var hired struct{ Data struct{ Person string } }
	for line := range strings.Lines(logged) {
		if strings.Contains(line, `"hire.placed"`) {
			if err := json.Unmarshal([]byte(line), &hired, json.MatchCaseInsensitiveNames(true)); err != nil {
				t.Fatal(err)
			}
		}
	}
	who := i.HTTP + "/v1/persons/" + hired.Data.Person
	if status, text := ask(t, secure, http.MethodPost, who+"/reveal", token, `{"fields":["name"],"purpose":"audit"}`); status != 403 {
		t.Errorf("reveal without the right: %d %s", status, text)
	}
	if status, text := ask(t, secure, http.MethodPost, who+"/reveal", secret(t, operator, "token"), `{"fields":["id_number"],"purpose":"audit"}`); status != 200 || !strings.Contains(text, "370211196501010014") {
		t.Errorf("reveal: %d %s", status, text)
	}
	if r := submit(strings.Replace(lines[3], "x-000009", "x-9", 1)); r.Status != events.Accepted {
		t.Errorf("exit: %+v", r)
	}
	t.Setenv("SSL_CERT_FILE", cert)
	if out, err := try(t, "erase", hired.Data.Person, "--reason", "asked for it", "--to", i.HTTP, "--token", token); err == nil || !strings.Contains(out, "403") {
		t.Errorf("erase by an agency: %v %s", err, out)
	}
	if out := muster(t, "erase", hired.Data.Person, "--reason", "asked for it", "--to", i.HTTP, "--token", secret(t, operator, "token")); !strings.Contains(out, `"by": "operator"`) {
		t.Errorf("certificate %s", out)
	}
	i.stop(t)
}

func stranger(t *testing.T) nats.Option {
	t.Helper()
	pair, public := keys(t, nkeys.CreateUser)
	return nats.Nkey(public, pair.Sign)
}
