package command_test

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
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/placement"
	"github.com/muster-works/muster/services/internal/rules"
	"github.com/muster-works/muster/services/payment"
)

// layoutTypes is the catalogue that the layouts were frozen with. It never changes: a
// snapshot states the catalogue by which it numbers types, and is not read with another.
var layoutTypes = []events.Type{
	"plan.set", "post.developed", "post.resized", "post.closed", "hire.placed", "hire.renewed", "exit.recorded", "training.completed",
	"attendance.reported", "fund.allocated", "account.assigned", "payment.instructed", "payment.settled", "payment.returned",
	"payment.reversed", "registry.reported", "finding.reviewed", "policy.adopted", "event.withdrawn", "submissions.tallied",
	"person.erased", "person.revealed",
}

// An eventList collects events in the order in which they are added.
type eventList struct{ list []*events.Event }

// add adds an event. If replaces is not empty, it is the id of the event that the new one
// replaces.
func (w *eventList) add(id, replaces string, data events.Data) {
	w.list = append(w.list, &events.Event{ID: id, Source: "/agency/370211-rsj", Type: data.Type(), Division: "370211102231", Replaces: replaces,
		Digest: fmt.Sprintf("%016x", 0x1234567*uint64(len(w.list)+1)), Data: data})
}

func somebody(n byte) events.Who { return events.Who{Person: events.Person{n, 15: n}} }

var day = civil.MustDate

// placements returns events of the boundary placement: every type, one event that is
// superseded, and one that is superseded before it comes.
func placements() []*events.Event {
	var w eventList
	w.add("plan", "", &events.PlanSet{Year: 2022, Area: "rural", Posts: 42})
	w.add("p-1", "", &events.PostDeveloped{Post: "post-1", Category: "public_service", Division: "370211102231", Area: "rural", Seats: 2,
		From: day("2022-03-01"), Until: day("2025-03-01"), Standard: 60000, RequiredDays: 20, Fund: "F"})
	w.add("p-2", "", &events.PostDeveloped{Post: "岗位-2", Category: "social_governance", Area: "urban", Seats: 1, From: day("2022-04-01")})
	w.add("h-1", "", &events.HirePlaced{Who: somebody(1), Post: "post-1", Seat: 1, From: day("2022-04-01"), Until: day("2025-04-01"), BirthMonth: civil.MonthOf(1965, 1), Sex: "M"})
	w.add("h-2", "", &events.HirePlaced{Who: somebody(2), Post: "post-1", Seat: 2, From: day("2022-04-15"), BirthMonth: civil.MonthOf(1970, 12), Sex: "F"})
	w.add("h-2-again", "h-2", &events.HirePlaced{Who: somebody(2), Post: "岗位-2", Seat: 1, From: day("2022-04-16"), BirthMonth: civil.MonthOf(1970, 12), Sex: "F"})
	w.add("ahead", "", &events.EventWithdrawn{Of: events.ExitRecordedType, ID: "x-later"})
	w.add("r-1", "", &events.HireRenewed{Who: somebody(1), Post: "post-1", Until: day("2026-01-01")})
	w.add("x-1", "", &events.ExitRecorded{Who: somebody(1), Post: "post-1", On: day("2022-06-15"), Kind: "natural", Code: "N1"})
	w.add("p-1-r", "", &events.PostResized{Post: "post-1", Seats: 3, From: day("2022-08-01")})
	w.add("p-2-c", "", &events.PostClosed{Post: "岗位-2", On: day("2023-01-01")})
	return w.list
}

// payments returns events of the boundary payment: a run whose line ids are consecutive
// numbers, and one whose line ids are not.
func payments() []*events.Event {
	var w eventList
	w.add("f", "", &events.FundAllocated{Fund: "F", Division: "370211000000", Year: 2022, Amount: 1_000_000_00})
	w.add("f-2", "", &events.FundAllocated{Fund: "G", Year: 2022, Amount: 5})
	w.add("acc", "", &events.AccountAssigned{Who: somebody(1), Bank: "102", From: day("2022-05-01"), Account: "6af1"})
	numbered := &events.PaymentInstructed{Run: "R", Month: civil.MonthOf(2022, 5), Fund: "F"}
	scattered := &events.PaymentInstructed{Run: "S", Month: civil.MonthOf(2022, 5), Fund: "G"}
	for n := range 20 {
		numbered.Lines = append(numbered.Lines, events.PayLine{Line: fmt.Sprint(n + 1), Person: somebody(byte(n%3 + 1)).Person, Post: "post-1", Amount: 60000})
		scattered.Lines = append(scattered.Lines, events.PayLine{Line: fmt.Sprintf("%c-%d", 'a'+n*7%26, n*n), Person: somebody(byte(n%3 + 1)).Person, Post: "post-1", Amount: events.Fen(n)})
	}
	w.add("i-1", "", numbered)
	w.add("i-2", "", scattered)
	w.add("s-1", "", &events.PaymentSettled{Run: "R", PaidOn: day("2022-06-14"), Lines: []events.SettledLine{{Line: "1"}, {Line: "2"}, {Line: "4"}}})
	w.add("ret", "", &events.PaymentReturned{Run: "R", Lines: []events.ReturnedLine{{Line: "2", On: day("2022-06-16")}}})
	w.add("rev", "", &events.PaymentReversed{Run: "R", Lines: []events.ReturnedLine{{Line: "4", On: day("2022-06-20")}}})
	w.add("w", "", &events.EventWithdrawn{Of: events.PaymentSettledType, ID: "s-later"})
	return w.list
}

// packs returns events of the boundary policy, one of which is withdrawn.
func packs() []*events.Event {
	var w eventList
	for n := range 2 {
		p := policy.Pack{Policy: "370211", Version: fmt.Sprint("370211-", n), Jurisdiction: "370211", ValidFrom: day("2024-02-01")}
		w.add(p.Version, "", &events.PolicyAdopted{Pack: p})
	}
	w.add("w", "", &events.EventWithdrawn{Of: events.PolicyAdoptedType, ID: "370211-0"})
	return w.list
}

// courses are events of the boundary training, of which nothing but the
// idempotency index is kept.
func courses() []*events.Event {
	var w eventList
	for n := range 3 {
		w.add(fmt.Sprint("t-", n), "", &events.TrainingCompleted{Who: somebody(byte(n)), Course: "c", Hours: 8, On: day("2022-04-20")})
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

// normalized returns the file of a fold with zeros in place of what is random: bytes 8 to
// 15, and the CRC of each frame, which covers these bytes.
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

// TestFoldLayout compares the files of folds with those frozen for snapshotFormat: the
// frames of package snapshot, the head of the file, the idempotency index with its
// positions, and the states of placement, payment, policy, and of a family without state.
func TestFoldLayout(t *testing.T) {
	defer command.ReplaceTypes(layoutTypes)()
	l, dir := memlog.New(), t.TempDir()
	var folds []*command.Fold
	for _, f := range []struct {
		boundary string
		state    command.State
		events   []*events.Event
		imported time.Time
	}{
		{"policy", rules.New(), packs(), time.Date(2022, 1, 1, 0, 0, 0, 7, time.UTC)},
		{"placement", placement.New(), placements(), time.Time{}},
		{"payment", payment.NewState(), payments(), time.Time{}},
		{"training", new(command.Stateless), courses(), time.Time{}},
	} {
		write(t, l, f.boundary, f.events, f.imported)
		fold := command.NewFold(l, f.boundary, f.state)
		command.FixFactors(fold)
		folds = append(folds, fold)
	}
	for _, f := range folds {
		if err := f.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := command.NewSnapshotStore(dir, l).Write(t.Context(), folds...); err != nil {
		t.Fatal(err)
	}
	for _, boundary := range []string{"policy", "placement", "payment", "training"} {
		b := normalized(t, filepath.Join(dir, boundary))
		if boundary == "placement" && !strings.Contains(string(b), "岗位-2") {
			t.Error("the fold of placement holds no post")
		}
		layouttest.Check(t, layouttest.Form{Name: "fold-" + boundary, Constant: "command.snapshotFormat", Version: []int{command.Format}},
			layouttest.Case{Name: "file", Bytes: b})
	}
}
