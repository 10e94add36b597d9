package main

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log/natslog/embedded"
	"github.com/muster-works/muster/projections/pgtest"
)

// outlives submits while something is wrong with the views, and mends it. Every submission must be
// taken; /readyz/query says what is wrong, and an answer, if there is one, does not hide it; everything comes
// back by itself.
func outlives(t *testing.T, i *instance, cause string, mend func()) {
	t.Helper()
	get := func(path string) (int, string) {
		return ask(t, http.DefaultClient, http.MethodGet, i.HTTP+path, "", "")
	}
	n := 0
	submit := func() events.Receipt {
		n++
		r := post(t, i, "application/json", seat(fmt.Sprint(cause, "-", n)))
		if len(r) != 1 || r[0].Status != events.Accepted {
			t.Fatalf("while the views stand still: %+v", r)
		}
		return r[0]
	}
	last := submit()
	said := ""
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		status, text := get("/readyz/query")
		if said = text; status == http.StatusServiceUnavailable && strings.Contains(text, cause) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the views do not say %q: %d %s", cause, status, text)
		}
		last = submit()
	}
	if status, text := get("/readyz"); status != http.StatusOK {
		t.Errorf("submissions are not taken: %d %s", status, text)
	}
	if _, text := get("/metrics"); !strings.Contains(text, "muster_views_failing 1") {
		t.Error("the metrics do not say that the views fail")
	}
	if status, text := get("/v1/plan?as_of=2022-05-01"); status == http.StatusOK && !strings.Contains(text, `"stopped":"since `) {
		t.Errorf("an answer hides that the views stand still: %s", text)
	}
	last = submit()
	mend()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		status, text := get("/v1/plan?as_of=2022-05-01&at_least=" + last.Position.String())
		ready, _ := get("/readyz/query")
		if status == http.StatusOK && ready == http.StatusOK && !strings.Contains(text, `"stopped"`) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the views do not come back: %d %s; they said %s", status, text, said)
		}
	}
}

// Goal: nothing that happens to the views stops submissions.
// Method: each of the ways in which it did is made to happen to the real program.
func TestViewsNeverStopSubmissions(t *testing.T) {
	for name, test := range map[string]func(t *testing.T){
		"locked": viewsLocked, "unreadable": viewsUnreadable, "disk full": viewsOnAFullDisk, "PostgreSQL read-only": viewsReadOnly,
		"a second projector": viewsTakenOver,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

func viewsLocked(t *testing.T) {
	dir := t.TempDir()
	i := up(t, dir)
	db, err := sql.Open("sqlite", filepath.Join(dir, "views", "gen-000001.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	outlives(t, i, "locked", func() {
		if _, err := c.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
	})
}

func viewsUnreadable(t *testing.T) {
	dir := t.TempDir()
	i := up(t, dir)
	current := filepath.Join(dir, "views", "current")
	if err := errors.Join(os.Rename(current, current+".away"), os.Mkdir(current, 0o700)); err != nil {
		t.Fatal(err)
	}
	outlives(t, i, "cannot be written", func() {
		if err := errors.Join(os.Remove(current), os.Rename(current+".away", current)); err != nil {
			t.Fatal(err)
		}
	})
}

// viewsOnAFullDisk puts the views on a file system of 8 MB and fills it.
func viewsOnAFullDisk(t *testing.T) {
	small := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(small, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=8m"); err != nil {
		t.Skipf("SKIPPED: a file system of a given size cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(small, syscall.MNT_DETACH) })
	i := up(t, t.TempDir(), "--store", filepath.Join(small, "views"))
	t.Cleanup(i.kill) // before the file system goes
	filler := filepath.Join(small, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	f.Close()
	outlives(t, i, "disk of the views is full", func() {
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
	})
}

func viewsReadOnly(t *testing.T) {
	url := pgtest.Start(t)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	set := func(on string) {
		c, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for _, s := range []string{"SET default_transaction_read_only = off", "ALTER SYSTEM SET default_transaction_read_only = " + on, "SELECT pg_reload_conf()"} {
			if _, err := c.ExecContext(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
	}
	i := up(t, t.TempDir(), "--store", url)
	set("on")
	outlives(t, i, "read-only", func() { set("off") })
}

func viewsTakenOver(t *testing.T) {
	dir := t.TempDir()
	i := up(t, dir)
	other := start(t, "serve", "projector", "--nats", i.NATS, "--creds", filepath.Join(dir, "log", embedded.PasswordFile),
		"--data", filepath.Join(dir, "apart"), "--store", filepath.Join(dir, "views"))
	outlives(t, i, "another projector", other.kill)
}
