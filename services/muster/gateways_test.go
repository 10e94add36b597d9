package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/projections/pgtest"
)

// Goal: two gateways that share a vault on PostgreSQL act as one: a person who is
// submitted to both at the same moment has one pseudonym, what one gateway takes the
// other knows, and a person whom one gateway erases is unknown to the other. Method: a
// process for each service, and both gateways asked at once.
func TestGateways(t *testing.T) {
	t.Parallel()
	database := strings.Replace(pgtest.Database(t), "postgres@", "postgres:hunter2@", 1)
	on := startExternalServer(t)
	on.provision()
	dir := on.dir
	for _, name := range []string{"policy", "post", "hire", "exit", "training"} {
		on.serve(name)
	}
	var gates [2]*instance
	for i := range gates {
		gates[i] = on.serve("gateway", "--data", filepath.Join(dir, fmt.Sprint("data-", i)), "--vault", database, "--vault-key", filepath.Join(dir, "vault.key"))
	}
	lines := tour(t)
	pack, err := adoption().Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range post(t, gates[0], "application/x-ndjson", string(pack)+"\n"+lines[0]) {
		if r.Status != events.Accepted {
			t.Fatalf("%+v", r)
		}
	}

	// Trainings make people known before their hire. Everybody is submitted to both gateways.
	const people = 30
	var persons [2][people]events.Person
	var all sync.WaitGroup
	for g := range gates {
		all.Go(func() {
			for i := range people {
				r := post(t, gates[g], "application/json", said(fmt.Sprintf("t-%d-%d", g, i), "training.completed", fmt.Sprintf(
					`"course":"safety","hours":8,"on":"2022-04-25","pre_service":true,"identity":%s`, person(i).identity())))
				if len(r) != 1 || r[0].Status != events.Accepted {
					t.Errorf("gateway %d: %+v", g, r)
					return
				}
				persons[g][i] = r[0].Person
			}
		})
	}
	all.Wait()
	if persons[0] != persons[1] {
		t.Fatal("one person has two pseudonyms")
	}

	hired := post(t, gates[0], "application/json", lines[1])[0]
	if hired.Status != events.Accepted {
		t.Fatalf("%+v", hired)
	}
	if exit := post(t, gates[1], "application/json", lines[3])[0]; exit.Status != events.Accepted || exit.Person != hired.Person {
		t.Fatalf("the exit through the other gateway: %+v", exit)
	}
	// An operator copies the vault.
	db, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(context.Background())
	exec := func(query string) int64 {
		t.Helper()
		tag, err := db.Exec(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		return tag.RowsAffected()
	}
	saved := exec("CREATE TABLE saved AS SELECT * FROM vault.person")
	erase := func(g int) (int, string) {
		return ask(t, http.DefaultClient, http.MethodPost, gates[g].HTTP+"/v1/persons/"+hired.Person.String()+"/erase", "", `{"reason":"asked for it"}`)
	}
	if status, text := erase(1); status != http.StatusOK || !strings.Contains(text, `"keys":1`) {
		t.Fatalf("erase: %d %s", status, text)
	}
	if status, text := erase(0); status != http.StatusOK || !strings.Contains(text, `"keys":0`) {
		t.Errorf("the certificate through the other gateway: %d %s", status, text)
	}
	if again := post(t, gates[0], "application/json", lines[1])[0]; again.Status != events.Duplicate || again.Person != (events.Person{}) {
		t.Errorf("the hire again: %+v", again)
	}
	if late := post(t, gates[0], "application/json", strings.Replace(lines[3], "x-000009", "x-000010", 1))[0]; late.Status != events.Rejected || late.Reasons[0].Code != "unknown_person" {
		t.Errorf("an exit of who was erased: %+v", late)
	}
	for i, g := range gates {
		g.stop(t)
		if said := g.said.String() + g.problems.String(); strings.Contains(said, "hunter2") {
			t.Errorf("gateway %d says the password of its vault: %s", i, said)
		}
	}
	// A vault that is restored from the copy knows the person again until a gateway
	// starts.
	if n := exec("INSERT INTO vault.person SELECT * FROM saved ON CONFLICT DO NOTHING"); n != 1 {
		t.Fatalf("%d persons came back, want the one erased", n)
	}
	restored := on.serve("gateway", "--data", filepath.Join(dir, "data-0"), "--vault", database, "--vault-key", filepath.Join(dir, "vault.key"))
	if n := exec("SELECT FROM vault.person"); n != saved-1 {
		t.Errorf("%d persons in the restored vault, want %d", n, saved-1)
	}
	restored.stop(t)
	if out, err := try(t, on.command("gateway", "--data", filepath.Join(dir, "data-2"), "--vault", database)...); err == nil || !strings.Contains(out, "key") || strings.Contains(out, "hunter2") {
		t.Errorf("a gateway without the key: %v %s", err, out)
	}
}
