package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/policy"
	handler "github.com/muster-works/muster/services/internal/command"
	"github.com/nats-io/nats.go"
)

// TestMain lets the tests run the real program: if MUSTER_TEST_MAIN is set, the test
// binary itself behaves as the command muster.
func TestMain(m *testing.M) {
	if os.Getenv("MUSTER_TEST_MAIN") != "" {
		os.Unsetenv("MUSTER_TEST_MAIN")
		main()
		return
	}
	os.Setenv("LC_ALL", "C") // the tests expect English, whoever runs them
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		// Most tests of this package wait for processes, so more of them run at once than there are processors.
		_ = parallel.Value.Set("8")
	}
	os.Exit(m.Run())
}

// command returns a muster process that was not started yet. A process that listens
// takes free ports, also when args give no addresses: the default ports of up and
// serve are fixed, and another process of the machine may hold them.
func command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), "MUSTER_TEST_MAIN=1", "MUSTER_HTTP=127.0.0.1:0")
	if args[0] == "up" { // of other commands --nats is the server to connect to
		cmd.Env = append(cmd.Env, "MUSTER_NATS=127.0.0.1:0")
	}
	return cmd
}

// muster runs a command to its end and returns its output. An exit code other than 0
// fails the test.
func muster(t *testing.T, args ...string) string {
	t.Helper()
	out, err := try(t, args...)
	if err != nil {
		t.Fatalf("muster %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// try runs a command to its end. It returns the output, and the messages on standard
// error if the exit code is not 0.
func try(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := command(t.Context(), args...)
	cmd.Stdout, cmd.Stderr = &out, io.Discard
	var problems bytes.Buffer
	cmd.Stderr = &problems
	err := cmd.Run()
	if err != nil {
		return out.String() + problems.String(), err
	}
	return out.String(), nil
}

// An instance is a running muster process that answers over HTTP.
type instance struct {
	cmd      *exec.Cmd
	HTTP     string
	NATS     string
	said     *bytes.Buffer // standard output; said and problems may be read once the process has ended
	problems *bytes.Buffer
	ended    chan struct{}
}

// start starts a command that prints ready, and waits until it does.
func start(t *testing.T, args ...string) *instance {
	t.Helper()
	return startWith(t, nil, args...)
}

// startWith starts a process with further environment variables.
func startWith(t *testing.T, env []string, args ...string) *instance {
	t.Helper()
	i := &instance{cmd: command(context.Background(), args...), said: &bytes.Buffer{}, problems: &bytes.Buffer{}, ended: make(chan struct{})}
	i.cmd.Env = append(i.cmd.Env, env...)
	i.cmd.Stderr = i.problems
	out, err := i.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := i.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.kill)
	ready := make(chan bool)
	go func() {
		defer close(i.ended)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			fmt.Fprintln(i.said, lines.Text())
			name, value, _ := strings.Cut(lines.Text(), " ")
			switch strings.TrimSpace(name) {
			case "HTTP":
				i.HTTP = strings.TrimSpace(value)
			case "NATS":
				i.NATS = strings.TrimSpace(value)
			case "ready":
				close(ready)
			}
		}
		_ = i.cmd.Wait()
	}()
	select {
	case <-ready:
	case <-i.ended:
		t.Fatalf("muster %s ended: %s", strings.Join(args, " "), i.problems)
	case <-time.After(2 * time.Minute):
		t.Fatalf("muster %s is not ready: %s", strings.Join(args, " "), i.problems)
	}
	return i
}

// up runs a whole deployment in one process on a data directory.
func up(t *testing.T, dir string, args ...string) *instance {
	t.Helper()
	return start(t, append([]string{"up", "--data", dir, "--http", "127.0.0.1:0", "--nats", "127.0.0.1:0"}, args...)...)
}

// kill ends the process as kill -9 does.
func (i *instance) kill() {
	_ = i.cmd.Process.Kill()
	<-i.ended
}

// stop interrupts the process and verifies that it ends without an error.
func (i *instance) stop(t *testing.T) {
	t.Helper()
	_ = i.cmd.Process.Signal(os.Interrupt)
	select {
	case <-i.ended:
	case <-time.After(30 * time.Second):
		t.Fatalf("does not stop: %s", i.problems)
	}
	if !i.cmd.ProcessState.Success() {
		t.Errorf("stopped with %v: %s", i.cmd.ProcessState, i.problems)
	}
}

// get asks a question and reads its answer.
func get[T any](t *testing.T, i *instance, path string) (answer T) {
	t.Helper()
	resp, err := http.Get(i.HTTP + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s %v", path, resp.Status, body, err)
	}
	if err := json.Unmarshal(body, &answer, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatalf("%s: %s: %v", path, body, err)
	}
	return answer
}

// post submits a body and returns the receipts.
func post(t *testing.T, i *instance, contentType, body string) []events.Receipt {
	t.Helper()
	resp, err := http.Post(i.HTTP+"/v1/events", contentType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Receipts []events.Receipt `json:"receipts"`
	}
	if err := json.UnmarshalRead(resp.Body, &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Receipts
}

type plan struct {
	Planned, Developed, Placed int
	DevelopedPct               float64 `json:"developed_pct"`
	PlacedPct                  float64 `json:"placed_pct"`
}

type headcount struct {
	Total    int
	Position string
}

// tour returns the post, the hire, the sheet and the exit of the README.
func tour(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/tour.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

// Goal: the first command of the README shows a province with the published figures,
// and the submissions of the tour change the figures as they should.
func TestProvince(t *testing.T) {
	t.Parallel()
	i := up(t, t.TempDir(), "--simulate", "0.003")
	if got, want := get[plan](t, i, "/v1/plan?as_of=2022-05-10"), (plan{1200, 1229, 1054, 102.42, 87.83}); got != want {
		t.Errorf("plan %+v, want %+v", got, want)
	}
	const place = "/v1/headcount?division=370211102231&as_of="
	before := get[headcount](t, i, place+"2022-06-20")
	events := tour(t)
	hired := post(t, i, "application/x-ndjson", strings.Join(events[:3], "\n"))
	for n, r := range hired {
		if r.Status != "accepted" {
			t.Fatalf("event %d: %+v", n, r)
		}
	}
	between := get[headcount](t, i, place+"2022-06-20&at_least="+hired[1].Position.String())
	if between.Total != before.Total+1 {
		t.Errorf("headcount %d after the hire, %d before", between.Total, before.Total)
	}
	moment := time.Now()
	time.Sleep(10 * time.Millisecond)
	exit := post(t, i, "application/json", events[3])[0]
	if exit.Status != "accepted" || exit.Person != hired[1].Person {
		t.Fatalf("exit: %+v, the hire was of %s", exit, hired[1].Person)
	}
	at := "&at_least=" + exit.Position.String()
	if got := get[headcount](t, i, place+"2022-06-20"+at); got.Total != before.Total {
		t.Errorf("headcount %d after the exit, want %d", got.Total, before.Total)
	}
	if got := get[headcount](t, i, place+"2022-06-14"+at); got.Total != before.Total+1 {
		t.Errorf("headcount %d on the day before the exit, want %d", got.Total, before.Total+1)
	}
	if got := get[headcount](t, i, place+"2022-06-20&known_at="+moment.UTC().Format(time.RFC3339Nano)); got.Total != before.Total+1 {
		t.Errorf("headcount %d as known before the exit, want %d", got.Total, before.Total+1)
	}
	vacancies := get[struct {
		Rows []struct {
			Post, Reason string
			Seat         int
			Since        string `json:"vacant_since"`
		}
	}](t, i, "/v1/vacancies?division=370211102231&as_of=2022-06-20")
	found := false
	for _, r := range vacancies.Rows {
		found = found || r.Post == "370211102231-001" && r.Seat == hired[1].Seat && r.Since == "2022-06-15" && r.Reason == "N1"
	}
	if !found {
		t.Errorf("no vacancy since 2022-06-15 in %+v", vacancies)
	}
	type trail struct{ Events []struct{ ID, Type string } }
	if got := get[trail](t, i, "/v1/trail/persons/"+exit.Person.String()); len(got.Events) != 3 {
		t.Errorf("the person's trail is %+v, want hire, sheet and exit", got)
	}
	if got := get[trail](t, i, "/v1/trail/posts/370211102231-001"); len(got.Events) != 4 {
		t.Errorf("the post's trail is %+v, want post, hire, sheet and exit", got)
	}
	out := muster(t, "trail", "person", exit.Person.String(), "--to", i.HTTP)
	if strings.Contains(out, "370211196501010014") || !strings.Contains(out, "x-000009") {
		t.Errorf("trail:\n%s", out)
	}
	i.stop(t)
}

// Goal: a file that is published twice changes nothing the second time. Its events
// survive a restart.
func TestPublishTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	muster(t, "simulate", "--scale", "0.001", "--out", dir)
	i := up(t, filepath.Join(dir, "data"))
	file := filepath.Join(dir, "events.ndjson")
	first := filepath.Join(dir, "first.ndjson")
	if out, err := try(t, "publish", file, "--to", i.HTTP, "--receipts", first); err == nil {
		t.Errorf("publish: exit 0 in spite of the invalid ones\n%s", out)
	}
	before := get[headcount](t, i, "/v1/headcount?as_of=2022-05-10")
	if before.Total != 351 { // 351,480 × 0.001
		t.Errorf("headcount %d, want 351", before.Total)
	}
	i.stop(t)
	i = up(t, filepath.Join(dir, "data"))
	second := filepath.Join(dir, "second.ndjson")
	_, _ = try(t, "publish", file, "--to", i.HTTP, "--receipts", second)
	if after := get[headcount](t, i, "/v1/headcount?as_of=2022-05-10"); after.Total != before.Total {
		t.Errorf("headcount %d, was %d before the file was published again", after.Total, before.Total)
	}
	a, b := receipts(t, first), receipts(t, second)
	if len(a) != len(b) || len(a) < 3000 {
		t.Fatalf("%d and %d receipts", len(a), len(b))
	}
	voided := 0
	for n := range a {
		if handler.NoLongerStands(b[n]) {
			voided++ // the file corrects it
			continue
		}
		if a[n].Status == events.Rejected {
			if b[n].Status != events.Rejected {
				t.Errorf("%s: refused at first, then %s", a[n].ID, b[n].Status)
			}
		} else if b[n].Status != events.Duplicate || b[n].Position != a[n].Position {
			t.Errorf("%s: %s at %s, then %s at %s", a[n].ID, a[n].Status, a[n].Position, b[n].Status, b[n].Position)
		}
	}
	if voided < 5 || voided > len(a)/20 {
		t.Errorf("%d of %d events no longer stand", voided, len(a))
	}
}

func receipts(t *testing.T, file string) (list []events.Receipt) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		var r events.Receipt
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		list = append(list, r)
	}
	return list
}

// Goal: an event that breaks a rule is answered with a code, a field and a sentence.
// Nothing of it reaches the log, and the service goes on.
func TestRefusals(t *testing.T) {
	i := up(t, t.TempDir())
	lines := tour(t)
	if r := post(t, i, "application/json", lines[0]); r[0].Status != events.Accepted {
		t.Fatalf("%+v", r)
	}
	head := get[headcount](t, i, "/v1/headcount?at_least="+post(t, i, "application/json", lines[0])[0].Position.String()).Position
	hire := lines[1]
	for _, c := range []struct{ name, body, code, field string }{
		{"malformed", hire[:100], "malformed", ""},
		{"unknown type", strings.Replace(hire, "hire.placed", "hire.plcaed", 1), "unknown_type", "type"},
		{"unknown version", strings.Replace(hire, `"data":`, `"dataschema":"urn:x/hire.placed/v2","data":`, 1), "unknown_version", "dataschema"},
		{"checksum", strings.Replace(hire, "370211196501010014", "370211196501010015", 1), "invalid_id_number", "data.identity.id_number"},
		{"unknown division", strings.Replace(hire, `"division":"370211102231"`, `"division":"370211102999"`, 1), "unknown_division", "division"},
		{"no such date", strings.Replace(hire, `"from":"2022-05-01"`, `"from":"2022-02-30"`, 1), "invalid_date", "data.from"},
		{"unknown post", strings.Replace(hire, `"post":"370211102231-001"`, `"post":"370211102231-999"`, 1), "unknown_post", "data.post"},
		{"engine field", strings.Replace(hire, `"data":`, `"authid":"someone","data":`, 1), "engine_field", "authid"},
		{"negative money", `{"specversion":"1.0","id":"f","source":"/agency/x","type":"fund.allocated","division":"370211000000","data":{"fund":"f","year":2022,"amount":-1}}`, "negative_amount", "data.amount"},
		{"unknown person", strings.Replace(lines[2], "370211196501010014", "11010519491231002X", 1), "unknown_person", "data.lines[0].id_number"},
	} {
		r := post(t, i, "application/json", c.body)
		if len(r) != 1 || r[0].Status != events.Rejected || len(r[0].Reasons) == 0 {
			t.Errorf("%s: %+v", c.name, r)
			continue
		}
		if got := r[0].Reasons[0]; string(got.Code) != c.code || got.Field != c.field || got.Detail == "" {
			t.Errorf("%s: %+v, want %s at %q", c.name, got, c.code, c.field)
		}
	}
	big, err := http.Post(i.HTTP+"/v1/events", "application/json", strings.NewReader(strings.Repeat(" ", 2<<20)))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(big.Body)
	big.Body.Close()
	if big.StatusCode != http.StatusRequestEntityTooLarge || !bytes.Contains(text, []byte("too_large")) {
		t.Errorf("2 MiB: %s %s", big.Status, text)
	}
	// A client on this machine submits as the agency local, and as no other agency.
	refused := make(chan error, 4)
	nc, err := nats.Connect(i.NATS, nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { refused <- err }))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	for _, subject := range []string{"muster.log.placement", "muster.svc.hire", "$JS.API.STREAM.PURGE.MUSTER", "$JS.API.STREAM.INFO.MUSTER"} {
		if err := nc.PublishRequest(subject, nc.NewInbox(), []byte("["+hire+"]")); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-refused:
			if !strings.Contains(err.Error(), subject) {
				t.Errorf("publish to %s: %v", subject, err)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("publish to %s was not refused", subject)
		}
	}
	if got := get[headcount](t, i, "/v1/headcount"); got.Position != head {
		t.Errorf("the log went from %s to %s", head, got.Position)
	}
	if r := post(t, i, "application/json", hire); r[0].Status != events.Accepted {
		t.Errorf("after all that: %+v", r)
	}
}

// Goal: kill -9 at any moment loses no event whose receipt went out, and the views
// catch up without an operator. Method: a publisher submits single hires as fast as it
// can. The process is killed at a random moment and started again. Everything is
// submitted again.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rounds := 3
	if os.Getenv("MUSTER_LONG") != "" {
		rounds = 30
	}
	accepted := map[string]events.Receipt{}
	n := 0
	for round := range rounds {
		i := up(t, dir)
		for id, r := range accepted {
			again := post(t, i, "application/json", seat(id))
			if again[0].Status != events.Duplicate || again[0].Position != r.Position {
				t.Fatalf("round %d: %s was at %s, now %+v", round, id, r.Position, again[0])
			}
			break // one is enough in a round; all are verified below
		}
		time.AfterFunc(time.Duration(200+round*137%400)*time.Millisecond, func() { _ = i.cmd.Process.Kill() })
		for {
			id := fmt.Sprint("k-", n)
			n++
			resp, err := http.Post(i.HTTP+"/v1/events", "application/json", strings.NewReader(seat(id)))
			if err != nil {
				break
			}
			var answer struct{ Receipts []events.Receipt }
			err = json.UnmarshalRead(resp.Body, &answer, json.MatchCaseInsensitiveNames(true))
			resp.Body.Close()
			if err != nil {
				break
			}
			if len(answer.Receipts) == 1 && answer.Receipts[0].Status == events.Accepted {
				accepted[id] = answer.Receipts[0]
			}
		}
		<-i.ended
	}
	if len(accepted) < 10*rounds {
		t.Fatalf("only %d events in %d rounds", len(accepted), rounds)
	}
	i := up(t, dir)
	seats := 0
	for id := range accepted {
		if r := post(t, i, "application/json", seat(id)); r[0].Status != events.Duplicate || r[0].Position != accepted[id].Position {
			t.Errorf("%s was at %s, now %+v", id, accepted[id].Position, r[0])
		}
		seats++
	}
	// Each kill may leave one event in the log that was taken and not answered.
	if got := get[plan](t, i, "/v1/plan?as_of=2022-05-01").Developed; got < seats || got > seats+rounds {
		t.Errorf("%d seats developed, %d were accepted in %d rounds", got, seats, rounds)
	}
}

// seat returns a submission of a post with one seat.
func seat(id string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/agency/370211-rsj","type":"post.developed","division":"370211102231","data":{"post":%q,"category":"public_service","area":"rural","seats":1,"from":"2022-04-01"}}`, id, id)
}

// adoption returns the event that adopts the reference pack.
func adoption() *events.Event {
	pack, err := policy.Reference()
	if err != nil {
		panic(err)
	}
	return events.Adoption(pack)
}
