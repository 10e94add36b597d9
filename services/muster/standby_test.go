package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log/natslog/embedded"
	"github.com/muster-works/muster/projections/pgtest"
)

// Goal: with the read model on PostgreSQL, a projector may be killed and one on standby
// takes over. The query service, a process of its own, shows it. No output holds the
// password of the database. Method: a deployment for the log, two projectors and a
// query service, which learn of the database from the environment.
func TestStandbyOnPostgreSQL(t *testing.T) {
	t.Parallel()
	env := []string{"MUSTER_STORE=" + strings.Replace(pgtest.Database(t), "postgres@", "postgres:hunter2@", 1)}
	dir := t.TempDir()
	i := startWith(t, env, "up", "--data", dir, "--nats", "127.0.0.1:0", "--store", filepath.Join(dir, "views")) // a flag takes precedence over the environment
	serve := func(name string, args ...string) *instance {
		return startWith(t, env, append([]string{"serve", name, "--nats", i.NATS, "--creds", filepath.Join(dir, "log", embedded.PasswordFile),
			"--data", filepath.Join(dir, "apart")}, args...)...)
	}
	submit := func(id string) events.Receipt {
		r := post(t, i, "application/json", seat(id))
		if len(r) != 1 || r[0].Status != events.Accepted {
			t.Fatalf("%+v", r)
		}
		return r[0]
	}
	projectors := []*instance{serve("projector", "--standby"), serve("projector", "--standby")}
	query := serve("query", "--http", "127.0.0.1:0")
	shown := func(r events.Receipt) {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; {
			status, text := ask(t, http.DefaultClient, http.MethodGet, query.HTTP+"/v1/plan?as_of=2022-05-01&at_least="+r.Position.String(), "", "")
			if status == http.StatusOK {
				return
			}
			if time.Now().After(end) {
				for i, p := range projectors {
					p.kill()
					t.Logf("projector %d: %s%s", i, p.said, p.problems)
				}
				t.Fatalf("%d %s", status, text)
			}
		}
	}
	shown(submit("s-1"))
	projectors[0].kill()
	shown(submit("s-2"))
	projectors[1].stop(t)
	projectors = append(projectors, serve("projector")) // takes over at once
	shown(submit("s-3"))
	if got := get[plan](t, query, "/v1/plan?as_of=2022-05-01").Developed; got != 3 {
		t.Errorf("%d seats developed", got)
	}
	projectors[2].stop(t)
	query.stop(t)
	i.stop(t)
	for _, p := range append(projectors, query, i) {
		if said := p.said.String() + p.problems.String(); strings.Contains(said, "hunter2") {
			t.Errorf("says the password of the database: %s", said)
		}
	}
	if out, err := try(t, "replay", "--data", dir, "--dry-run"); err != nil || !strings.Contains(out, "0 differences") {
		t.Errorf("replay of the database: %v %s", err, out)
	}
	if out, err := try(t, "up", "--data", dir, "--store", "mysql://root:hunter2@127.0.0.1/x"); err == nil || !strings.Contains(out, "--store") || strings.Contains(out, "hunter2") {
		t.Errorf("another database: %v %s", err, out)
	}
}
