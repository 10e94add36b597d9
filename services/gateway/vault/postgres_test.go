package vault

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/projections/pgtest"
)

// inTables looks through every column of every table of the vault.
func inTables(t *testing.T, url string, what []byte) bool {
	t.Helper()
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	rows, _ := conn.Query(ctx, "SELECT relname FROM pg_class WHERE relnamespace = 'vault'::regnamespace AND relkind = 'r'")
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 5 {
		t.Fatalf("tables %v, %v", tables, err)
	}
	for _, table := range tables {
		var all bytes.Buffer
		if _, err := conn.PgConn().CopyTo(ctx, &all, "COPY vault."+table+" TO STDOUT (FORMAT binary)"); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(all.Bytes(), what) {
			return true
		}
	}
	return false
}

// gateways opens one PostgreSQL vault several times.
func gateways(t *testing.T, n int) (list []*Vault) {
	s := postgresTestStore(t)
	for range n {
		list = append(list, s.openVault(t))
	}
	return list
}

// Goal: one person has one pseudonym, and one value one token, whichever
// gateways they come through at the same moment. Method: three gateways enter
// overlapping people from several callers each, and are compared.
func TestGatewaysAgree(t *testing.T) {
	vaults := gateways(t, 3)
	const callers, people = 3, 40
	got := make([][people]Profile, len(vaults)*callers)
	var all sync.WaitGroup
	for c := range got {
		all.Go(func() {
			for i := range people {
				n := (i*7 + c*11) % people
				profiles, err := vaults[c%len(vaults)].Enter(context.Background(), []events.Identity{identity(n), identity((n + 1) % people)})
				if err != nil {
					t.Error(err)
					return
				}
				got[c][n] = profiles[0]
			}
		})
	}
	all.Wait()
	for c := range got {
		for n := range people {
			a, b := got[c][n], got[0][n]
			if a.Person != b.Person || a.Identity.PhoneToken != b.Identity.PhoneToken || a.Identity.HouseholdToken != b.Identity.HouseholdToken {
				t.Fatalf("person %d is %+v and %+v", n, a, b)
			}
		}
	}
	for i, v := range vaults {
		release, err := v.LockShared(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		release()
		if v.Len() != people {
			t.Errorf("gateway %d knows %d persons, want %d", i, v.Len(), people)
		}
	}
}

// What one gateway has entered, another finds when a submission begins; what
// one has erased, nobody finds, and a returner is the same new person to all.
func TestGatewaysLearn(t *testing.T) {
	two := gateways(t, 2)
	here, there := two[0], two[1]
	begin := func(v *Vault) {
		t.Helper()
		release, err := v.LockShared(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		release()
	}
	p := enter(t, here, identity(1), identity(2))[0]
	begin(there)
	if got := there.Find(nil, number(1)); got[0] != p.Person {
		t.Fatalf("the other gateway finds %v, want %v", got, p.Person)
	}
	// An identity changes without an update of the index: it must be read from the store.
	settle(t, there, Outcome{Person: p.Person, Stands: true, Corrects: true, Identity: events.Identity{IDNumber: number(1), Phone: "13500000000"}})
	if id, err := here.Reveal(t.Context(), p.Person); err != nil || id.Phone != "13500000000" {
		t.Errorf("Reveal = %+v, %v", id, err)
	}
	if _, err := here.Erase(t.Context(), p.Person); err != nil {
		t.Fatal(err)
	}
	if there.Erased() != 0 {
		t.Error("the other gateway knows of the erasure without having asked")
	}
	begin(there)
	if got := there.Find(nil, number(1), number(2)); got[0] != (events.Person{}) || got[1] == (events.Person{}) || there.Erased() != 1 {
		t.Errorf("after the erasure the other gateway finds %v, erased %d", got, there.Erased())
	}
	back := enter(t, there, identity(1))[0]
	if back.Person == p.Person || back.Identity.NameToken == p.Identity.NameToken || back.Identity.HouseholdToken != p.Identity.HouseholdToken {
		t.Errorf("the returner is %+v, was %+v", back, p)
	}
	if again := enter(t, here, identity(1))[0]; again.Person != back.Person || again.Identity.NameToken != back.Identity.NameToken {
		t.Errorf("the returner is %+v here and %+v there", again, back)
	}
	// A person can be erased through a gateway that has not learned of it yet.
	q := enter(t, here, identity(5))[0].Person
	if gone, err := there.Erase(t.Context(), q); err != nil || gone.Keys != 1 {
		t.Errorf("Erase of somebody not met = %+v, %v", gone, err)
	}
}

// The exclusive lock waits for the submissions of other gateways.
func TestErasureLockAmongGateways(t *testing.T) {
	two := gateways(t, 2)
	release, err := two[0].LockShared(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	alone := make(chan error, 1)
	go func() {
		release, err := two[1].LockExclusive(context.Background())
		if err == nil {
			release()
		}
		alone <- err
	}()
	select {
	case err := <-alone:
		t.Fatalf("alone beside a submission of another gateway: %v", err)
	case <-time.After(2 * holdTime):
	}
	release()
	if err := <-alone; err != nil {
		t.Fatal(err)
	}
	// A gateway that dies loses its hold.
	if _, err := two[0].LockShared(t.Context()); err != nil {
		t.Fatal(err)
	}
	two[0].lock.(*postgresLock).current.conn.Hijack().Close(context.Background())
	if release, err = two[1].LockExclusive(t.Context()); err != nil {
		t.Fatal(err)
	}
	release()
}

// A database that was restored under a running gateway is noticed; a gateway
// that is started on it goes on.
func TestRestoredDatabase(t *testing.T) {
	s := postgresTestStore(t)
	v := s.openVault(t)
	p := enter(t, v, identity(1))[0].Person
	if _, err := v.store.(*postgresStore).pool.Exec(t.Context(), "UPDATE vault.turn SET version = 1"); err != nil {
		t.Fatal(err)
	}
	if _, err := v.LockShared(t.Context()); !errors.Is(err, errRestored) {
		t.Errorf("LockShared = %v", err)
	}
	if _, err := v.Enter(t.Context(), []events.Identity{identity(2)}); !errors.Is(err, errRestored) {
		t.Errorf("Enter = %v", err)
	}
	if got := s.openVault(t).Find(nil, number(1)); got[0] != p {
		t.Errorf("started again it finds %v", got)
	}
}

func TestPostgresGuards(t *testing.T) {
	url, dir := pgtest.Database(t), t.TempDir()
	key := filepath.Join(dir, "master.key")
	open := func(key string) error {
		v, err := OpenPostgres(t.Context(), url, key)
		if err == nil {
			err = v.Close()
		}
		return err
	}
	// Several begin at the same moment, with one key.
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := open(key); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	other := filepath.Join(dir, "other.key")
	if err := open(other); !errors.Is(err, ErrKey) {
		t.Errorf("no key: %v", err)
	}
	if _, err := os.Stat(other); err == nil {
		t.Error("a new key was made beside an old vault")
	}
	os.WriteFile(other, []byte(strings.Repeat("ab", 32)), 0o600)
	if err := open(other); !errors.Is(err, ErrKey) {
		t.Errorf("another key: %v", err)
	}
	for _, bad := range []string{"postgres://muster:hunter2@127.0.0.1:1/vault", "postgres://muster:hunter2@127.0.0.1:port/vault"} {
		if _, err := OpenPostgres(t.Context(), bad, key); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	// These settings end the transaction of a gateway that stands still.
	v, err := OpenPostgres(t.Context(), url, key)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var got []string
	for _, name := range []string{"idle_in_transaction_session_timeout", "synchronous_commit"} {
		var s string
		if err := v.store.(*postgresStore).pool.QueryRow(t.Context(), "SHOW "+name).Scan(&s); err != nil {
			t.Fatal(err)
		}
		got = append(got, s)
	}
	if !slices.Equal(got, []string{"10s", "on"}) {
		t.Errorf("a session has %v", got)
	}
}
