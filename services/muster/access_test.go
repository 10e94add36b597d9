package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// soon repeats a request until it is answered as wanted, since a change of the access
// file takes effect within seconds.
func soon(t *testing.T, name string, want int, says string, ask func() (int, string)) {
	t.Helper()
	var status int
	var text string
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if status, text = ask(); status == want && strings.Contains(text, says) {
			return
		}
	}
	t.Errorf("%s: %d %s, want %d %s", name, status, text, want, says)
}

// Goal: who may submit and who may ask changes while the deployment runs, and a file
// that cannot be read changes nothing. Method: the real program on an access file of
// the format before, which the commands change.
func TestAccessWhileRunning(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "access.json")
	before, err := os.ReadFile("../internal/access/testdata/before.json")
	if err == nil {
		err = os.WriteFile(file, before, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	i := up(t, filepath.Join(dir, "data"), "--auth", file)
	submit := func(token string) func() (int, string) {
		return func() (int, string) {
			return ask(t, http.DefaultClient, http.MethodPost, i.HTTP+"/v1/events", token, tour(t)[1])
		}
	}
	question := func(token, query string) func() (int, string) {
		return func() (int, string) {
			return ask(t, http.DefaultClient, http.MethodGet, i.HTTP+"/v1/headcount"+query, token, "")
		}
	}
	soon(t, "an agency of the format before", 200, `"receipts"`, submit("county-token"))

	added := muster(t, "agency", "add", "late", "--division", "370211", "--auth", file)
	soon(t, "an agency that came", 200, `"not_entitled"`, submit(secret(t, added, "token")))
	late := natsUser(t, i, secret(t, added, "NATS seed"))
	soon(t, "the same over NATS", 0, `"not_entitled"`, late("muster.submit.late", tour(t)[1]))

	next := secret(t, muster(t, "agency", "rotate", "late", "--auth", file), "token")
	soon(t, "its next token", 200, "", submit(next))
	soon(t, "the one before, beside it", 200, "", submit(secret(t, added, "token")))
	muster(t, "agency", "rotate", "late", "--finish", "--auth", file)
	soon(t, "the one before, replaced", 401, "agency's token", submit(secret(t, added, "token")))

	muster(t, "agency", "disable", "late", "--auth", file)
	soon(t, "a disabled agency", 403, "late is disabled", submit(next))
	soon(t, "the same over NATS", -1, "", late("muster.submit.late", tour(t)[1]))
	muster(t, "agency", "enable", "late", "--auth", file)
	soon(t, "enabled again", 200, "", submit(next))

	tokenFile := filepath.Join(dir, "li.token")
	if printed := muster(t, "reader", "add", "li", "--role", "viewer", "--division", "370211", "--auth", file, "--token-file", tokenFile); !strings.Contains(printed, tokenFile) {
		t.Errorf("reader add: %s", printed)
	}
	text, err := os.ReadFile(tokenFile)
	if err != nil {
		t.Fatal(err)
	}
	li := strings.TrimSpace(string(text))
	soon(t, "a reader", 200, `"rows"`, question(li, "?division=370211102231"))
	soon(t, "beyond its division", 403, "division 370211", question(li, "?division=3702"))
	soon(t, "who submits", 403, "li is a reader", submit(li))
	if out, err := try(t, "query", "headcount", "--division", "370211", "--to", i.HTTP, "--token-file", tokenFile); err != nil {
		t.Errorf("query with --token-file: %v %s", err, out)
	}
	if out, err := try(t, "query", "headcount", "--to", i.HTTP, "--token-file", tokenFile, "--token", "x"); err == nil || !strings.Contains(out, "leave one") {
		t.Errorf("query with two tokens: %v %s", err, out)
	}

	good, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, []byte(`{"version":2,"agencies":[{"name":"late"}]}`), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := i.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * accessSeen)
	soon(t, "while the file is broken", 200, `"rows"`, question(li, "?division=370211"))
	if err := os.WriteFile(file, good, 0o600); err != nil {
		t.Fatal(err)
	}
	muster(t, "reader", "remove", "li", "--auth", file)
	soon(t, "a reader that was removed", 401, "", question(li, "?division=370211"))
	i.stop(t)
	if said := i.problems.String(); !strings.Contains(said, "what it said before stays in force") || !strings.Contains(said, "division: is missing") {
		t.Errorf("of the broken file it said %q", said)
	}
}

// accessSeen is the longest time after which a deployment has looked at the access
// file.
const accessSeen = time.Second

// natsUser returns a client that connects as an agency, and again if it was
// disconnected. A request returns the status and the answer, or -1 if there is no
// answer.
func natsUser(t *testing.T, i *instance, seed string) func(subject, body string) func() (int, string) {
	t.Helper()
	pair, err := nkeys.FromSeed([]byte(seed))
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return func(subject, body string) func() (int, string) {
		return func() (int, string) {
			nc, err := nats.Connect(i.NATS, nats.Nkey(public, pair.Sign), nats.NoReconnect())
			if err != nil {
				return -1, err.Error()
			}
			defer nc.Close()
			m, err := nc.Request(subject, []byte(body), 5*time.Second)
			if err != nil {
				return -2, err.Error()
			}
			return 0, string(m.Data)
		}
	}
}

// Goal: the commands of the access file refuse bad input, and change nothing then.
func TestAccessCommandsRefuse(t *testing.T) {
	dir := t.TempDir()
	file, used := filepath.Join(dir, "access.json"), filepath.Join(dir, "used")
	muster(t, "agency", "add", "county", "--division", "370211", "--auth", file)
	before, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(used, nil, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, args, want string }{
		{"no file", "agency add a --division 37", "--auth: name the access file"},
		{"no division", "agency add a --auth FILE", "--division: name the prefix"},
		{"a division that is in no table", "agency add a --division 370299 --auth FILE", "370299 is in no table of divisions"},
		{"the same of a reader", "reader add a --role viewer --division 99 --auth FILE", "99 is in no table of divisions"},
		{"no division at all", "agency add a --division x --auth FILE", "want a prefix"},
		{"a service that is none", "agency add a --division 37 --services fire --auth FILE", `services[0]: there is no service "fire"; want some of`},
		{"a name that is taken", "reader add county --role viewer --division 37 --auth FILE", "name: is that of agencies[0]"},
		{"no role", "reader add li --division 37 --auth FILE", "role: is \"\"; want one of viewer"},
		{"a role that is none", "reader add li --role boss --division 37 --auth FILE", "role: is \"boss\""},
		{"an end that is none", "reader add li --role viewer --division 37 --expires soon --auth FILE", `--expires "soon": want a day`},
		{"an end before the beginning", "agency rotate county --expires 2020-01-01 --auth FILE", "expires: lies before"},
		{"a token file that is there", "agency rotate county --token-file USED --auth FILE", "--token-file"},
		{"nobody", "agency rotate nobody --auth FILE", `no agency "nobody"; it lists county`},
		{"a reader that is an agency", "reader disable county --auth FILE", `no reader "county"; it lists none`},
		{"the last one", "agency remove county --auth FILE", "the file lists nobody"},
		{"a list of no file", "agency list --auth FILE.none", "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := strings.Fields(strings.NewReplacer("FILE", file, "USED", used).Replace(c.args))
			if out, err := try(t, args...); err == nil || !strings.Contains(out, c.want) {
				t.Errorf("%v %s, want %s", err, out, c.want)
			}
		})
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Errorf("%v: changed to %s", err, after)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 2 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// Goal: the commands list say who is let in, with which credentials, and for how long.
func TestAccessList(t *testing.T) {
	file := filepath.Join(t.TempDir(), "access.json")
	muster(t, "agency", "add", "county", "--division", "370211", "--services", "hire,exit", "--record", "--oversee", "--en", "County office", "--expires", "2099-12-30", "--auth", file)
	muster(t, "agency", "add", "clerk", "--division", "370211", "--password", "--auth", file)
	muster(t, "agency", "rotate", "clerk", "--grace", "0", "--auth", file)
	muster(t, "agency", "disable", "clerk", "--auth", file)
	muster(t, "reader", "add", "li", "--role", "auditor", "--division", "", "--auth", file)
	want := "name,en,division,services,rights,tokens,nats,state\n" +
		"county,County office,370211,hire exit,record oversee,one until 2099-12-30T16:00:00Z,key,enabled\n" +
		"clerk,,370211,all,,one,password,disabled\n"
	if got := strings.ReplaceAll(muster(t, "agency", "list", "--format", "csv", "--auth", file), "\r\n", "\n"); got != want {
		t.Errorf("agencies\n%s\nwant\n%s", got, want)
	}
	if got := muster(t, "reader", "list", "--format", "json", "--auth", file); got != `{"rows":[{"name":"li","role":"auditor","division":"","tokens":"one","state":"enabled"}]}`+"\n" {
		t.Errorf("readers %s", got)
	}
}
