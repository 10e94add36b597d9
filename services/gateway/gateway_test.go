package gateway

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/division/editions"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/intake"
	"github.com/muster-works/muster/services/gateway/vault"
	"github.com/muster-works/muster/services/internal/command"
)

// The tests run the real command handlers over the log in memory. Their decider accepts
// everything, so that what is refused is refused by the gateway.

type acceptAll struct{ command.Stateless }

func (*acceptAll) Decide(e *events.Event) (*events.Event, events.Reasons) { return e, nil }

// A fixture is a gateway with command handlers of every family behind it.
type fixture struct {
	*Gateway
	log   *memlog.Log
	vault *vault.Vault
	dir   string
	desks *recorder
}

// recorder is the desks, and remembers the calls that they got.
type recorder struct {
	command.Local
	mu    sync.Mutex
	calls []call
	fail  func(n int, f events.Family) error // of the n-th call; nil is none
	cut   error                              // in place of the receipts
}

type call struct {
	family   events.Family
	n        int
	imported time.Time
}

func (r *recorder) Submit(ctx context.Context, f events.Family, batch []*events.Event, imported time.Time) ([]events.Receipt, error) {
	r.mu.Lock()
	r.calls = append(r.calls, call{f, len(batch), imported})
	n := len(r.calls)
	r.mu.Unlock()
	if r.fail != nil {
		if err := r.fail(n, f); err != nil {
			return nil, err
		}
	}
	receipts, err := r.Local.Submit(ctx, f, batch, imported)
	if r.cut != nil {
		return nil, r.cut
	}
	return receipts, err
}

var table = sync.OnceValue(func() *division.Table {
	t, err := division.Shandong()
	if err != nil {
		panic(err)
	}
	return t
})

func newFixture(t testing.TB, change ...func(*Options)) *fixture {
	t.Helper()
	b := &fixture{log: memlog.New(), dir: t.TempDir(), desks: &recorder{Local: command.Local{}}}
	v, err := vault.Open(filepath.Join(b.dir, "vault"), filepath.Join(b.dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	b.vault = v
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, f := range events.Families {
		s := &acceptAll{}
		d := command.NewHandler(f, s, command.NewFold(b.log, f.Boundary(), s))
		b.desks.Local[f] = d
		ready := make(chan struct{})
		running.Go(func() {
			if err := d.Run(ctx, func() { close(ready) }); err != nil {
				t.Errorf("desk %s: %v", f, err)
			}
		})
		<-ready
	}
	t.Cleanup(func() { cancel(); running.Wait(); v.Close() })
	o := Options{Services: b.desks, Vault: v, Divisions: editions.Fixed(table()), History: b.log}
	for _, c := range change {
		c(&o)
	}
	if b.Gateway, err = New(o); err != nil {
		t.Fatal(err)
	}
	return b
}

// records returns the events of a family in the log.
func (b *fixture) records(t testing.TB, f events.Family) (list []*events.Event, raw [][]byte) {
	t.Helper()
	for c, err := range b.log.Read(t.Context(), log.Position{}, log.Filter{Boundary: f.Boundary()}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range c.Events {
			e, err := events.Decode(r)
			if err != nil {
				t.Fatal(err)
			}
			if e.Family() == f {
				list, raw = append(list, e), append(raw, r)
			}
		}
	}
	return list, raw
}

const village = "370211102231"

// number returns the i-th of many valid identity numbers.
func number(i int) string {
	birth := civil.MustDate("1950-01-01") + civil.Date(i/1000%20000)
	digits := fmt.Sprintf("37%04d%s%03d", i/20_000_000%10_000, strings.ReplaceAll(birth.String(), "-", ""), i%1000)
	return digits + string(idnumber.Check(digits))
}

func event(id string, d events.Data) *events.Event {
	return &events.Event{ID: id, Source: "/agency/370211-rsj", Type: d.Type(), Division: village, Data: d}
}

func hire(i int) *events.Event {
	return event(fmt.Sprintf("h-%d", i), &events.HirePlaced{
		Post: "p-1", From: civil.MustDate("2022-05-01"), Group: "older",
		Who: events.Who{Identity: &events.Identity{IDNumber: number(i), Name: fmt.Sprintf("王小%d", i), Phone: fmt.Sprintf("139%08d", i), Household: "东村1号"}},
	})
}

func sheet(id string, people ...int) *events.Event {
	d := &events.AttendanceReported{Post: "p-1", Month: civil.MustMonth("2022-05")}
	for _, i := range people {
		d.Lines = append(d.Lines, events.AttendanceLine{IDNumber: number(i), Marks: ".PPPPP..PPPPP..PPPLP..PPPPP..PP"})
	}
	return event(id, d)
}

func items(list ...*events.Event) (items []intake.Item) {
	for _, e := range list {
		items = append(items, intake.Item{Event: e})
	}
	return items
}

func (b *fixture) submit(t testing.TB, c admission.Caller, list ...*events.Event) []events.Receipt {
	t.Helper()
	receipts, err := b.Submit(t.Context(), c, items(list...), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if len(receipts) != len(list) {
		t.Fatalf("%d receipts for %d events", len(receipts), len(list))
	}
	return receipts
}

// became describes a receipt in one word for comparisons.
func became(r events.Receipt) string {
	if len(r.Reasons) > 0 {
		return string(r.Reasons[0].Code) + " " + r.Reasons[0].Field
	}
	return string(r.Status)
}

func all(receipts []events.Receipt) (list []string) {
	for _, r := range receipts {
		list = append(list, became(r))
	}
	return list
}

func TestPseudonyms(t *testing.T) {
	b := newFixture(t)
	exit := event("x-1", &events.ExitRecorded{Post: "p-1", On: civil.MustDate("2022-06-15"), Kind: "natural", Code: "N1",
		Who: events.Who{Identity: &events.Identity{IDNumber: number(1), Name: "王小1"}}})
	account := event("a-1", &events.AccountAssigned{Bank: "农商银行", From: civil.MustDate("2022-05-01"), Number: "6222 0001",
		Who: events.Who{Identity: &events.Identity{IDNumber: number(2)}}})
	settled := event("s-1", &events.PaymentSettled{Run: "r", PaidOn: civil.MustDate("2022-06-10"),
		Lines: []events.SettledLine{{Line: "1", Number: "62220001"}, {Line: "2", Number: "62220002"}, {Line: "3"}}})
	before := *hire(1).Data.(*events.HirePlaced).Identity
	first := hire(1)
	receipts := b.submit(t, admission.Local(), first, hire(2), sheet("s", 2, 1, 2), exit, account, settled)
	if got := all(receipts); slices.ContainsFunc(got, func(s string) bool { return s != "accepted" }) {
		t.Fatalf("receipts %v", got)
	}
	if d := first.Data.(*events.HirePlaced); *d.Identity != before || d.Person != (events.Person{}) || first.Digest != "" {
		t.Error("Submit changed the caller's event")
	}

	hires, _ := b.records(t, events.Hire)
	h := hires[0].Data.(*events.HirePlaced)
	n, _ := idnumber.Parse(number(1))
	if h.Person != receipts[0].Person || h.BirthMonth != n.Birth.Month() || (h.Sex == "F") != n.Female {
		t.Errorf("hire %+v, receipt %+v", h, receipts[0])
	}
	if id := h.Identity; id.IDNumber+id.Name+id.Phone+id.Household != "" || id.Sealed == "" || id.NameToken == "" || id.PhoneToken == "" {
		t.Errorf("identity of the record %+v", id)
	}
	if h2 := hires[1].Data.(*events.HirePlaced); h2.Identity.HouseholdToken != h.Identity.HouseholdToken || h2.Person == h.Person {
		t.Error("two of one household have other household tokens, or one pseudonym")
	}
	if plain, err := b.vault.Unseal(t.Context(), h.Person, h.Identity.Sealed); err != nil || !strings.Contains(string(plain), "王小1") {
		t.Errorf("Unseal = %s, %v", plain, err)
	}
	e := hires[0]
	if e.AuthType != admission.Loopback || e.AuthID != "local" || len(e.CorrelationID) != 36 || len(e.Digest) != 32 {
		t.Errorf("engine fields %q %q %q %q", e.AuthType, e.AuthID, e.CorrelationID, e.Digest)
	}
	sheets, _ := b.records(t, events.Attendance)
	lines := sheets[0].Data.(*events.AttendanceReported).Lines
	if lines[0].Person != receipts[1].Person || lines[1].Person != receipts[0].Person || lines[2] != lines[0] || lines[0].IDNumber != "" {
		t.Errorf("lines %+v", lines)
	}
	exits, _ := b.records(t, events.Exit)
	if x := exits[0].Data.(*events.ExitRecorded); x.Person != receipts[0].Person || x.Identity != nil {
		t.Errorf("exit %+v", x)
	}
	payments, _ := b.records(t, events.Payment)
	a, s := payments[0].Data.(*events.AccountAssigned), payments[1].Data.(*events.PaymentSettled)
	if a.Number != "" || a.Account == "" || a.Account != s.Lines[0].Account || s.Lines[1].Account == a.Account || s.Lines[1].Account == "" || s.Lines[2].Account != "" {
		t.Errorf("account %+v, settled %+v", a, s)
	}

	again := b.submit(t, admission.Local(), hire(2), exit)
	if got := all(again); got[0] != "duplicate" || got[1] != "duplicate" || again[0].Person != receipts[1].Person || again[0].Position != receipts[1].Position {
		t.Errorf("sent again: %+v", again)
	}
	other := hire(2)
	other.Data.(*events.HirePlaced).Identity.Name = "王小二"
	if got := b.submit(t, admission.Local(), other); became(got[0]) != "id_reused id" {
		t.Errorf("other content under the same id: %+v", got)
	}
}

// Whoever is named by pseudonym is completed from the vault.
func TestHireByPseudonym(t *testing.T) {
	b := newFixture(t)
	p := b.submit(t, admission.Local(), hire(1))[0].Person
	back := hire(1)
	back.ID = "h-back"
	back.Data.(*events.HirePlaced).Who = events.Who{Person: p}
	lost := hire(3)
	lost.Data.(*events.HirePlaced).Who = events.Who{Person: events.Person{9}}
	if got := all(b.submit(t, admission.Local(), back, lost)); got[0] != "accepted" || got[1] != "unknown_person data.person" {
		t.Fatalf("receipts %v", got)
	}
	hires, _ := b.records(t, events.Hire)
	first, second := hires[0].Data.(*events.HirePlaced), hires[1].Data.(*events.HirePlaced)
	if second.BirthMonth != first.BirthMonth || second.Sex != first.Sex || second.Identity.NameToken != first.Identity.NameToken || second.Identity.Sealed == "" {
		t.Errorf("%+v, first %+v", second, first)
	}
}

func TestRefusals(t *testing.T) {
	county := admission.Caller{Agency: "370211-rsj", Prefix: "370211", AuthType: "token",
		Families: map[events.Family]bool{events.Hire: true, events.Post: true, events.Attendance: true, events.Policy: true}}
	post := func(where division.Code) *events.Event {
		return event("p", &events.PostDeveloped{Post: "p-1", Category: "public_service", Area: "rural", Seats: 1, From: civil.MustDate("2022-01-01"), Division: where})
	}
	with := func(e *events.Event, change func(*events.Event)) *events.Event { change(e); return e }
	known := number(1)
	tests := map[string]struct {
		caller admission.Caller
		event  *events.Event
		want   string
	}{
		"fine":                      {county, hire(2), "accepted"},
		"own system":                {county, with(hire(3), func(e *events.Event) { e.Source += "/hr" }), "accepted"},
		"another agency":            {county, with(hire(4), func(e *events.Event) { e.Source = "/agency/370212-rsj" }), "not_entitled source"},
		"a longer name":             {county, with(hire(4), func(e *events.Event) { e.Source += "2" }), "not_entitled source"},
		"loopback, any source":      {admission.Local(), with(hire(4), func(e *events.Event) { e.Source = "/anything" }), "accepted"},
		"record":                    {county, with(hire(5), func(e *events.Event) { e.Submode = events.ModeRecord }), "not_entitled submode"},
		"another service":           {county, event("x", &events.ExitRecorded{}), "not_entitled type"},
		"of the engine":             {admission.Local(), event("x", &events.PersonErased{}), "engine_field type"},
		"outside":                   {county, with(hire(5), func(e *events.Event) { e.Division = "370212000000" }), "not_entitled division"},
		"nowhere":                   {county, with(hire(5), func(e *events.Event) { e.Division = "370211999999" }), "unknown_division division"},
		"no division":               {county, with(hire(5), func(e *events.Event) { e.Division = "" }), "missing division"},
		"no division, loopback":     {admission.Local(), with(hire(5), func(e *events.Event) { e.Division = "" }), "accepted"},
		"post nowhere":              {county, post("370211999999"), "unknown_division data.division"},
		"post outside":              {county, post("370202000000"), "not_entitled data.division"},
		"post without any":          {admission.Local(), with(post(""), func(e *events.Event) { e.Division = "" }), "missing division"},
		"too wide a pack":           {county, event("pack", &events.PolicyAdopted{}), "not_entitled data.jurisdiction"},
		"stranger on a sheet":       {county, sheet("s", 1, 999, 1), "unknown_person data.lines[1].id_number"},
		"stranger by pseudonym":     {county, event("s", &events.AttendanceReported{Post: "p", Lines: []events.AttendanceLine{{Person: events.Person{1}}}}), "unknown_person data.lines[0].person"},
		"number in a text":          {county, with(hire(5), func(e *events.Event) { e.Subject = "of " + known + "." }), "identity_in_clear subject"},
		"number as id":              {county, with(hire(5), func(e *events.Event) { e.ID = known }), "identity_in_clear id"},
		"number in a line":          {county, with(sheet("s", 1), func(e *events.Event) { e.Data.(*events.AttendanceReported).Lines[0].Device = known }), "identity_in_clear data.lines[0].device"},
		"number behind an escape":   {county, with(sheet("s", 1), func(e *events.Event) { e.Data.(*events.AttendanceReported).Recorder = "\x01" + known }), "identity_in_clear data.recorder"},
		"number quoted":             {county, with(sheet("s", 1), func(e *events.Event) { e.Data.(*events.AttendanceReported).Recorder = `"id_number":"` + known + `"` }), "identity_in_clear data.recorder"},
		"number in identity fields": {county, with(hire(6), func(e *events.Event) { e.Data.(*events.HirePlaced).Identity.Household = known }), "accepted"},
		"bad number":                {county, with(hire(6), func(e *events.Event) { e.Data.(*events.HirePlaced).Identity.IDNumber = "370211196501010015" }), "invalid_id_number data.identity.id_number"},
		"not UTF-8":                 {county, with(hire(6), func(e *events.Event) { e.Subject = "\xff" }), "malformed "},
		"too large":                 {county, with(hire(6), func(e *events.Event) { e.Subject = strings.Repeat("x", log.MaxBytes) }), "too_large "},
		"too large once replaced":   {county, sheet("s", make([]int, 10_500)...), "too_large "},
		"no data":                   {county, &events.Event{ID: "x", Source: "/agency/370211-rsj"}, "missing data"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newFixture(t)
			b.submit(t, admission.Local(), hire(0), hire(1))
			r := b.submit(t, test.caller, test.event)[0]
			if became(r) != test.want {
				t.Errorf("got %q, want %q (%+v)", became(r), test.want, r)
			}
			if r.Status == events.Rejected && (idnumber.In(r.ID) || idnumber.In(r.Source) || idnumber.In(fmt.Sprint(r.Reasons))) {
				t.Errorf("the receipt holds the number: %+v", r)
			}
			if test.want != "accepted" && b.vault.Len() != 2 {
				t.Error("a refused event made a person known")
			}
		})
	}
}

// Items that could not be read keep their place, and runs reach over them.
func TestRuns(t *testing.T) {
	b := newFixture(t)
	bad := intake.Item{Event: &events.Event{ID: "bad"}, Err: events.Refusal(events.Malformed, "", events.Say("is not JSON", "不是JSON"))}
	list := slices.Concat(items(hire(1), hire(2)), []intake.Item{bad}, items(hire(3), sheet("s-1", 1), sheet("s-2", 99), hire(4)))
	receipts, err := b.Submit(t.Context(), admission.Local(), list, time.Time{})
	want := []string{"accepted", "accepted", "malformed ", "accepted", "accepted", "unknown_person data.lines[0].id_number", "accepted"}
	if err != nil || !slices.Equal(all(receipts), want) {
		t.Fatalf("%v, %v; want %v", all(receipts), err, want)
	}
	calls := []call{{events.Hire, 3, time.Time{}}, {events.Attendance, 1, time.Time{}}, {events.Hire, 1, time.Time{}}}
	if !slices.Equal(b.desks.calls, calls) {
		t.Errorf("calls %v, want %v", b.desks.calls, calls)
	}
	b.desks.calls = nil
	var many []*events.Event
	for i := range intake.GroupEvents + 1 {
		many = append(many, sheet(fmt.Sprintf("m-%d", i), 1))
	}
	b.submit(t, admission.Local(), many...)
	if c := b.desks.calls; len(c) != 2 || c[0].n != intake.GroupEvents || c[1].n != 1 {
		t.Errorf("calls %v", b.desks.calls)
	}
}

// A service that does not answer ends a submission; what was decided before
// it is said, and sending all of it again completes it.
func TestUnavailable(t *testing.T) {
	b := newFixture(t)
	b.desks.fail = func(n int, f events.Family) error {
		if f == events.Attendance {
			return fmt.Errorf("%w: no service", log.ErrUnavailable)
		}
		return nil
	}
	list := items(hire(1), hire(2), sheet("s", 1), hire(3))
	receipts, err := b.Submit(t.Context(), admission.Local(), list, time.Time{})
	if !errors.Is(err, log.ErrUnavailable) || !slices.Equal(all(receipts), []string{"accepted", "accepted"}) {
		t.Fatalf("%v, %v", all(receipts), err)
	}
	b.desks.fail = nil
	receipts, err = b.Submit(t.Context(), admission.Local(), list, time.Time{})
	if err != nil || !slices.Equal(all(receipts), []string{"duplicate", "duplicate", "accepted", "accepted"}) {
		t.Fatalf("%v, %v", all(receipts), err)
	}
}

func TestBusyIsWaitedFor(t *testing.T) {
	b := newFixture(t)
	b.desks.fail = func(n int, f events.Family) error {
		if n < 3 {
			return command.ErrBusy
		}
		return nil
	}
	if got := all(b.submit(t, admission.Local(), hire(1))); got[0] != "accepted" || len(b.desks.calls) != 3 {
		t.Errorf("%v after %d calls", got, len(b.desks.calls))
	}
}

// Goal: a record says for which divisions the agency answered that said it, and an agency
// cannot say so itself.
func TestAuthDivision(t *testing.T) {
	at := time.Date(2022, 5, 1, 4, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		prefix, authType string
		imported         time.Time
		want             string
	}{
		"a county":              {"370211", "token", time.Time{}, "370211"},
		"a county by its code":  {"370211000000", "nkey", time.Time{}, "370211"},
		"all divisions":         {"", "token", time.Time{}, "00"},
		"the machine itself":    {"", admission.Loopback, time.Time{}, ""},
		"an operator's history": {"37", "token", at, ""},
	} {
		b := newFixture(t)
		caller := admission.Caller{Agency: "370211-rsj", Prefix: c.prefix, AuthType: c.authType, Import: true}
		e := hire(1)
		e.AuthDivision = "3702"
		receipts, err := b.Submit(t.Context(), caller, items(e), c.imported)
		if err != nil || became(receipts[0]) != "accepted" {
			t.Fatalf("%s: %v, %v", name, receipts, err)
		}
		if hires, _ := b.records(t, events.Hire); hires[0].AuthDivision != c.want {
			t.Errorf("%s: authdivision %q, want %q", name, hires[0].AuthDivision, c.want)
		}
	}
}

func TestImport(t *testing.T) {
	b := newFixture(t)
	at := time.Date(2022, 5, 1, 4, 0, 0, 0, time.UTC)
	receipts, err := b.Submit(t.Context(), admission.Local(), items(hire(1)), at)
	if err != nil || became(receipts[0]) != "accepted" || !b.desks.calls[0].imported.Equal(at) {
		t.Fatalf("%v, %v, calls %v", receipts, err, b.desks.calls)
	}
	if hires, _ := b.records(t, events.Hire); hires[0].AuthType != "import" {
		t.Errorf("authtype %q", hires[0].AuthType)
	}
	c := admission.Local()
	c.Import = false
	if receipts, err = b.Submit(t.Context(), c, items(hire(2)), at); err != nil || became(receipts[0]) != "not_entitled recordedtime" {
		t.Errorf("%v, %v", receipts, err)
	}
}

func TestCancel(t *testing.T) {
	b := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	b.desks.fail = func(n int, f events.Family) error { cancel(); return nil }
	receipts, err := b.Submit(ctx, admission.Local(), items(hire(1), sheet("s", 1), hire(2)), time.Time{})
	if err == nil || len(receipts) > 1 {
		t.Errorf("%v, %v", receipts, err)
	}
}
