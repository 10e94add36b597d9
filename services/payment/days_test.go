package payment

import (
	"fmt"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/services/internal/command"
	"github.com/muster-works/muster/services/internal/rules"
	"pgregory.net/rapid"
)

// A moneyGenerator makes events with days and amounts, about few funds and lines, in decide and
// in record mode.
type moneyGenerator struct {
	t    *rapid.T
	n    int
	told []*events.Event
}

func (g *moneyGenerator) pick(n int) int { return rapid.IntRange(0, n-1).Draw(g.t, "pick") }

func (g *moneyGenerator) day() civil.Date { return civil.MustDate("2022-05-01") + civil.Date(g.pick(8)) }

// amount returns an amount; 0 is one that is left out.
func (g *moneyGenerator) amount() events.Fen { return events.Fen(10 * g.pick(7)) }

func (g *moneyGenerator) next() *events.Event {
	g.n++
	id, line := fmt.Sprint("e", g.n), fmt.Sprint(g.pick(4))
	if len(g.told) > 0 && g.pick(6) == 0 {
		old := g.told[g.pick(len(g.told))]
		return withdraw(id, old.Type, old.ID)
	}
	var e *events.Event
	switch g.pick(8) {
	case 0, 1:
		d := &events.FundAllocated{Fund: "f", Division: "370211000000", Year: 2022, Amount: g.amount() + 40, On: g.day()}
		if g.pick(3) == 0 {
			d.UsableUntil = d.On + 1 + civil.Date(g.pick(6))
		}
		e = event(id, d)
	case 2, 3:
		e = instruct(id, "r", "f", line)
		d := e.Data.(*events.PaymentInstructed)
		d.On, d.Lines[0].Amount = g.day(), g.amount()+10
	case 4, 5:
		e = settle(id, "r", line)
		e.Data.(*events.PaymentSettled).Lines[0].Amount = g.amount()
	case 6:
		e = reverse(id, "r", line)
		_, lines := e.Data.(events.Restitution).Restitution()
		lines[0].On, lines[0].Amount = g.day(), g.amount()
	case 7:
		if g.pick(3) == 0 {
			e = handBack(id, "f", g.day().String(), g.amount())
			break
		}
		e = reject(id, "r", line)
		e.Data.(*events.PaymentRejected).On = g.day()
	}
	if len(g.told) > 0 && g.pick(8) == 0 {
		if old := g.told[g.pick(len(g.told))]; old.Type == e.Type {
			e.Replaces = old.ID
		}
	}
	return e
}

// run decides events and applies those that are accepted. It returns their records.
func (g *moneyGenerator) run(s *State, mode events.Mode, check func()) (records []*events.Event) {
	service := New(s, village(), rules.New())
	superseded := map[string]bool{}
	for range rapid.IntRange(1, 30).Draw(g.t, "events") {
		e := g.next()
		e.Submode = mode
		k, corrects := e.Supersedes()
		if corrects && superseded[k.ID] {
			continue // the handler refuses it
		}
		record, reasons := service.Decide(e)
		if reasons != nil {
			continue
		}
		superseded[k.ID] = corrects
		command.Apply(s, record)
		if e.Type != events.EventWithdrawnType {
			g.told = append(g.told, e)
		}
		records = append(records, record)
		check()
	}
	return records
}

// lineSum is what an account must hold to: told by the records alone.
type lineSum struct{ ordered, settled, rejected, back int64 }

// Goal: whatever was accepted, no fund is below zero on any day, no line is settled beyond what
// was ordered, and no more comes back than was settled. Method: after each event the sums of the
// state are walked day by day.
func TestNoDayBelowZero(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := NewState()
		g := &moneyGenerator{t: t}
		g.run(s, events.ModeDecide, func() {
			for name, f := range s.funds {
				left := int64(0)
				for _, d := range f.days {
					if left += d.allocated - d.committed; left < 0 {
						t.Fatalf("fund %s is at %d on %s", name, left, d.on)
					}
				}
				if left != f.left() {
					t.Fatalf("fund %s: %d by its days, %d by its sums", name, left, f.left())
				}
				if until, is := expired(f.days, f.usable, f.surrendered); is {
					t.Fatalf("fund %s: orders after %s take money that was usable until then", name, until)
				}
			}
			for _, r := range s.runs {
				for n := range r.lines {
					a := r.account(uint32(n))
					got := lineSum{a.ordered(), a.settled(), a.rejected(), a.returned()}
					if got.settled > got.ordered-got.rejected && len(a.orders) > 0 || got.back > got.settled {
						t.Fatalf("line %d: %+v", n, got)
					}
				}
			}
		})
	})
}

// Goal: the order of delivery does not matter at the head. Method: events are accepted in record
// mode in one order, and their records are applied in any order; the sums of funds by day and of
// lines must be equal. A line id is ordered once, since of two orders the first is settled first.
func TestDeliveryDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := NewState()
		g := &moneyGenerator{t: t}
		ordered := map[string]bool{}
		var records []*events.Event
		for _, e := range g.run(s, events.ModeRecord, func() {}) {
			if d, ok := e.Data.(*events.PaymentInstructed); ok {
				if ordered[d.Lines[0].Line] {
					continue
				}
				ordered[d.Lines[0].Line] = true
			}
			records = append(records, e)
		}
		one, other := NewState(), NewState()
		for _, e := range records {
			command.Apply(one, e)
		}
		for _, e := range rapid.Permutation(records).Draw(t, "order") {
			command.Apply(other, e)
		}
		if a, b := sums(one), sums(other); a != b {
			t.Fatalf("in one order\n%sin another\n%s", a, b)
		}
	})
}

// sums returns the sums of funds by day and of lines as a text.
func sums(s *State) (text string) {
	for _, name := range sorted(s.funds) {
		f := s.funds[name]
		if len(f.days) == 0 {
			continue // named by events that do not stand
		}
		text += fmt.Sprintf("%s %s %d %v %v\n", name, f.division, f.left(), f.days, f.usable)
	}
	for i := range 4 {
		for key, r := range s.runs {
			if n, ok := r.names.head(fmt.Sprint(i)); ok {
				if a := r.account(n); len(a.orders) > 0 {
					text += fmt.Sprintf("%v %d: %+v\n", key, i, lineSum{a.ordered(), a.settled(), a.rejected(), a.returned()})
				}
			}
		}
	}
	return text
}

// Goal: what is said of days and parts is undone without a trace, and is the same after a save
// and a load. Method: as in TestUndo and TestSaved, with the events of this file.
func TestDaysUndoneAndSaved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := &moneyGenerator{t: t}
		s := NewState()
		apply := func() {
			for range rapid.IntRange(0, 20).Draw(t, "events") {
				e := g.next()
				command.Apply(s, e)
				if e.Type != events.EventWithdrawnType {
					g.told = append(g.told, e)
				}
			}
		}
		apply()
		before := dump(s)
		s.Begin()
		apply()
		s.Rollback()
		if after := dump(s); after != before {
			t.Fatalf("undone:\n%swas:\n%s", after, before)
		}
		r, err := restored(saved(s.Save), s.Len())
		if err != nil {
			t.Fatal(err)
		}
		if got := dump(r); got != before {
			t.Fatalf("restored:\n%swant:\n%s", got, before)
		}
	})
}
