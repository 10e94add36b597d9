package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/projections/pgtest"
)

// number returns the i-th of many valid identity numbers.
func number(i int) string {
	birth := civil.MustDate("1950-01-01") + civil.Date(i/1000%20000)
	digits := fmt.Sprintf("37%04d%s%03d", i/20_000_000%10_000, strings.ReplaceAll(birth.String(), "-", ""), i%1000)
	return digits + string(idnumber.Check(digits))
}

func identity(i int) events.Identity {
	return events.Identity{
		IDNumber: number(i), Name: fmt.Sprintf("王小%05d", i), Phone: fmt.Sprintf("139%08d", i), Household: fmt.Sprintf("东村%d号", i/3),
	}
}

// A testStore keeps one vault, which may be opened again and again.
type testStore struct {
	open func() (*Vault, error)
	// holds says whether something stands anywhere in what the store keeps.
	holds func(t *testing.T, what []byte) bool
}

func (s testStore) openVault(t testing.TB) *Vault {
	t.Helper()
	v, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

func sqliteTestStore(t testing.TB) testStore {
	dir := t.TempDir()
	return testStore{
		func() (*Vault, error) {
			return Open(filepath.Join(dir, "vault"), filepath.Join(dir, "keys", "master.key"))
		},
		func(t *testing.T, what []byte) bool { return inFiles(t, dir, what) },
	}
}

func postgresTestStore(t testing.TB) testStore {
	url, key := pgtest.Database(t), filepath.Join(t.TempDir(), "master.key")
	return testStore{
		func() (*Vault, error) { return OpenPostgres(context.Background(), url, key) },
		func(t *testing.T, what []byte) bool { return inTables(t, url, what) },
	}
}

// Both stores keep what the vault promises.
func TestStores(t *testing.T) {
	for name, newStore := range map[string]func(testing.TB) testStore{"sqlite": sqliteTestStore, "postgres": postgresTestStore} {
		t.Run(name, func(t *testing.T) {
			for name, test := range map[string]func(*testing.T, testStore){
				"enter": testEnter, "what is left out": testEnterKeepsWhatIsLeftOut,
				"invalid numbers": testEnterRefusesInvalidNumbers, "accounts": testAccounts, "erase": testErase,
				"nothing in clear": testNothingInClear, "concurrent": testConcurrent, "erasure lock": testErasureLock,
				"pending": testPending, "refused": testRefused, "strangers": testStrangers, "identify": testIdentify, "a number that is taken": testIdentifiedTaken,
				"identified while others are pending": testIdentifiedPending, "identified by two gateways": testIdentifiedShared,
			} {
				t.Run(name, func(t *testing.T) { test(t, newStore(t)) })
			}
		})
	}
}

func enter(t testing.TB, v *Vault, ids ...events.Identity) []Profile {
	t.Helper()
	profiles, err := v.Enter(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	return profiles
}

func testEnter(t *testing.T, s testStore) {
	v := s.openVault(t)
	first := enter(t, v, identity(1), identity(2), identity(1))
	if first[0].Person != first[2].Person || first[0].Person == first[1].Person || first[0].Person.Version() != 4 {
		t.Fatalf("pseudonyms %v %v %v", first[0].Person, first[1].Person, first[2].Person)
	}
	if first[0].Identity.Sealed == first[2].Identity.Sealed {
		t.Error("two sealings of one identity are equal")
	}
	if a, b := first[0].Identity, first[1].Identity; a.HouseholdToken != b.HouseholdToken || a.PhoneToken == b.PhoneToken || a.NameToken == b.NameToken {
		t.Errorf("tokens of one household: %+v %+v", a, b)
	}
	if a, b := first[0].Identity, first[2].Identity; a.PhoneToken != b.PhoneToken || a.NameToken != b.NameToken || len(a.PhoneToken) != 16 {
		t.Errorf("tokens of one person: %+v %+v", a, b)
	}
	parsed, _ := idnumber.Parse(number(1))
	if month, female, known := v.Birth(first[0].Person); !known || month != parsed.Birth.Month() || female != parsed.Female {
		t.Errorf("Birth = %v %v %v", month, female, known)
	}

	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	v = s.openVault(t)
	if got := v.Find(nil, number(1), number(2), number(3)); got[0] != first[0].Person || got[1] != first[1].Person || got[2] != (events.Person{}) {
		t.Errorf("Find after a restart = %v", got)
	}
	again := enter(t, v, identity(3), identity(1))
	if again[1].Person != first[0].Person || again[1].Identity.PhoneToken != first[0].Identity.PhoneToken {
		t.Errorf("Enter after a restart = %+v, before it %+v", again[1], first[0])
	}
	for _, e := range []Profile{first[0], again[1]} {
		if plain, err := v.Unseal(t.Context(), e.Person, e.Identity.Sealed); err != nil || !strings.Contains(string(plain), number(1)) {
			t.Errorf("Unseal = %s, %v", plain, err)
		}
	}
	if _, err := v.Unseal(t.Context(), first[1].Person, first[0].Identity.Sealed); err == nil {
		t.Error("one person's sealed text opened with another's key")
	}
	if v.Len() != 3 {
		t.Errorf("Len = %d", v.Len())
	}
}

func testEnterKeepsWhatIsLeftOut(t *testing.T, s testStore) {
	v := s.openVault(t)
	p := enter(t, v, identity(1))[0].Person
	other := events.Identity{IDNumber: number(1), Name: "李四", Phone: "+86 135-0000-0000"}
	if e := enter(t, v, other)[0]; e.Person != p || e.Fills || !e.Differs {
		t.Errorf("another name and phone: %+v", e)
	}
	settle(t, v, Outcome{Person: p, Stands: true, Identity: other})
	revealed(t, v, p, identity(1))
	settle(t, v, Outcome{Person: p, Identity: other, Corrects: true}) // it was refused
	revealed(t, v, p, identity(1))
	settle(t, v, Outcome{Person: p, Stands: true, Identity: events.Identity{IDNumber: number(1), Phone: "+86 135-0000-0000"}, Corrects: true})
	want := identity(1)
	want.Phone = "+86 135-0000-0000"
	revealed(t, v, p, want)
	bare := enter(t, v, events.Identity{IDNumber: number(5), Name: "王五"})[0].Person
	full := identity(5)
	if e := enter(t, v, full)[0]; !e.Fills || !e.Differs {
		t.Errorf("more than is known: %+v", e)
	}
	settle(t, v, Outcome{Person: bare, Stands: true, Identity: full})
	full.Name = "王五"
	revealed(t, v, bare, full)
	same := enter(t, v, events.Identity{IDNumber: number(9), Phone: "13500000000"})[0]
	recalled, err := v.Recall(t.Context(), []events.Person{p, {1}})
	if err != nil || recalled[0].Person != p || recalled[0].Identity.PhoneToken != same.Identity.PhoneToken || recalled[1] != (Profile{}) {
		t.Fatalf("Recall = %+v, %v", recalled, err)
	}
}

func testEnterRefusesInvalidNumbers(t *testing.T, s testStore) {
	v := s.openVault(t)
	bad := identity(2)
	bad.IDNumber = "370211196501010015"
	if _, err := v.Enter(t.Context(), []events.Identity{identity(1), bad}); !errors.Is(err, idnumber.ErrChecksum) || strings.Contains(err.Error(), bad.IDNumber) {
		t.Fatalf("Enter = %v", err)
	}
	if v.Len() != 0 {
		t.Errorf("%d persons were entered", v.Len())
	}
	digits := "37021119650101001"
	for i := range 1000 { // one that ends in X
		if digits = fmt.Sprintf("37021119650101%03d", i); idnumber.Check(digits) == 'X' {
			break
		}
	}
	p := enter(t, v, events.Identity{IDNumber: digits + "x"})[0].Person
	if got := v.Find(nil, digits+"X", digits+"x"); got[0] != p || got[1] != p {
		t.Errorf("x and X are two persons: %v", got)
	}
}

func testAccounts(t *testing.T, s testStore) {
	v := s.openVault(t)
	two := enter(t, v, identity(1), identity(2))
	early, err := v.Accounts(t.Context(), nil, "6222-0001", "", "6222 0002")
	if err != nil || early[1] != "" || early[0] == early[2] {
		t.Fatalf("Accounts = %v, %v", early, err)
	}
	got, err := v.Assign(t.Context(), []Account{{two[0].Person, "6222 0001"}, {two[1].Person, "62220001"}, {events.Person{7}, "1"}})
	if err != nil || got[0].Token != early[0] || got[1].Token != early[0] || got[2] != (Sealed{}) {
		t.Fatalf("Assign = %+v, %v; want token %s", got, err, early[0])
	}
	if plain, err := v.Unseal(t.Context(), two[0].Person, got[0].Sealed); err != nil || string(plain) != "6222 0001" {
		t.Errorf("Unseal = %s, %v", plain, err)
	}
	v.Close()
	v = s.openVault(t)
	if again, err := v.Accounts(t.Context(), nil, "62220001", "62220002"); err != nil || again[0] != early[0] || again[1] != early[2] {
		t.Errorf("Accounts after a restart = %v, %v", again, err)
	}
}

// Erasing takes away the key and every token that nobody else holds, in memory
// and in every file; a returner is a new person.
func testErase(t *testing.T, s testStore) {
	v := s.openVault(t)
	two := enter(t, v, identity(1), identity(2)) // of one household
	accounts, err := v.Assign(t.Context(), []Account{{two[0].Person, "62220001"}})
	if err != nil {
		t.Fatal(err)
	}
	var wrapped, sealed, number1 []byte
	err = v.withOpenRow(t.Context(), two[0].Person, func(r *openedRow) error {
		wrapped, sealed, number1 = r.personRow.key, r.sealed, r.number[:]
		return nil
	})
	if err != nil || !s.holds(t, wrapped) || !s.holds(t, sealed) || !s.holds(t, number1) {
		t.Fatalf("key, identity or number are not kept to begin with: %v", err)
	}
	gone, err := v.Erase(t.Context(), two[0].Person, two[0].Person, events.Person{9})
	if err != nil {
		t.Fatal(err)
	}
	// The household is held by the other one, too.
	if want := (Destroyed{1, []string{"id_number", "name", "phone", "household"}, 3}); !reflect.DeepEqual(gone, want) {
		t.Errorf("destroyed %+v, want %+v", gone, want)
	}
	if s.holds(t, wrapped) || s.holds(t, sealed) || s.holds(t, number1) {
		t.Error("key, identity or number is still there")
	}
	if got := v.Find(nil, number(1)); got[0] != (events.Person{}) {
		t.Error("the erased person is found")
	}
	if _, err := v.Unseal(t.Context(), two[0].Person, two[0].Identity.Sealed); !errors.Is(err, ErrUnknown) {
		t.Errorf("Unseal = %v", err)
	}
	if gone, err := v.Erase(t.Context(), two[0].Person); err != nil || gone.Keys != 0 {
		t.Errorf("second Erase = %+v, %v", gone, err)
	}
	back := enter(t, v, identity(1))[0]
	if back.Person == two[0].Person || back.Identity.PhoneToken == two[0].Identity.PhoneToken || back.Identity.NameToken == two[0].Identity.NameToken {
		t.Error("a returner is linked to the person erased")
	}
	if back.Identity.HouseholdToken != two[1].Identity.HouseholdToken {
		t.Error("the token of a household that others hold has changed")
	}
	if got, err := v.Accounts(t.Context(), nil, "62220001"); err != nil || got[0] == accounts[0].Token {
		t.Errorf("the account's token is still there: %v", err)
	}
	v.Close()
	v = s.openVault(t)
	if got := v.Find(nil, number(1), number(2)); got[0] != back.Person || got[1] != two[1].Person {
		t.Error("after a restart others are found")
	}
}

// Nothing that was entered can be read in what the store keeps.
func testNothingInClear(t *testing.T, s testStore) {
	v := s.openVault(t)
	p := enter(t, v, identity(1))[0].Person
	if _, err := v.Assign(t.Context(), []Account{{p, "622200011112222333"}}); err != nil {
		t.Fatal(err)
	}
	id := identity(1)
	for _, text := range []string{id.IDNumber, id.Name, id.Phone, id.Household, "622200011112222333"} {
		if s.holds(t, []byte(text)) {
			t.Errorf("%s is kept in clear", text)
		}
	}
	if !s.holds(t, p[:]) {
		t.Error("the pseudonym is not found either: this test sees nothing")
	}
}

// While the lock is held shared nobody holds it exclusively, and the reverse. Whoever asks
// for the exclusive lock gets it, however many shared ones come and go.
func testErasureLock(t *testing.T, s testStore) {
	v := s.openVault(t)
	share := func() func() {
		release, err := v.LockShared(context.Background())
		if err != nil {
			t.Error(err)
			return func() {}
		}
		return release
	}
	var in, alone atomic.Int32
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				release := share()
				in.Add(1)
				if alone.Load() != 0 {
					t.Error("in while another was alone")
				}
				time.Sleep(time.Millisecond)
				in.Add(-1)
				release()
			}
		})
	}
	for range 3 {
		release, err := v.LockExclusive(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		alone.Add(1)
		time.Sleep(5 * time.Millisecond)
		if n := in.Load(); n != 0 {
			t.Errorf("alone with %d others", n)
		}
		alone.Add(-1)
		release()
	}
	close(stop)
	all.Wait()
	share()() // and it is open again
}

func inFiles(t *testing.T, dir string, what []byte) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("files %v, %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, what) {
			return true
		}
	}
	return false
}

func TestOpenGuards(t *testing.T) {
	dir := t.TempDir()
	v, err := Open(filepath.Join(dir, "vault"), filepath.Join(dir, "keys", "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	enter(t, v, identity(1))
	for _, f := range []string{"vault", "vault/vault.db", "vault/vault.db-wal", "keys", "keys/master.key"} {
		info, err := os.Stat(filepath.Join(dir, f))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", f, info.Mode(), err)
		}
	}
	key := filepath.Join(dir, "keys", "master.key")
	open := func() error {
		v, err := Open(filepath.Join(dir, "vault"), key)
		if err == nil {
			v.Close()
		}
		return err
	}
	if err := open(); !errors.Is(err, ErrLocked) {
		t.Errorf("second process: %v", err)
	}
	v.Close()

	text, _ := os.ReadFile(key)
	os.Chmod(key, 0o644)
	if err := open(); !errors.Is(err, ErrExposed) {
		t.Errorf("readable key: %v", err)
	}
	os.Chmod(key, 0o600)
	os.WriteFile(key, []byte(strings.Repeat("ab", 32)), 0o600)
	if err := open(); !errors.Is(err, ErrKey) {
		t.Errorf("other key: %v", err)
	}
	os.WriteFile(key, []byte("no key"), 0o600)
	if err := open(); !errors.Is(err, ErrKey) {
		t.Errorf("malformed key: %v", err)
	}
	os.Remove(key)
	if err := open(); !errors.Is(err, ErrKey) {
		t.Errorf("lost key: %v", err)
	}
	if _, err := os.Stat(key); err == nil {
		t.Error("a new key was made beside an old database")
	}
	os.WriteFile(key, text, 0o600)
	if err := open(); err != nil {
		t.Errorf("restored key: %v", err)
	}
	os.Chmod(filepath.Join(dir, "vault"), 0o755)
	if err := open(); !errors.Is(err, ErrExposed) {
		t.Errorf("readable folder: %v", err)
	}
}

// Many callers enter overlapping people at once: one pseudonym a person.
func testConcurrent(t *testing.T, s testStore) {
	v := s.openVault(t)
	const callers, people = 16, 200
	var got [callers][people]events.Person
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for i := range people {
				n := (i + c*7) % people
				profiles, err := v.Enter(context.Background(), []events.Identity{identity(n)})
				if err != nil {
					t.Error(err)
					return
				}
				got[c][n] = profiles[0].Person
				if p := v.Find(nil, number(n)); p[0] != profiles[0].Person {
					t.Errorf("person %d is not found once entered", n)
				}
			}
		})
	}
	all.Wait()
	for c := range callers {
		if got[c] != got[0] {
			t.Fatal("two callers got different pseudonyms for one person")
		}
	}
	if v.Len() != people {
		t.Errorf("%d persons, want %d", v.Len(), people)
	}
	v.Close()
	if _, err := v.Enter(context.Background(), []events.Identity{identity(1)}); !errors.Is(err, ErrClosed) {
		t.Errorf("Enter after Close = %v", err)
	}
}

func BenchmarkEnterNew(b *testing.B) {
	eachStore(b, func(b *testing.B, v *Vault) {
		list := make([]events.Identity, 1000)
		n := 0
		for b.Loop() {
			for i := range list {
				list[i] = identity(n)
				n++
			}
			enter(b, v, list...)
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "persons/s")
	})
}

func BenchmarkEnterKnown(b *testing.B) {
	eachStore(b, func(b *testing.B, v *Vault) {
		list := make([]events.Identity, 1000)
		for i := range list {
			list[i] = identity(i)
		}
		enter(b, v, list...)
		n := 0
		for b.Loop() {
			enter(b, v, list...)
			n += len(list)
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "persons/s")
	})
}

// eachStore runs a benchmark over both, each with every commit on the disk.
func eachStore(b *testing.B, run func(*testing.B, *Vault)) {
	b.Run("sqlite", func(b *testing.B) { run(b, sqliteTestStore(b).openVault(b)) })
	b.Run("postgres", func(b *testing.B) {
		v, err := OpenPostgres(b.Context(), pgtest.Start(b), filepath.Join(b.TempDir(), "master.key"))
		if err != nil {
			b.Fatal(err)
		}
		defer v.Close()
		run(b, v)
	})
}

func BenchmarkFind(b *testing.B) {
	v := sqliteTestStore(b).openVault(b)
	const people = 480_000
	numbers := make([]string, people)
	for i := range numbers {
		numbers[i] = number(i)
		v.persons[numberHash(v.hashNumber(numbers[i]))] = events.Person{1}
	}
	buf := make([]events.Person, 0, 8)
	n := 0
	for b.Loop() {
		at := n * 7919 % (people - 8)
		buf = v.Find(buf[:0], numbers[at:at+8]...)
		n += 8
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "lines/s")
}
