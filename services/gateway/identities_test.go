package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division/editions"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/vault"
)

// identified says that the person who was hired with one number has another one.
func identified(id string, from, to int) *events.Event {
	return event(id, &events.PersonIdentified{
		Who:      events.Who{Identity: &events.Identity{IDNumber: number(to), Name: "王新"}},
		IDNumber: number(from), Reason: events.Mistyped, On: civil.MustDate("2022-07-01"),
	})
}

// copyPrivately copies a directory. Only its owner may read the copy, as a vault asks for.
func copyPrivately(t testing.TB, dir string) (copied string) {
	t.Helper()
	copied = t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := filepath.WalkDir(copied, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		mode := fs.FileMode(0o600)
		if entry.IsDir() {
			mode = 0o700
		}
		return os.Chmod(path, mode)
	}); err != nil {
		t.Fatal(err)
	}
	return copied
}

// Goal: a vault that was restored from a copy of before a person.identified is brought up to it by the
// log. Method: copy the files of a vault, identify somebody, then open a gateway on the copy.
func TestRestoredVaultLearnsWhoPeopleAre(t *testing.T) {
	f := newFixture(t)
	person := f.submit(t, admission.Local(), hire(1))[0].Person
	copied := copyPrivately(t, f.dir)
	if r := f.submit(t, admission.Local(), identified("n-1", 1, 2))[0]; r.Status != events.Accepted || r.Person != person {
		t.Fatalf("%+v", r)
	}
	restored, err := vault.Open(filepath.Join(copied, "vault"), filepath.Join(copied, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	defer restored.Close()
	if found := restored.Find(nil, number(1), number(2)); found[0] != person || found[1] != (events.Person{}) {
		t.Fatalf("the copy knows of the event already: %v", found)
	}
	g, err := New(Options{Services: f.desks, Vault: restored, Divisions: editions.Fixed(table()), History: f.log})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]*vault.Vault{"the vault": f.vault, "the copy": restored} {
		if found := v.Find(nil, number(1), number(2)); found[0] != (events.Person{}) || found[1] != person {
			t.Errorf("%s: the numbers lead to %v", name, found)
		}
		if known, err := v.Reveal(t.Context(), person); err != nil || known.IDNumber != number(2) || known.Name != "王新" || known.Phone != "13900000001" {
			t.Errorf("%s: %+v, %v", name, known, err)
		}
	}
}

// Goal: the vault learns what an event said although the gateway did not learn that it was taken.
// Method: the service accepts the event and the connection breaks; the next submission comes.
func TestIdentifiedThoughNobodyAnswered(t *testing.T) {
	f := newFixture(t)
	person := f.submit(t, admission.Local(), hire(1))[0].Person
	f.desks.cut = fmt.Errorf("%w: the connection was cut", log.ErrUnavailable)
	receipts, err := f.Submit(t.Context(), admission.Local(), items(identified("n-1", 1, 2)), time.Time{})
	f.desks.cut = nil
	if !errors.Is(err, log.ErrUnavailable) {
		t.Fatalf("%+v, %v, want the broken connection", receipts, err)
	}
	if r := f.submit(t, admission.Local(), sheet("a-1", 2))[0]; r.Status != events.Accepted {
		t.Errorf("a sheet under the right number: %+v", r)
	}
	if found := f.vault.Find(nil, number(1), number(2)); found[0] != (events.Person{}) || found[1] != person {
		t.Errorf("the numbers lead to %v", found)
	}
}
