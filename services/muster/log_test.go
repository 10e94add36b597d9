package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/eslog"
	"github.com/muster-works/muster/events/log/eslog/estest"
	"github.com/muster-works/muster/events/log/natslog/embedded"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nuid"
)

// A printed is a line of the printed log.
type printed struct {
	ID, Type      string
	PolicyVersion string
	RecordedTime  time.Time
	Position      log.Position
}

func lines(t *testing.T, out string) (list []printed) {
	t.Helper()
	for text := range strings.Lines(out) {
		list = append(list, readLine(t, text))
	}
	return list
}

func readLine(t *testing.T, text string) (p printed) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &p, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// Goal: each event that has a receipt is printed once, with the position in the
// receipt, by a running deployment and from one that was stopped. Later events are
// printed as they come.
func TestLogCatAndTail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	i := up(t, dir)
	tailed := tail(t, "--data", dir)
	var posted []string
	for first := ""; first == ""; { // tail has not found the end of the log yet
		posted = append(posted, nuid.Next())
		if r := post(t, i, "application/json", seat(posted[len(posted)-1])); r[0].Status != "accepted" {
			t.Fatalf("%+v", r)
		}
		select {
		case s := <-tailed.lines:
			first = readLine(t, s).ID
			posted = posted[slices.Index(posted, first)+1:]
		case <-time.After(300 * time.Millisecond):
		}
	}
	for _, id := range posted {
		if p := tailed.next(t); p.ID != id {
			t.Errorf("tail printed %+v, want %s", p, id)
		}
	}
	receipts := post(t, i, "application/x-ndjson", strings.Join(tour(t), "\n"))
	for _, r := range receipts {
		if p := tailed.next(t); p.Position != r.Position || p.ID != r.ID || p.RecordedTime.IsZero() {
			t.Errorf("tail printed %+v, the receipt is %+v", p, r)
		}
	}
	tailed.stop(t)
	late := tail(t, "--data", dir, "--from", receipts[2].Position.String())
	for _, r := range receipts[2:] {
		if p := late.next(t); p.Position != r.Position {
			t.Errorf("tail from %s printed %+v, want %s", receipts[2].Position, p, r.Position)
		}
	}
	late.stop(t)

	whole := muster(t, "log", "cat", "--data", dir)
	all := lines(t, whole)
	last := all[len(all)-len(receipts):]
	for n, r := range receipts {
		if last[n].Position != r.Position || last[n].ID != r.ID {
			t.Errorf("cat printed %+v, the receipt is %+v", last[n], r)
		}
	}
	for n, p := range all[1:] {
		if p.Position.Compare(all[n].Position) <= 0 || p.RecordedTime.Before(all[n].RecordedTime) {
			t.Errorf("%+v comes after %+v", p, all[n])
		}
	}
	for _, running := range []bool{true, false} {
		if !running {
			i.stop(t)
			if out, err := try(t, "log", "tail", "--data", dir); err == nil || !strings.Contains(out, "does not run") {
				t.Errorf("tail of a stopped deployment: %v\n%s", err, out)
			}
		}
		if got := muster(t, "log", "cat", "--data", dir); running && got != whole {
			t.Error("a second cat differs from the first")
		} else if !strings.HasPrefix(got, whole) { // the record of refusals may have been appended
			t.Error("cat of the stopped deployment differs")
		}
		got := muster(t, "log", "cat", "--data", dir, "--from", receipts[1].Position.String(), "--limit", "2")
		if p := lines(t, got); len(p) != 2 || p[0].Position != receipts[1].Position || p[1].Position != receipts[2].Position || !strings.Contains(whole, got) {
			t.Errorf("two from %s:\n%s", receipts[1].Position, got)
		}
		got = muster(t, "log", "cat", "--data", dir, "--boundary", "attendance")
		if p := lines(t, got); len(p) != 1 || p[0].Type != "attendance.reported" || !strings.Contains(whole, got) {
			t.Errorf("attendance:\n%s", got)
		}
		for _, from := range []string{"1-5", "1000000-0", "1.7-0"} {
			if out, err := try(t, "log", "cat", "--data", dir, "--from", from); err == nil || !strings.Contains(out, from+": log: position is not of this log") {
				t.Errorf("from %s: %v\n%s", from, err, out)
			}
		}
	}
	if out, err := try(t, "log", "cat", "--data", dir, "--boundary", "placment"); err == nil || !strings.Contains(out, "placement, training") {
		t.Errorf("an unknown boundary: %v\n%s", err, out)
	}
	if out, err := try(t, "log", "cat", "--log", "mem:"); err == nil || !strings.Contains(out, "memory of one process") {
		t.Errorf("mem: %v\n%s", err, out)
	}
}

// A tailProcess is a running muster log tail.
type tailProcess struct {
	cmd   *exec.Cmd
	said  *bytes.Buffer
	lines chan string
}

func tail(t *testing.T, args ...string) *tailProcess {
	t.Helper()
	f := &tailProcess{cmd: command(t.Context(), append([]string{"log", "tail"}, args...)...), said: &bytes.Buffer{}, lines: make(chan string, 1000)}
	f.cmd.Stderr = f.said
	out, err := f.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(f.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			f.lines <- s.Text()
		}
	}()
	return f
}

func (f *tailProcess) next(t *testing.T) printed {
	t.Helper()
	select {
	case s, more := <-f.lines:
		if !more {
			_ = f.cmd.Wait()
			t.Fatalf("tail ended: %s", f.said)
		}
		return readLine(t, s)
	case <-time.After(20 * time.Second):
		t.Fatal("tail prints nothing")
		return printed{}
	}
}

// stop interrupts the process, which is its normal end.
func (f *tailProcess) stop(t *testing.T) {
	t.Helper()
	_ = f.cmd.Process.Signal(os.Interrupt)
	for s := range f.lines {
		t.Errorf("tail printed more: %s", s)
	}
	if err := f.cmd.Wait(); err != nil {
		t.Errorf("tail, interrupted: %v: %s", err, f.said)
	}
}

// Goal: the log of a deployment moves from the embedded server to EventStoreDB, in
// spite of kill -9 on the way, from there to a NATS server, and to another directory.
// The deployment there answers as the first one did.
func TestLogCopy(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	first, last := filepath.Join(base, "first"), filepath.Join(base, "last")
	i := up(t, first, "--simulate", "0.001")
	at := ""
	for n := range 300 {
		r := post(t, i, "application/json", seat(fmt.Sprint("s-", n)))
		if r[0].Status != "accepted" {
			t.Fatalf("%+v", r)
		}
		at = "&at_least=" + r[0].Position.String()
	}
	const heads, posts = "/v1/headcount?as_of=2022-05-10", "/v1/plan?as_of=2022-05-10"
	want, wantPlan := get[headcount](t, i, heads).Total, get[plan](t, i, posts+at)
	i.stop(t)
	whole := muster(t, "log", "cat", "--data", first)

	peer, err := estest.Start(estest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(peer.Stop)
	there, err := eslog.Open(t.Context(), peer.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { there.Close() })
	killed := command(t.Context(), "log", "copy", "--data", first, "--to", peer.URL())
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	for {
		head, _, err := there.Head(t.Context(), log.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		if !head.IsZero() {
			break
		}
		time.Sleep(time.Millisecond)
	}
	_ = killed.Process.Kill()
	if err := killed.Wait(); err == nil {
		t.Error("the copy was done before it was killed")
	}

	server, login := external(t)
	toNATS := []string{"--to", server.ClientURL(), "--to-creds", login}
	if out, err := try(t, append([]string{"log", "copy", "--from", peer.URL()}, toNATS...)...); err == nil || !strings.Contains(out, "muster provision") {
		t.Errorf("to a server without the stream: %v\n%s", err, out)
	}
	muster(t, "provision", "--nats", server.ClientURL(), "--creds", login)
	root := ""
	for _, way := range [][]string{
		{"--data", first, "--to", peer.URL()},
		append([]string{"--from", peer.URL()}, toNATS...),
		{"--from", server.ClientURL(), "--from-creds", login, "--to-data", last},
	} {
		cmd, bars := command(t.Context(), append([]string{"log", "copy"}, way...)...), &bytes.Buffer{}
		cmd.Stderr = bars
		said, err := cmd.Output()
		if err != nil {
			t.Fatalf("copy %v: %v\n%s", way, err, bars)
		}
		if out := bars.String(); !strings.Contains(out, "copy") || !strings.Contains(out, "check") || !strings.Contains(out, "%") {
			t.Errorf("copy %v shows no progress: %q", way, out)
		}
		out := string(said)
		rows := strings.Split(out, "\n")
		source, target := strings.Fields(rows[1]), strings.Fields(rows[2])
		if len(source) != 5 || len(target) != 5 || source[2] != fmt.Sprint(strings.Count(whole, "\n")) || source[2] != target[2] || source[4] != target[4] {
			t.Errorf("copy %v:\n%s", way, out)
		}
		if root == "" {
			root = source[4]
			if strings.Contains(out, " 0 commits were there") {
				t.Errorf("nothing was there after the kill:\n%s", out)
			}
		}
		if source[4] != root {
			t.Errorf("copy %v: another root\n%s", way, out)
		}
	}
	copied := muster(t, "log", "cat", "--data", last)
	before := lines(t, whole)
	for n, p := range lines(t, copied) {
		if was := before[n]; p.ID != was.ID || !p.RecordedTime.Equal(was.RecordedTime) {
			t.Fatalf("event %d: %+v, was %+v", n, p, was)
		}
	}
	// Identities and the keys of digests are in the vault, which is copied as it is.
	for _, name := range []string{"vault", "vault.key"} {
		if err := os.Rename(filepath.Join(first, name), filepath.Join(last, name)); err != nil {
			t.Fatal(err)
		}
	}
	i = up(t, last)
	if got, gotPlan := get[headcount](t, i, heads).Total, get[plan](t, i, posts); got != want || gotPlan != wantPlan {
		t.Errorf("headcount %d, plan %+v; before the move %d, %+v", got, gotPlan, want, wantPlan)
	}
	if r := post(t, i, "application/json", seat("s-7")); r[0].Status != "duplicate" {
		t.Errorf("an event of before the move: %+v", r)
	}
	i.stop(t)

	// If the target has one more event than the source, nothing is written.
	_, rev, err := there.Head(t.Context(), log.Filter{Boundary: "review"})
	if err == nil {
		_, _, err = there.Append(t.Context(), log.Commit{ID: "intruder", Boundary: "review", Events: [][]byte{[]byte(`{}`)}}, rev)
	}
	if err != nil {
		t.Fatal(err)
	}
	if out, err := try(t, "log", "copy", "--data", first, "--to", peer.URL()); err == nil || !strings.Contains(out, "not the beginning of the source") {
		t.Errorf("a target with an event of somebody's: %v\n%s", err, out)
	}
}

// external starts a NATS server that is not part of a deployment, and returns it with
// the file of the password of its internal user.
func external(t *testing.T) (*embedded.Server, string) {
	t.Helper()
	dir := t.TempDir()
	s, err := embedded.Start(embedded.Options{Dir: dir, Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s, filepath.Join(dir, embedded.PasswordFile)
}

// Goal: only provision creates the log on a server, and it says what it found. Servers
// tell how they sync to the system user alone.
func TestProvision(t *testing.T) {
	t.Parallel()
	s, login := external(t)
	authorised := strings.Replace(s.ClientURL(), "//", "//"+embedded.InternalUser+":"+password(t, login)+"@", 1)
	for _, args := range [][]string{
		{"serve", "hire", "--nats", s.ClientURL(), "--creds", login},
		{"up", "--data", t.TempDir(), "--http", "127.0.0.1:0", "--nats", "127.0.0.1:0", "--log", authorised},
		{"log", "cat", "--log", authorised},
	} {
		if out, err := try(t, args...); err == nil || !strings.Contains(out, "provision it (muster provision)") {
			t.Errorf("%v before provisioning: %v\n%s", args[:2], err, out)
		}
	}
	provision := []string{"provision", "--nats", s.ClientURL(), "--creds", login}
	if out := muster(t, provision...); !strings.Contains(out, "sync   unknown") || !strings.Contains(out, "head is 0-0") {
		t.Error(out)
	}
	if out := muster(t, append(provision, "--system-creds", login)...); !strings.Contains(out, "sync   always, on muster\n") {
		t.Error(out)
	}
	if out, err := try(t, append(provision, "--replicas", "3")...); err == nil || !strings.Contains(out, "misconfigured") || !strings.Contains(out, "replicas") {
		t.Errorf("three replicas: %v\n%s", err, out)
	}
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte("wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := try(t, "provision", "--nats", s.ClientURL(), "--creds", wrong); err == nil || !strings.Contains(out, "--creds") || strings.Contains(out, password(t, login)) {
		t.Errorf("wrong password: %v\n%s", err, out)
	}
	i := start(t, "up", "--data", t.TempDir(), "--http", "127.0.0.1:0", "--nats", "127.0.0.1:0", "--log", authorised)
	if r := post(t, i, "application/json", seat("p-1")); r[0].Status != "accepted" {
		t.Errorf("%+v", r)
	}
	i.stop(t)
	if out := muster(t, provision...); strings.Contains(out, "head is 0-0") {
		t.Errorf("the log was not written to:\n%s", out)
	}

	// A server with the default configuration does not sync each commit.
	o := &server.Options{}
	err := o.ProcessConfigString(fmt.Sprintf(`
		listen: "127.0.0.1:-1", jetstream { store_dir: %q }, system_account: SYS, no_auth_user: anyone
		accounts {
			SYS { users: [{user: system, password: secret}] }
			MUSTER { jetstream: enabled, users: [{user: anyone, password: any}, {user: internal, password: secret}] }
		}`, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	o.NoSigs, o.NoLog = true, true
	ns, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	ns.Start()
	t.Cleanup(func() { ns.Shutdown(); ns.WaitForShutdown() })
	if !ns.ReadyForConnections(10 * time.Second) {
		t.Fatal("server did not start")
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := try(t, "provision", "--nats", ns.ClientURL(), "--system-creds", secret); err == nil || !strings.Contains(out, "sync   every 2m0s") || !strings.Contains(out, "sync_interval: always") {
		t.Errorf("a server as it comes: %v\n%s", err, out)
	}
	// Services refuse such a server if it tells how it syncs, and warn if it does not tell.
	if out, err := try(t, "serve", "hire", "--nats", ns.ClientURL(), "--creds", secret); err == nil || !strings.Contains(out, "misconfigured") || !strings.Contains(out, "sync_interval: always") {
		t.Errorf("a service on a server as it comes: %v\n%s", err, out)
	}
	i = start(t, "serve", "hire", "--nats", ns.ClientURL())
	i.stop(t)
	if !strings.Contains(i.problems.String(), "sync each commit is unknown") {
		t.Errorf("a service that cannot know: %s", i.problems)
	}
}

func password(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}

// Goal: if a log lost its last commits and the server says nothing of it, the
// deployment does not start until an operator decides to go on without them. Method: a
// bit of a late commit is changed on the disk and the index is removed, as after a
// crash.
func TestLogLostTail(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	i := up(t, dir)
	var last log.Position
	for n := range 3 {
		r := post(t, i, "application/json", seat(fmt.Sprint("s-", n)))
		if r[0].Status != "accepted" {
			t.Fatalf("%+v", r)
		}
		last = r[0].Position
	}
	i.stop(t)
	files := filepath.Join(dir, "log/jetstream/jetstream/MUSTER/streams/MUSTER/msgs")
	blocks, err := filepath.Glob(filepath.Join(files, "*.blk"))
	if err != nil || len(blocks) != 1 {
		t.Fatal(blocks, err)
	}
	b, err := os.ReadFile(blocks[0])
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(b, []byte(`"id":"s-2"`))
	if at < 0 {
		t.Fatal("no s-2 in the file")
	}
	b[at] ^= 1
	if err := errors.Join(os.WriteFile(blocks[0], b, 0o600), os.Remove(filepath.Join(files, "index.db"))); err != nil {
		t.Fatal(err)
	}
	seen := filepath.Join(dir, "log.seen")
	out, err := try(t, "up", "--data", dir, "--http", "127.0.0.1:0", "--nats", "127.0.0.1:0")
	if err == nil || !strings.Contains(out, "commits that were in the log are gone") || !strings.Contains(out, seen) {
		t.Errorf("%v\n%s", err, out)
	}
	if err := os.Remove(seen); err != nil {
		t.Fatal(err)
	}
	i = up(t, dir)
	if r := post(t, i, "application/json", seat("s-2")); r[0].Status != "accepted" || r[0].Position.Compare(last) > 0 {
		t.Errorf("what was lost, sent again: %+v; it was at %s", r, last)
	}
	i.stop(t)
}
