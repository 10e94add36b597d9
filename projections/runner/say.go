package runner

import (
	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// A fact tells what to add to the timelines that an event is about: what it
// says, or that it is voided.
type fact struct {
	voided bool
	by     timeline.Ref
}

// say adds to every timeline that the event at ref is about, as known since
// at, what it says, or that it is voided.
func (f *fold) say(e *events.Event, ref, at timeline.Ref, what fact) {
	s := sayer{fold: f, e: e, ref: ref, at: at, fact: what}
	switch d := e.Data.(type) {
	case *events.PlanSet:
		s.plan(d)
	case *events.PostDeveloped:
		s.post(d.Post, func(b []byte) []byte { return timeline.AppendDeveloped(b, ref, e.Division, d) })
	case *events.PostResized:
		s.post(d.Post, func(b []byte) []byte { return timeline.AppendResized(b, ref, d) })
	case *events.PostClosed:
		s.post(d.Post, func(b []byte) []byte { return timeline.AppendClosed(b, ref, d) })
	case *events.HirePlaced:
		person, post := f.person(e, d.Person), f.post(d.Post)
		s.post(d.Post, func(b []byte) []byte { return timeline.AppendHired(b, ref, person, d) })
		s.person(person, func(b []byte) []byte { return timeline.PackHired(b, post, d) })
	case *events.HireRenewed:
		person, post := f.person(e, d.Person), f.post(d.Post)
		s.post(d.Post, func(b []byte) []byte { return timeline.AppendRenewed(b, ref, person, d) })
		s.person(person, func(b []byte) []byte { return timeline.PackRenewed(b, post, d) })
	case *events.ExitRecorded:
		person, post := f.person(e, d.Person), f.post(d.Post)
		s.post(d.Post, func(b []byte) []byte { return timeline.AppendExited(b, ref, person, d) })
		s.person(person, func(b []byte) []byte { return timeline.PackExited(b, post, d) })
	case *events.TrainingCompleted:
		s.person(f.person(e, d.Person), func(b []byte) []byte { return timeline.PackTrained(b, d) })
	case *events.AccountAssigned:
		s.person(f.person(e, d.Person), func(b []byte) []byte { return timeline.PackAccount(b, d) })
	case *events.AttendanceReported:
		s.attendance(d)
	case *events.PaymentInstructed:
		run := f.run(d.Run)
		for i := range d.Lines {
			l := &d.Lines[i]
			post := f.post(l.Post)
			s.person(f.person(e, l.Person), func(b []byte) []byte { return timeline.PackInstructed(b, run, post, d.Month, l) })
		}
	case *events.PaymentSettled:
		run := f.run(d.Run)
		for i := range d.Lines {
			l := &d.Lines[i]
			s.person(f.person(e, l.Person), func(b []byte) []byte { return timeline.PackSettled(b, run, d.PaidOn, l) })
		}
	case *events.PaymentReturned:
		s.back(d.Run, d.Lines, timeline.PackReturned)
	case *events.PaymentReversed:
		s.back(d.Run, d.Lines, timeline.PackReversed)
	case *events.RegistryReported:
		for i := range d.Lines {
			l := &d.Lines[i]
			s.person(f.person(e, l.Person), func(b []byte) []byte { return timeline.PackRegistry(b, d.Registry, l) })
		}
	case *events.PersonErased:
		s.person(f.person(e, d.Person), timeline.PackMentioned)
	case *events.PersonRevealed:
		s.person(f.person(e, d.Person), timeline.PackMentioned)
	}
}

// A sayer adds what one event says.
type sayer struct {
	*fold
	e       *events.Event
	ref, at timeline.Ref
	fact
}

func (s *sayer) attendance(d *events.AttendanceReported) {
	post := s.fold.post(d.Post)
	s.mention(post)
	calendar := timeline.CalendarOf(d.Month)
	for i := range d.Lines {
		l := &d.Lines[i]
		s.person(s.fold.person(s.e, l.Person), func(b []byte) []byte {
			if d.Date != 0 {
				return timeline.PackMark(b, post, d.Date, l.Mark)
			}
			return timeline.PackMarks(b, post, calendar, l.Marks)
		})
	}
}

type packBack func(b []byte, run timeline.Number, l *events.ReturnedLine) []byte

func (s *sayer) back(run string, lines []events.ReturnedLine, pack packBack) {
	no := s.run(run)
	for i := range lines {
		s.person(s.fold.person(s.e, lines[i].Person), func(b []byte) []byte { return pack(b, no, &lines[i]) })
	}
}

func (s *sayer) plan(d *events.PlanSet) {
	key := timeline.PlanKeyOf(s.e.Division, d)
	no, ok := s.planNumbers[key]
	if !ok {
		no = len(s.plans)
		s.planNumbers[key] = no
		s.plans = append(s.plans, planLine{key: key})
	}
	p := &s.plans[no]
	if p.touched != s.ord {
		p.touched = s.ord
		s.planned = append(s.planned, touch{no, len(p.facts)})
	}
	if s.voided {
		p.facts = timeline.AppendVoid(p.facts, s.at, s.ref, s.by)
	} else {
		p.facts = timeline.AppendPlanned(p.facts, s.ref, d)
	}
}

func (s *sayer) post(name string, pack func([]byte) []byte) {
	no := int(s.fold.post(name))
	p := &s.posts[no]
	if p.touched != s.ord {
		p.touched = s.ord
		s.touched = append(s.touched, touch{no, len(p.facts)})
	}
	if s.voided {
		p.facts = timeline.AppendVoid(p.facts, s.at, s.ref, s.by)
	} else {
		p.facts = pack(p.facts)
	}
}

// mention adds a sheet to the trail of its post. It changes no contribution, so
// no difference is taken.
func (s *sayer) mention(no timeline.Number) {
	p := &s.posts[no]
	if s.voided {
		p.facts = timeline.AppendVoid(p.facts, s.at, s.ref, s.by)
	} else {
		p.facts = timeline.AppendMentioned(p.facts, s.ref)
	}
	s.changed.posts[int(no)] = true
}

func (s *sayer) person(no timeline.Number, pack func([]byte) []byte) {
	if s.voided {
		s.scratch = timeline.PackVoid(s.scratch[:0], s.ref, s.by)
	} else {
		s.scratch = pack(s.scratch[:0])
	}
	folio, slot := no.Folio()
	s.leaves.add(int64(folio), func(l *timeline.Leaf) { l.Add(slot, s.at, s.scratch) })
}

// post returns the number of a post and gives it one where it has none.
func (f *fold) post(name string) timeline.Number {
	no, ok := f.postNumbers[name]
	if !ok {
		no = timeline.Number(len(f.posts))
		f.postNumbers[name] = no
		f.posts = append(f.posts, post{name: name, facts: []byte{}})
		f.changed.posts[int(no)] = true
	}
	return no
}

func (f *fold) run(name string) timeline.Number {
	no, ok := f.runs[name]
	if !ok {
		no = timeline.Number(len(f.runs) + 1)
		f.runs[name] = no
		f.batch.Runs = append(f.batch.Runs, readmodel.NameRow{No: int64(no), Name: name})
	}
	return no
}

// person returns the number of a person. A new one goes into the folio that is
// being filled for the county of the event.
func (f *fold) person(e *events.Event, id uuid.UUID) timeline.Number {
	if no, ok := f.persons[id]; ok {
		return no
	}
	name := ""
	if e.Division.Valid() {
		name = string(e.Division[:6])
	}
	c := f.counties[name]
	if c == nil || c.used == timeline.FolioSize {
		f.folios++
		c = &county{folio: f.folios}
		f.counties[name] = c
		f.batch.Folios = append(f.batch.Folios, readmodel.NameRow{No: c.folio, Name: name})
	}
	no := timeline.Number(c.folio*timeline.FolioSize + int64(c.used))
	c.used++
	f.persons[id] = no
	f.batch.Persons = append(f.batch.Persons, readmodel.PersonRow{No: no, ID: id})
	return no
}
