package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/muster-works/muster/events/division/editions"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/muster-works/muster/services/gateway/vault"
)

// killedDir names the variable that makes the test binary the process that is killed.
const killedDir = "MUSTER_TEST_GATEWAY"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killedDir); dir != "" {
		fmt.Println(submitUntilKilled(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// openBoth opens a log and a vault that are durable.
func openBoth(ctx context.Context, dir string) (l log.Log, v *vault.Vault, closeBoth func(), err error) {
	s, err := embedded.Start(embedded.Options{Dir: filepath.Join(dir, "log"), Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, nil, nil, err
	}
	nc, err := s.Connect()
	if err == nil {
		err = natslog.Provision(ctx, nc, natslog.Options{})
	}
	if err != nil {
		return nil, nil, nil, err
	}
	opened, err := natslog.Open(ctx, nc, natslog.Options{})
	if err != nil {
		return nil, nil, nil, err
	}
	v, err = vault.Open(filepath.Join(dir, "vault"), filepath.Join(dir, "master.key"))
	return opened, v, func() {
		v.Close()
		opened.Close()
		nc.Close()
		s.Shutdown()
	}, err
}

// killedPeople is how many identity numbers the submitters compete for.
const killedPeople = 400

// submitUntilKilled submits hires through two gateways, tidies now and then, and never ends by itself.
func submitUntilKilled(dir string) error {
	ctx := context.Background()
	l, v, _, err := openBoth(ctx, dir)
	if err != nil {
		return err
	}
	var decisions sync.Mutex
	var gateways []*Gateway
	for range 2 {
		services := &dicey{l, &decisions, rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}
		g, err := New(Options{Services: services, Vault: v, Divisions: editions.Fixed(table()), History: l})
		if err != nil {
			return err
		}
		gateways = append(gateways, g)
	}
	failed := make(chan error)
	for i := range 4 {
		go func() {
			for n := 0; ; n++ {
				e := hire(rand.IntN(killedPeople))
				e.ID = fmt.Sprint("h-", os.Getpid(), "-", i, "-", n)
				g := gateways[rand.IntN(2)]
				if _, err := g.Submit(ctx, admission.Local(), []intake.Item{{Event: e}}, time.Time{}); err != nil && !errors.Is(err, errCut) {
					failed <- err
				}
				if n%50 == 0 {
					if err := g.tidyVault(ctx); err != nil {
						failed <- err
					}
				}
			}
		}()
	}
	fmt.Println("ready")
	return <-failed
}

// Goal: whoever is in the log is known to the vault, and nobody else, after kill -9 at any moment.
// Method: a process with two gateways is killed at random moments, repeatedly on the same log and vault.
// Then the deadlines pass, a gateway tidies the vault, and the vault is compared with the log.
func TestNothingStaysInTheVaultAfterKills(t *testing.T) {
	rounds := 3
	if os.Getenv("MUSTER_LONG") != "" {
		rounds = 60
	}
	dir := t.TempDir()
	for range rounds {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), killedDir+"="+dir)
		out, err := c.StdoutPipe()
		if err == nil {
			err = c.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		said := make([]byte, 1<<10)
		if n, err := out.Read(said); err != nil || string(said[:n]) != "ready\n" {
			_ = c.Process.Kill()
			t.Fatalf("the process says %q, %v", said[:n], err)
		}
		time.Sleep(time.Duration(50+rand.IntN(400)) * time.Millisecond)
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if n, _ := out.Read(said); n > 0 {
			t.Errorf("before it was killed, the process says %s", said[:n])
		}
		_ = c.Wait() // it was killed
	}
	l, v, closeBoth, err := openBoth(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer closeBoth()
	g, err := New(Options{Services: refuser{}, Vault: v, Divisions: editions.Fixed(table()), History: l})
	if err != nil {
		t.Fatal(err)
	}
	left, err := v.Pending(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g.now = func() time.Time { return time.Now().Add(time.Hour) }
	if err := g.tidyVault(t.Context()); err != nil {
		t.Fatal(err)
	}
	inLog := personsIn(t, l)
	t.Logf("%d persons in the log, %d were left pending by the kills", len(inLog), len(left))
	if pending, err := v.Pending(t.Context()); err != nil || len(pending) != 0 || v.Len() != len(inLog) || len(inLog) == 0 {
		t.Errorf("%d are pending, %d known, %d in the log; %v", len(pending), v.Len(), len(inLog), err)
	}
	for p := range inLog {
		if _, _, known := v.Birth(p); !known {
			t.Errorf("the vault does not know %s, who is in the log", p)
		}
	}
}
