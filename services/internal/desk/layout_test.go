package desk_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/layouttest"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/desk"
	"github.com/muster-works/muster/services/internal/placement"
	"github.com/muster-works/muster/services/internal/rules"
	"github.com/muster-works/muster/services/payment"
)

// layoutTypes is the catalogue that the layouts were frozen with. It stays as it
// is: a fold states the catalogue that it numbers types by, and one of another
// catalogue is folded anew.
var layoutTypes = []events.Type{
	"plan.set", "post.developed", "post.resized", "post.closed", "hire.placed", "hire.renewed", "exit.recorded", "training.completed",
	"attendance.reported", "fund.allocated", "account.assigned", "payment.instructed", "payment.settled", "payment.returned",
	"payment.reversed", "registry.reported", "finding.reviewed", "policy.adopted", "event.withdrawn", "submissions.tallied",
	"person.erased", "person.revealed",
}

// A teller writes down events with ids in the order in which they are told.
type teller struct{ list []*events.Event }

// tell adds an event, which replaces the one of an id unless that is empty.
func (w *teller) tell(id, replaces string, data events.Data) {
	w.list = append(w.list, &events.Event{ID: id, Source: "/agency/370211-rsj", Type: data.Type(), Division: "370211102231", Replaces: replaces,
		Digest: fmt.Sprintf("%016x", 0x1234567*uint64(len(w.list)+1)), Data: data})
}

func somebody(n byte) events.Who { return events.Who{Person: events.Person{n, 15: n}} }

var day = civil.MustDate

// placements are events of the boundary placement: every kind of fact, one that
// is voided, and one that is voided before it comes.
func placements() []*events.Event {
	var w teller
	w.tell("plan", "", &events.PlanSet{Year: 2022, Area: "rural", Posts: 42})
	w.tell("p-1", "", &events.PostDeveloped{Post: "post-1", Category: "public_service", Division: "370211102231", Area: "rural", Seats: 2,
		From: day("2022-03-01"), Until: day("2025-03-01"), Standard: 60000, RequiredDays: 20, Fund: "F"})
	w.tell("p-2", "", &events.PostDeveloped{Post: "岗位-2", Category: "social_governance", Area: "urban", Seats: 1, From: day("2022-04-01")})
	w.tell("h-1", "", &events.HirePlaced{Who: somebody(1), Post: "post-1", Seat: 1, From: day("2022-04-01"), Until: day("2025-04-01"), BirthMonth: civil.MonthOf(1965, 1), Sex: "M"})
	w.tell("h-2", "", &events.HirePlaced{Who: somebody(2), Post: "post-1", Seat: 2, From: day("2022-04-15"), BirthMonth: civil.MonthOf(1970, 12), Sex: "F"})
	w.tell("h-2-again", "h-2", &events.HirePlaced{Who: somebody(2), Post: "岗位-2", Seat: 1, From: day("2022-04-16"), BirthMonth: civil.MonthOf(1970, 12), Sex: "F"})
	w.tell("ahead", "", &events.EventWithdrawn{Of: events.ExitRecordedType, ID: "x-later"})
	w.tell("r-1", "", &events.HireRenewed{Who: somebody(1), Post: "post-1", Until: day("2026-01-01")})
	w.tell("x-1", "", &events.ExitRecorded{Who: somebody(1), Post: "post-1", On: day("2022-06-15"), Kind: "natural", Code: "N1"})
	w.tell("p-1-r", "", &events.PostResized{Post: "post-1", Seats: 3, From: day("2022-08-01")})
	w.tell("p-2-c", "", &events.PostClosed{Post: "岗位-2", On: day("2023-01-01")})
	return w.list
}

// payments are events of the boundary payment: lines whose names are numbers, and
// lines whose names follow nothing.
func payments() []*events.Event {
	var w teller
	w.tell("f", "", &events.FundAllocated{Fund: "F", Division: "370211000000", Year: 2022, Amount: 1_000_000_00})
	w.tell("f-2", "", &events.FundAllocated{Fund: "G", Year: 2022, Amount: 5})
	w.tell("acc", "", &events.AccountAssigned{Who: somebody(1), Bank: "102", From: day("2022-05-01"), Account: "6af1"})
	numbered := &events.PaymentInstructed{Run: "R", Month: civil.MonthOf(2022, 5), Fund: "F"}
	scattered := &events.PaymentInstructed{Run: "S", Month: civil.MonthOf(2022, 5), Fund: "G"}
	for n := range 20 {
		numbered.Lines = append(numbered.Lines, events.PayLine{Line: fmt.Sprint(n + 1), Person: somebody(byte(n%3 + 1)).Person, Post: "post-1", Amount: 60000})
		scattered.Lines = append(scattered.Lines, events.PayLine{Line: fmt.Sprintf("%c-%d", 'a'+n*7%26, n*n), Person: somebody(byte(n%3 + 1)).Person, Post: "post-1", Amount: events.Fen(n)})
	}
	w.tell("i-1", "", numbered)
	w.tell("i-2", "", scattered)
	w.tell("s-1", "", &events.PaymentSettled{Run: "R", PaidOn: day("2022-06-14"), Lines: []events.SettledLine{{Line: "1"}, {Line: "2"}, {Line: "4"}}})
	w.tell("ret", "", &events.PaymentReturned{Run: "R", Lines: []events.ReturnedLine{{Line: "2", On: day("2022-06-16")}}})
	w.tell("rev", "", &events.PaymentReversed{Run: "R", Lines: []events.ReturnedLine{{Line: "4", On: day("2022-06-20")}}})
	w.tell("w", "", &events.EventWithdrawn{Of: events.PaymentSettledType, ID: "s-later"})
	return w.list
}

// packs are events of the boundary policy, of which one is withdrawn.
func packs() []*events.Event {
	var w teller
	for n := range 2 {
		p := policy.Pack{Policy: "370211", Version: fmt.Sprint("370211-", n), Jurisdiction: "370211", ValidFrom: day("2024-02-01")}
		w.tell(p.Version, "", &events.PolicyAdopted{Pack: p})
	}
	w.tell("w", "", &events.EventWithdrawn{Of: events.PolicyAdoptedType, ID: "370211-0"})
	return w.list
}

// courses are events of the boundary training, of which nothing but the
// idempotency index is kept.
func courses() []*events.Event {
	var w teller
	for n := range 3 {
		w.tell(fmt.Sprint("t-", n), "", &events.TrainingCompleted{Who: somebody(byte(n)), Course: "c", Hours: 8, On: day("2022-04-20")})
	}
	return w.list
}

// write appends events to the boundary of a log, in commits of up to three.
func write(t *testing.T, l log.Log, boundary string, list []*events.Event, imported time.Time) {
	t.Helper()
	var revision log.Revision
	for n := 0; len(list) > 0; n++ {
		c := log.Commit{ID: fmt.Sprint(boundary, "-", n), Boundary: boundary, Imported: imported}
		for _, e := range list[:min(3, len(list))] {
			raw, err := e.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			c.Events = append(c.Events, raw)
		}
		list = list[len(c.Events):]
		var err error
		if _, revision, err = l.Append(t.Context(), c, revision); err != nil {
			t.Fatal(err)
		}
	}
}

// normalized returns the file of a fold without what is random in it: bytes 8 to
// 16, and the CRC of each frame, which covers them.
func normalized(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	clear(b[8:16])
	for at := 16; at < len(b); {
		size := int(binary.LittleEndian.Uint32(b[at:]))
		clear(b[at+4 : at+8])
		at += 8 + size
	}
	return b
}

// TestFoldLayout holds the files of folds to what is frozen for format: the frames
// of package snapshot, the head, the idempotency index with its places, and the
// states of placement, payment, policy, and of a family that keeps none.
func TestFoldLayout(t *testing.T) {
	defer desk.ReplaceTypes(layoutTypes)()
	l, dir := memlog.New(), t.TempDir()
	var folds []*desk.Fold
	for _, f := range []struct {
		boundary string
		state    desk.State
		events   []*events.Event
		imported time.Time
	}{
		{"policy", rules.New(), packs(), time.Date(2022, 1, 1, 0, 0, 0, 7, time.UTC)},
		{"placement", placement.New(), placements(), time.Time{}},
		{"payment", payment.NewState(), payments(), time.Time{}},
		{"training", new(desk.Stateless), courses(), time.Time{}},
	} {
		write(t, l, f.boundary, f.events, f.imported)
		fold := desk.NewFold(l, f.boundary, f.state)
		desk.FixFactors(fold)
		folds = append(folds, fold)
	}
	for _, f := range folds {
		if err := f.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := desk.NewShelf(dir, l).Write(t.Context(), folds...); err != nil {
		t.Fatal(err)
	}
	for _, boundary := range []string{"policy", "placement", "payment", "training"} {
		b := normalized(t, filepath.Join(dir, boundary))
		if boundary == "placement" && !strings.Contains(string(b), "岗位-2") {
			t.Error("the fold of placement holds no post")
		}
		layouttest.Check(t, layouttest.Form{Name: "fold-" + boundary, Constant: "desk.format", Version: []int{desk.Format}},
			layouttest.Case{Name: "file", Bytes: b})
	}
}
