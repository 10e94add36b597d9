package timeline

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// A Person is what is known of one person. Read one with ReadPerson.
type Person struct {
	spells
	trained    []fact[Training]
	sheets     []fact[Sheet]
	instructed []fact[Pay]
	settled    []fact[settlement]
	returned   []fact[settlement]
	reversed   []fact[settlement]
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

// A settlement is what became of a pay line on a day.
type settlement struct {
	run     Number
	line    string
	on      civil.Date
	account uint32
}

// read reads one fact; false says that it is damaged.
func (p *Person) read(packed []byte, ref Ref) bool {
	r := reader{b: packed}
	tag := Tag(r.byte())
	if tag == tagVoid {
		p.void(r.ref(), r.ref(), false)
		return !r.bad && !r.more()
	}
	p.mention(ref, false)
	switch tag {
	case TagHired, TagExited, TagRenewed:
		p.spells.read(&r, tag, ref, placing.Holder{Post: uint32(r.uint())}, false)
	case TagTrained:
		t := Training{r.date(), r.int(), r.byte() == 1, ref}
		p.trained = append(p.trained, fact[Training]{ref, t})
	case TagMarks:
		s := Sheet{Post: Number(r.uint()), Month: r.month(), Ref: ref}
		s.Marks = r.marks(CalendarOf(s.Month))
		p.sheets = append(p.sheets, fact[Sheet]{ref, s})
	case TagMark:
		s := Sheet{Post: Number(r.uint()), Marks: unreported, Ref: ref}
		on, letter := r.date(), r.letter(r.byte())
		s.Month = on.Month()
		s.Marks[on.Day()-1] = letter
		p.sheets = append(p.sheets, fact[Sheet]{ref, s})
	case TagInstructed:
		l := Pay{Run: Number(r.uint()), Post: Number(r.uint()), Line: r.line(), Month: r.month(),
			Kind: r.code(payKinds), Amount: events.Fen(r.uint()), Instructed: ref}
		p.instructed = append(p.instructed, fact[Pay]{ref, l})
	case TagSettled:
		s := settlement{Number(r.uint()), r.line(), r.date(), uint32(r.uint())}
		p.settled = append(p.settled, fact[settlement]{ref, s})
	case TagReturned:
		p.returned = append(p.returned, fact[settlement]{ref, settlement{run: Number(r.uint()), line: r.line(), on: r.date()}})
	case TagReversed:
		p.reversed = append(p.reversed, fact[settlement]{ref, settlement{run: Number(r.uint()), line: r.line(), on: r.date()}})
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

func (p *Person) leaveOut() {
	p.spells.leaveOut(p.voids)
	p.trained = standing(p.trained, p.voids)
	p.sheets = standing(p.sheets, p.voids)
	p.instructed = standing(p.instructed, p.voids)
	p.settled = standing(p.settled, p.voids)
	p.returned = standing(p.returned, p.voids)
	p.reversed = standing(p.reversed, p.voids)
	p.accounts = standing(p.accounts, p.voids)
	p.registry = standing(p.registry, p.voids)
}
