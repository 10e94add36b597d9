package natslog_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nuid"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// TestMain lets the test binary run as the process that is killed or traced.
func TestMain(m *testing.M) {
	if dir := os.Getenv("MUSTER_TEST_WRITER"); dir != "" {
		submitters, _ := strconv.Atoi(os.Getenv("MUSTER_TEST_SUBMITTERS"))
		receipts, _ := strconv.Atoi(os.Getenv("MUSTER_TEST_RECEIPTS"))
		size, _ := strconv.Atoi(os.Getenv("MUSTER_TEST_EVENT_BYTES"))
		if err := write(dir, submitters, receipts, max(size, 240)); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		// Most tests of this package wait for servers, so more of them run at once than there are processors.
		_ = parallel.Value.Set("8")
	}
	os.Exit(m.Run())
}

// write runs an embedded server and appends the events of its submitters. All events
// that wait go into one commit. It prints the ID of each commit before the append, a
// receipt for each event after it, and all warnings of the server. It stops after the
// given number of receipts, or never if that is 0.
func write(dir string, submitters, receipts, size int) error {
	warnings := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, err := embedded.Start(embedded.Options{Dir: dir, Addr: "127.0.0.1:0", Logger: warnings})
	if err != nil {
		return err
	}
	defer s.Shutdown()
	nc, err := s.Connect()
	if err != nil {
		return err
	}
	defer nc.Close()
	ctx := context.Background()
	if err := natslog.Provision(ctx, nc, natslog.Options{}); err != nil {
		return err
	}
	l, err := natslog.Open(ctx, nc, natslog.Options{})
	if err != nil {
		return err
	}
	defer l.Close()
	_, rev, err := l.Head(ctx, log.Filter{Boundary: "placement"})
	if err != nil {
		return err
	}
	type submission struct {
		id   string
		done chan struct{}
	}
	padding := make([][]byte, 32)
	for i := range padding {
		padding[i] = event(i, size-60)
	}
	waiting := make(chan submission, submitters)
	for range submitters {
		go func() {
			for {
				s := submission{nuid.Next(), make(chan struct{})}
				waiting <- s
				<-s.done
			}
		}()
	}
	fmt.Println("ready")
	for n := 0; receipts == 0 || n < receipts; {
		group := []submission{<-waiting}
		for len(group) < submitters && len(waiting) > 0 {
			group = append(group, <-waiting)
		}
		c := log.Commit{ID: nuid.Next(), Boundary: "placement"}
		for i, s := range group {
			c.Events = append(c.Events, fmt.Appendf(nil, `{"id":"%s","index":%d,"of":%d,"pad":%s}`, s.id, i, len(group), padding[i%len(padding)]))
		}
		fmt.Println("commit", c.ID)
		if _, rev, err = l.Append(ctx, c, rev); err != nil {
			return err
		}
		var out strings.Builder
		for _, s := range group {
			fmt.Fprintln(&out, "receipt", s.id)
			close(s.done)
		}
		os.Stdout.WriteString(out.String())
		n += len(group)
	}
	return nil
}

// writer returns the command that runs write in another process.
func writer(dir string, submitters, receipts int, wrap ...string) *exec.Cmd {
	args := append(wrap, os.Args[0])
	c := exec.Command(args[0], args[1:]...)
	c.Env = append(os.Environ(), "MUSTER_TEST_WRITER="+dir,
		fmt.Sprint("MUSTER_TEST_SUBMITTERS=", submitters), fmt.Sprint("MUSTER_TEST_RECEIPTS=", receipts))
	c.Stderr = os.Stderr
	return c
}

var eventLine = regexp.MustCompile(`^{"id":"(\w+)","index":(\d+),"of":(\d+),`)

// Goal: a killed process loses no event whose receipt it printed, and leaves no event
// twice and no partial commit.
// Method: a process is killed at random moments of its group commits, repeatedly on
// the same data.
func TestKill(t *testing.T) {
	t.Parallel()
	rounds := 10
	if os.Getenv("MUSTER_LONG") != "" {
		rounds = 200
	}
	dir := t.TempDir()
	receipts := map[string]bool{}
	for round := range rounds {
		c := writer(dir, 64, 0)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			switch word, id, _ := strings.Cut(lines.Text(), " "); word {
			case "ready":
				delay := time.Duration(rand.IntN(200_000)) * time.Microsecond
				time.AfterFunc(delay, func() { c.Process.Kill() })
			case "receipt":
				if receipts[id] {
					t.Fatalf("round %d: two receipts for %s", round, id)
				}
				receipts[id] = true
			case "error:":
				c.Process.Kill()
				t.Fatalf("round %d: %s", round, lines.Text())
			default:
				// A warning about the index would mean that the server reads all
				// files again.
				if strings.HasPrefix(lines.Text(), "time=") {
					t.Errorf("round %d: %s", round, lines.Text())
				}
			}
		}
		c.Wait()
	}
	s, err := embedded.Start(embedded.Options{Dir: dir, Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Shutdown()
	l, err := natslog.Open(t.Context(), connect(t, s), natslog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	found := map[string]int{}
	commits := 0
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		commits++
		for i, e := range c.Events {
			m := eventLine.FindSubmatch(e)
			if m == nil || string(m[2]) != fmt.Sprint(i) || string(m[3]) != fmt.Sprint(len(c.Events)) {
				t.Fatalf("%s: event %s in a commit of %d", c.Position.Event(i), e, len(c.Events))
			}
			found[string(m[1])]++
		}
	}
	for id := range receipts {
		if found[id] != 1 {
			t.Errorf("event %s has a receipt and is %d times in the log", id, found[id])
		}
	}
	for id, n := range found {
		if n > 1 {
			t.Errorf("event %s is %d times in the log", id, n)
		}
	}
	if len(receipts) < 10*rounds {
		t.Errorf("only %d receipts in %d rounds: too few to show anything", len(receipts), rounds)
	}
	t.Logf("%d rounds, %d receipts, %d commits with %d events", rounds, len(receipts), commits, len(found))
}

// Goal: commits survive a power cut. Killing a process cannot show this, since the
// kernel still writes what the process wrote.
// Method: strace shows that the file of the stream's messages is written and then
// synced between the beginning of a commit and its receipt.
func TestSyncBeforeReceipt(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("SKIPPED: install strace to see that commits are synced before their receipts")
	}
	trace := filepath.Join(t.TempDir(), "trace")
	dir := t.TempDir()
	const receipts = 20
	c := writer(dir, 1, receipts, strace, "-f", "-y", "-s", "64", "-o", trace, "-e", "trace=write,pwrite64,writev,fsync,fdatasync")
	out, err := c.Output()
	if err != nil {
		t.Skipf("SKIPPED: strace may not trace here: %v: %s", err, out)
	}
	b, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	// strace prints a call that another thread interrupts in two lines: the first
	// with the arguments, the second with the result.
	var (
		begun           = map[string]string{} // by thread
		written, synced bool
		proven, missed  int
		inCommit        bool
	)
	for line := range strings.Lines(string(b)) {
		thread, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		call = strings.TrimSpace(call)
		if strings.HasSuffix(call, "<unfinished ...>") {
			begun[thread] = call
		}
		done := !strings.HasSuffix(call, "<unfinished ...>")
		if strings.HasPrefix(call, "<... ") {
			call = begun[thread] + call
		}
		toBlock := strings.Contains(call, "/streams/MUSTER/msgs/") && strings.Contains(call, ".blk>")
		switch {
		case strings.Contains(call, `"commit `) && !inCommit:
			inCommit, written, synced = true, false, false
		case strings.Contains(call, `"receipt `) && inCommit: // even if the call has only begun
			if inCommit = false; written && synced {
				proven++
			} else {
				missed++
				t.Errorf("receipt %d went out: written %v, synced %v", proven+missed, written, synced)
			}
		case toBlock && done && (strings.HasPrefix(call, "write") || strings.HasPrefix(call, "pwrite")):
			written, synced = true, false
		case toBlock && done && strings.Contains(call, "sync(") && strings.HasSuffix(call, "= 0"):
			synced = true
		}
	}
	if proven != receipts {
		t.Errorf("%d of %d receipts proven", proven, receipts)
	}
	t.Logf("%d receipts, each after its commit was written and synced", proven)
}
