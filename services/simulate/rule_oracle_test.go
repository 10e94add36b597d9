package simulate

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/events/policy"
)

// A ruleOracle checks submissions in order of delivery against the rules that refuse.
// At each moment it knows only what was delivered before. It is written to be simple,
// and shares no code with the package that it checks.
type ruleOracle struct {
	pack    *policy.Pack
	posts   map[string]*events.PostDeveloped
	resized map[string]*events.PostResized
	people  map[string][]*placementPeriod // by identity number
	seats   map[string][]*placementPeriod // by post and seat
	funds   map[string]events.Fen
	lines   map[string]*due // by run and line
	parts   map[string][]string
	seen    map[string][]byte
	voided  map[string]bool // keys of events that were corrected or withdrawn
}

type placementPeriod struct {
	post, seat, person string
	from, until, exit  civil.Date
	area, group        string
}

type due struct {
	fund           string
	amount         events.Fen
	settled, taken bool
	rejected       bool
	paid           events.Fen
}

func (s *placementPeriod) marked(d civil.Date) bool {
	return s.from <= d && (s.exit == 0 || d < s.exit)
}

func newRuleOracle(pack *policy.Pack) *ruleOracle {
	return &ruleOracle{
		pack: pack, posts: map[string]*events.PostDeveloped{}, resized: map[string]*events.PostResized{}, people: map[string][]*placementPeriod{},
		seats: map[string][]*placementPeriod{}, funds: map[string]events.Fen{}, lines: map[string]*due{}, parts: map[string][]string{}, seen: map[string][]byte{}, voided: map[string]bool{},
	}
}

func (l *ruleOracle) stays(id, post string) []*placementPeriod {
	var list []*placementPeriod
	for _, s := range l.people[id] {
		if s.post == post {
			list = append(list, s)
		}
	}
	return list
}

// submit returns what is wrong with a submission, given those before it.
func (l *ruleOracle) submit(e *events.Event, raw []byte) error {
	key := fmt.Sprint(e.Key())
	if before, ok := l.seen[key]; ok {
		if !bytes.Equal(before, raw) {
			return errors.New("id used again for other content")
		}
		if l.voided[key] {
			return errors.New("submitted again after it was corrected or withdrawn")
		}
		return nil
	}
	l.seen[key] = raw
	if e.Replaces != "" {
		old, _ := e.Supersedes()
		if _, ok := l.seen[fmt.Sprint(old)]; !ok || l.voided[fmt.Sprint(old)] {
			return errors.New("replaces an event that is not there, or was corrected before")
		}
	}
	if old, ok := e.Supersedes(); ok {
		l.voided[fmt.Sprint(old)] = true
	}
	if _, first := e.Data.(*events.PolicyAdopted); first != (len(l.seen) == 1) {
		return errors.New("the policy pack is not the first submission")
	}
	switch d := e.Data.(type) {
	case *events.PostDeveloped:
		if l.posts[d.Post] != nil {
			return errors.New("post exists")
		}
		l.posts[d.Post] = d
	case *events.PostResized:
		if l.posts[d.Post] == nil || d.Seats <= l.posts[d.Post].Seats {
			return errors.New("unknown post, or fewer seats")
		}
		l.resized[d.Post] = d
	case *events.HirePlaced:
		return l.hire(e, d)
	case *events.HireRenewed:
		for _, s := range l.stays(d.Identity.IDNumber, d.Post) {
			if s.marked(d.Until-1) && d.Until > s.until && d.Until <= s.from.AddMonths(l.pack.Term.Months) {
				s.until = d.Until
				return nil
			}
		}
		return errors.New("nothing to renew")
	case *events.ExitRecorded:
		return l.exit(e, d)
	case *events.TrainingCompleted:
		if l.people[d.Identity.IDNumber] == nil {
			return errors.New("unknown person")
		}
	case *events.AttendanceReported:
		return l.attend(d)
	case *events.AccountAssigned:
		if l.people[d.Identity.IDNumber] == nil {
			return errors.New("unknown person")
		}
	case *events.RegistryReported:
		for _, line := range d.Lines {
			if l.people[line.IDNumber] == nil {
				return errors.New("unknown person")
			}
		}
	case *events.FundAllocated:
		l.funds[d.Fund] += d.Amount
	case *events.PaymentInstructed:
		return l.instruct(e, d)
	case *events.PaymentSettled:
		for _, line := range d.Lines {
			at := l.lines[d.Run+"/"+line.Line]
			if at == nil || at.rejected || at.paid == at.amount {
				return fmt.Errorf("line %s was not instructed, or is settled or rejected", line.Line)
			}
			at.settled = true
			if line.Amount == 0 {
				line.Amount = at.amount - at.paid
			}
			if at.paid += line.Amount; at.paid > at.amount {
				return fmt.Errorf("line %s is settled beyond what was ordered", line.Line)
			}
		}
	case *events.PaymentRejected:
		for _, line := range d.Lines {
			at := l.lines[d.Run+"/"+line.Line]
			if at == nil || at.settled || at.rejected {
				return fmt.Errorf("line %s was not instructed, or is settled or rejected", line.Line)
			}
			at.rejected = true
			l.funds[at.fund] += at.amount
		}
	case *events.FundSurrendered:
		if l.funds[d.Fund] -= d.Amount; l.funds[d.Fund] < 0 {
			return errors.New("fund exceeded")
		}
	case *events.PaymentReturned:
		return l.takeBack(d.Run, d.Lines)
	case *events.PaymentReversed:
		return l.takeBack(d.Run, d.Lines)
	}
	return nil
}

func (l *ruleOracle) hire(e *events.Event, d *events.HirePlaced) error {
	p := l.posts[d.Post]
	if p == nil {
		return errors.New("unknown post")
	}
	if grown := l.resized[d.Post]; d.From < p.From || d.Seat < 1 || d.Seat > p.Seats && (grown == nil || d.Seat > grown.Seats || d.From < grown.From) {
		return errors.New("no such seat on that day")
	}
	n, err := idnumber.Parse(d.Identity.IDNumber)
	if err != nil || d.Identity.IDNumber[:6] != string(e.Division[:6]) {
		return fmt.Errorf("identity number: %w", err)
	}
	g, ok := l.pack.Group(p.Area, d.Group)
	span := g.Male
	if n.Female {
		span = g.Female
	}
	switch {
	case !ok || !span.Holds(n.Birth.Years(d.From)):
		return errors.New("age or group")
	case d.Until <= d.From || d.Until > d.From.AddMonths(l.pack.Term.Months) || d.Agreement.Until != d.Until:
		return errors.New("term")
	case d.Review == nil || d.Review.On > d.From:
		return errors.New("review")
	case d.Publicity.Until-d.Publicity.From < civil.Date(l.pack.Publicity.Days) || d.Publicity.Until >= d.From:
		return errors.New("publicity")
	case d.Agreement.Signed > d.From || d.Agreement.Number == "":
		return errors.New("agreement")
	}
	s := &placementPeriod{post: d.Post, seat: fmt.Sprint(d.Post, "#", d.Seat), person: d.Identity.IDNumber, from: d.From, until: d.Until, area: p.Area, group: d.Group}
	taken := l.clash(s)
	l.seats[s.seat] = append(l.seats[s.seat], s)
	l.people[s.person] = append(l.people[s.person], s)
	if taken != (e.Submode == events.ModeRecord) {
		return fmt.Errorf("seat or person taken: %v, and the mode is %q", taken, e.Submode)
	}
	return nil
}

// clash reports whether another person is on the seat, or the person is elsewhere, on a
// day of s.
func (l *ruleOracle) clash(s *placementPeriod) bool {
	return slices.ContainsFunc(slices.Concat(l.seats[s.seat], l.people[s.person]), func(o *placementPeriod) bool {
		return o != s && (o.exit == 0 || o.exit > s.from) && (s.exit == 0 || s.exit > o.from)
	})
}

func (l *ruleOracle) exit(e *events.Event, d *events.ExitRecorded) error {
	rule, ok := l.pack.ExitCode(d.Code)
	if !ok || rule.Kind != d.Kind {
		return errors.New("exit code")
	}
	stays := l.stays(d.Identity.IDNumber, d.Post)
	if len(stays) != 1 || stays[0].exit != 0 || d.On < stays[0].from {
		return errors.New("not in place")
	}
	s := stays[0]
	if n, _ := idnumber.Parse(d.Identity.IDNumber); !l.span(s, n.Female).Holds(n.Birth.Years(d.On - 1)) {
		return errors.New("left after the age of the group")
	}
	s.exit = d.On
	if taken := l.clash(s); taken != (e.Submode == events.ModeRecord) && d.Estimated == "" {
		return fmt.Errorf("seat or person taken: %v, and the mode is %q", taken, e.Submode)
	}
	return nil
}

func (l *ruleOracle) span(s *placementPeriod, female bool) policy.AgeSpan {
	g, _ := l.pack.Group(s.area, s.group)
	if female {
		return g.Female
	}
	return g.Male
}

func (l *ruleOracle) attend(d *events.AttendanceReported) error {
	if l.posts[d.Post] == nil {
		return errors.New("unknown post")
	}
	twice := map[string]bool{}
	for _, line := range d.Lines {
		if twice[line.IDNumber] {
			return errors.New("a person twice on a sheet")
		}
		twice[line.IDNumber] = true
		first, marks := d.Date, line.Mark
		if d.Date == 0 {
			first, marks = d.Month.First(), line.Marks
		}
		if d.Date == 0 && len(marks) != d.Month.Days() || d.Date != 0 && (len(marks) != 1 || d.Capacity != "inspection") {
			return errors.New("marks for other than the days of the month, or of a day that was not inspected")
		}
		for i := range marks {
			on := first + civil.Date(i)
			if marks[i] != '.' && marks[i] != '-' && !slices.ContainsFunc(l.stays(line.IDNumber, d.Post), func(s *placementPeriod) bool { return s.marked(on) }) {
				return fmt.Errorf("marked on %s, not in place", on)
			}
		}
	}
	return nil
}

func (l *ruleOracle) instruct(e *events.Event, d *events.PaymentInstructed) error {
	if _, ok := l.funds[d.Fund]; !ok {
		return errors.New("unknown fund")
	}
	for _, key := range l.parts[e.Source+e.Replaces] {
		if l.lines[key].settled {
			return errors.New("replaces what is settled")
		}
		l.funds[d.Fund] += l.lines[key].amount
		delete(l.lines, key)
	}
	for _, line := range d.Lines {
		key := d.Run + "/" + line.Line
		if l.lines[key] != nil {
			return errors.New("line repeated")
		}
		month := max(line.Month, 0)
		if month == 0 {
			month = d.Month
		}
		if !slices.ContainsFunc(l.stays(line.IDNumber, line.Post), func(s *placementPeriod) bool {
			return s.from < (month+1).First() && (s.exit == 0 || s.exit > month.First())
		}) {
			return errors.New("paid for a month not in place")
		}
		l.lines[key] = &due{fund: d.Fund, amount: line.Amount}
		l.parts[e.Source+e.ID] = append(l.parts[e.Source+e.ID], key)
		if l.funds[d.Fund] -= line.Amount; l.funds[d.Fund] < 0 {
			return errors.New("fund exceeded")
		}
	}
	return nil
}

func (l *ruleOracle) takeBack(run string, lines []events.ReturnedLine) error {
	for _, line := range lines {
		at := l.lines[run+"/"+line.Line]
		if at == nil || !at.settled || at.taken {
			return errors.New("returned what was not settled")
		}
		at.taken = true
		l.funds[at.fund] += at.amount
	}
	return nil
}

// Goal: in order of delivery, no valid submission breaks a rule that refuses, except for
// those in the mode record, each of which does. Every valid submission keeps the
// contract.
func TestReplay(t *testing.T) {
	for seed, scale := range []float64{.001, .003, .006, .002} {
		cfg := province(t, scale, uint64(seed))
		if seed == 3 {
			cfg = oneCounty(t, scale) // runs of several parts
		}
		l := newRuleOracle(cfg.Policy)
		before := Submission{}
		for s := range submissions(t, cfg) {
			if s.Delivered.Before(before.Delivered) {
				t.Fatalf("%s is delivered before %s", s.Delivered, before.Delivered)
			}
			if local := s.Delivered.In(zone); local.Hour() != 12 && local.Hour() != 18 || local.Minute() != 0 {
				t.Fatalf("delivered at %s", local)
			}
			if s.Delivered.Equal(before.Delivered) && s.Event != nil && before.Event != nil && rank(s.Event) < rank(before.Event) {
				t.Fatalf("%s comes after %s within an instant", s.Event.Type, before.Event.Type)
			}
			if before = s; s.Invalid {
				continue
			}
			raw, err := s.Event.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(raw) > 150_000 {
				t.Errorf("%s has %d bytes", s.Event.ID, len(raw))
			}
			if e, err := events.Submission(raw); err != nil {
				t.Errorf("contract: %s: %v", e.ID, err)
			}
			if s.Event.Division == "" || !cfg.Divisions.Has(s.Event.Division) {
				t.Errorf("%s: division %q", s.Event.ID, s.Event.Division)
			}
			if err := l.submit(s.Event, raw); err != nil {
				t.Errorf("scale %v, delivered %s: %s: %v", scale, s.Delivered, s.Event.ID, err)
			}
			if t.Failed() {
				return
			}
		}
		for id, stays := range l.people {
			n, _ := idnumber.Parse(id)
			for _, s := range stays {
				if last := max(s.exit, civil.On(2023, 1, 1)*civil.Date(boolIndex(s.exit == 0))); !l.span(s, n.Female).Holds(n.Birth.Years(last - 1)) {
					t.Errorf("in place from %s beyond the age of the group", s.from)
				}
			}
		}
	}
}

// rank returns the order of submissions within an instant.
func rank(e *events.Event) int {
	return slices.IndexFunc([][]events.Type{
		{events.PolicyAdoptedType, events.DivisionsAdoptedType},
		{events.PlanSetType, events.FundAllocatedType, events.PostDevelopedType, events.PostResizedType, events.PostChangedType},
		{events.ExitRecordedType},
		{events.HirePlacedType, events.HireRenewedType, events.HireSuspendedType, events.HireResumedType, events.HireChangedType, events.PersonIdentifiedType},
		{events.TrainingCompletedType},
		{events.AttendanceReportedType},
		{events.AccountAssignedType},
		{events.PaymentInstructedType},
		{events.PaymentSettledType, events.PaymentRejectedType},
		{events.PaymentReturnedType, events.PaymentReversedType, events.FundSurrenderedType},
		{events.RegistryReportedType, events.EventWithdrawnType},
	}, func(types []events.Type) bool { return slices.Contains(types, e.Type) })
}

// Goal: each invalid submission is refused by the contract with the code of its mistake,
// or names a post or a division that does not exist.
func TestInvalid(t *testing.T) {
	codes := map[events.Code]int{}
	cfg := province(t, .01, 7)
	posts := map[string]bool{}
	for s := range submissions(t, cfg) {
		if !s.Invalid {
			if d, ok := s.Event.Data.(*events.PostDeveloped); ok {
				posts[d.Post] = true
			}
			continue
		}
		raw := s.Raw
		if raw == nil {
			var err error
			if raw, err = s.Event.Append(nil); err != nil {
				t.Fatal(err)
			}
		}
		e, err := events.Submission(raw)
		var reasons events.Reasons
		switch {
		case errors.As(err, &reasons) && len(reasons) == 1:
			codes[reasons[0].Code]++
		case err != nil:
			t.Errorf("%s: %v, want one reason", e.ID, err)
		default:
			switch d := e.Data.(type) {
			case *events.AttendanceReported:
				if posts[d.Post] {
					t.Errorf("%s: post %s exists", e.ID, d.Post)
				}
				codes["unknown_post"]++
			case *events.PostDeveloped:
				if cfg.Divisions.Has(d.Division) {
					t.Errorf("%s: division %s exists", e.ID, d.Division)
				}
				codes["unknown_division"]++
			default:
				t.Errorf("%s is not invalid", e.ID)
			}
		}
	}
	for _, c := range []events.Code{events.InvalidIDNumber, events.InvalidDate, events.NegativeAmount, "unknown_post", "unknown_division"} {
		if codes[c] == 0 {
			t.Errorf("no submission is refused by %s", c)
		}
	}
	if len(codes) != 5 {
		t.Errorf("codes: %v", codes)
	}
}
