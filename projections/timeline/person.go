package timeline

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// A Person is what is known of one person. Read one with ReadPerson.
type Person struct {
	placementFacts
	trained    []fact[Training]
	sheets     []fact[Sheet]
	instructed []fact[Pay]
	moved      []fact[lineMovement] // settlements, returns, reversals and rejections
	accounts   []fact[Account]
	registry   []fact[Registered]
	trail
}

// A Training is a course that the person completed.
type Training struct {
	On         civil.Date
	Hours      int
	PreService bool
	Ref        Ref
}

// A Sheet is what one sheet, monthly or daily, says of the person.
type Sheet struct {
	Post  Number
	Month civil.Month
	By    Authority
	Marks Marks
	Ref   Ref
}

// An Account is where the person is paid to from a day on.
type Account struct {
	Token string
	From  civil.Date
	Ref   Ref
}

// A Registered is a fact from another authority's books.
type Registered struct {
	Registry string
	From     civil.Date
	Until    civil.Date // first day no longer; 0 is open
	Ref      Ref
}

// read reads one fact; false says that it is damaged.
func (p *Person) read(packed []byte, ref Ref) bool {
	r := reader{b: packed}
	tag := Tag(r.byte())
	if tag == tagRetracted {
		p.retract(r.ref(), r.ref(), false)
		return !r.bad && !r.more()
	}
	p.mention(ref, false)
	switch tag {
	case TagHired, TagExited, TagRenewed, TagGroupChanged, TagSuspended, TagResumed:
		p.placementFacts.read(&r, tag, ref, placing.Holder{Post: uint32(r.uint())}, false)
	case TagIdentified:
		p.placementFacts.read(&r, tag, ref, placing.Holder{}, false)
	case TagTrained:
		t := Training{r.date(), r.int(), r.byte() == 1, ref}
		p.trained = append(p.trained, fact[Training]{ref, t})
	case TagMarks:
		s := Sheet{Post: Number(r.uint()), Month: r.month(), By: Authority(r.byte()), Ref: ref}
		s.Marks = r.marks(CalendarOf(s.Month))
		p.sheets = append(p.sheets, fact[Sheet]{ref, s})
	case TagMark:
		s := Sheet{Post: Number(r.uint()), Marks: unreported, Ref: ref}
		on := r.date()
		s.Month, s.By = on.Month(), Authority(r.byte())
		letter := r.letter(r.byte())
		s.Marks[on.Day()-1] = letter
		p.sheets = append(p.sheets, fact[Sheet]{ref, s})
	case TagInstructed:
		l := Pay{Run: Number(r.uint()), Post: Number(r.uint()), Line: r.line(), Month: r.month(),
			Kind: r.code(payKinds), Amount: events.Fen(r.uint()), On: r.date(), Instructed: ref}
		p.instructed = append(p.instructed, fact[Pay]{ref, l})
	case TagSettled, TagReturned, TagReversed, TagRejected:
		p.moved = append(p.moved, fact[lineMovement]{ref, r.movement(tag, ref)})
	case TagAccount:
		p.accounts = append(p.accounts, fact[Account]{ref, Account{r.text(), r.date(), ref}})
	case TagRegistry:
		p.registry = append(p.registry, fact[Registered]{ref, Registered{r.code(registries), r.date(), r.date(), ref}})
	case TagMentioned:
	default:
		return false
	}
	return !r.bad && !r.more()
}

func (p *Person) dropRetracted() {
	p.placementFacts.dropRetracted(p.retractions)
	p.trained = withoutRetracted(p.trained, p.retractions)
	p.sheets = withoutRetracted(p.sheets, p.retractions)
	p.instructed = withoutRetracted(p.instructed, p.retractions)
	p.moved = withoutRetracted(p.moved, p.retractions)
	p.accounts = withoutRetracted(p.accounts, p.retractions)
	p.registry = withoutRetracted(p.registry, p.retractions)
}

// Placements returns the placements by on-duty day and seat.
func (p *Person) Placements() []Placement { return p.placements(nil) }

// Attendance returns the marks by month, post and authority: of each day the strongest
// mark of all sheets of one authority. Ref is that of the first sheet.
func (p *Person) Attendance() []Sheet {
	all := make([]Sheet, 0, len(p.sheets))
	for _, f := range p.sheets {
		same := func(s Sheet) bool { return s.Post == f.what.Post && s.Month == f.what.Month && s.By == f.what.By }
		if i := slices.IndexFunc(all, same); i >= 0 {
			all[i].Marks.merge(f.what.Marks)
		} else {
			all = append(all, f.what)
		}
	}
	slices.SortFunc(all, func(a, b Sheet) int {
		return cmp.Or(cmp.Compare(a.Month, b.Month), cmp.Compare(a.Post, b.Post), cmp.Compare(a.By, b.By))
	})
	return all
}

// Sheets returns every sheet that stands, in log order.
func (p *Person) Sheets() []Sheet { return all(p.sheets) }

// Trainings returns the courses completed by day.
func (p *Person) Trainings() []Training {
	t := all(p.trained)
	slices.SortFunc(t, func(a, b Training) int { return cmp.Or(cmp.Compare(a.On, b.On), cmp.Compare(a.Ref, b.Ref)) })
	return t
}

// Accounts returns the accounts assigned by day.
func (p *Person) Accounts() []Account {
	a := all(p.accounts)
	slices.SortFunc(a, func(a, b Account) int {
		return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Token, b.Token), cmp.Compare(a.Ref, b.Ref))
	})
	return a
}

// Registry returns the facts from other authorities' books by registry and
// day.
func (p *Person) Registry() []Registered {
	r := all(p.registry)
	slices.SortFunc(r, func(a, b Registered) int {
		return cmp.Or(cmp.Compare(a.Registry, b.Registry), cmp.Compare(a.From, b.From), cmp.Compare(a.Until, b.Until), cmp.Compare(a.Ref, b.Ref))
	})
	return r
}

func all[T any](facts []fact[T]) []T {
	out := make([]T, len(facts))
	for i, f := range facts {
		out[i] = f.what
	}
	return out
}
