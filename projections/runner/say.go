package runner

import (
	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// say adds what an event says to every timeline that it is about.
func (f *fold) say(e *events.Event, ref timeline.Ref) {
	s := sayer{f, e, ref}
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
	e   *events.Event
	ref timeline.Ref
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
	p := s.touchPlan(no)
	p.facts = timeline.AppendPlanned(p.facts, s.ref, d)
	s.about = append(s.about, timeline.Subject{Kind: timeline.OfPlan, No: uint32(no)})
}

func (s *sayer) post(name string, pack func([]byte) []byte) {
	no := int(s.fold.post(name))
	p := s.touchPost(no)
	p.facts = pack(p.facts)
	s.about = append(s.about, timeline.Subject{Kind: timeline.OfPost, No: uint32(no)})
}

// mention adds a sheet to the trail of its post. It changes no contribution, so
// no difference is taken.
func (s *sayer) mention(no timeline.Number) {
	p := &s.posts[no]
	p.facts = timeline.AppendMentioned(p.facts, s.ref)
	s.changed.posts[int(no)] = true
	s.about = append(s.about, timeline.Subject{Kind: timeline.OfPost, No: uint32(no)})
}

func (s *sayer) person(no timeline.Number, pack func([]byte) []byte) {
	s.scratch = pack(s.scratch[:0])
	folio, slot := no.Folio()
	s.leaves.add(int64(folio), func(l *timeline.Leaf) { l.Add(slot, s.ref, s.scratch) })
	s.about = append(s.about, timeline.Subject{Kind: timeline.OfPerson, No: uint32(no)})
}

// leaveOut adds to the timelines that the event target is about that it is
// voided by another one, as known since the event at: the later of the two.
func (f *fold) leaveOut(about []timeline.Subject, at, target, by timeline.Ref) {
	for _, s := range about {
		switch s.Kind {
		case timeline.OfPost:
			p := f.touchPost(int(s.No))
			p.facts = timeline.AppendVoid(p.facts, at, target, by)
		case timeline.OfPlan:
			p := f.touchPlan(int(s.No))
			p.facts = timeline.AppendVoid(p.facts, at, target, by)
		case timeline.OfPerson:
			f.scratch = timeline.PackVoid(f.scratch[:0], target, by)
			folio, slot := timeline.Number(s.No).Folio()
			f.leaves.add(int64(folio), func(l *timeline.Leaf) { l.Add(slot, at, f.scratch) })
		}
	}
}

// touchPost returns a post whose contributions the commit may change.
func (f *fold) touchPost(no int) *post {
	p := &f.posts[no]
	if p.touched != f.ord {
		p.touched = f.ord
		f.touched = append(f.touched, touch{no, len(p.facts)})
	}
	return p
}

func (f *fold) touchPlan(no int) *planLine {
	p := &f.plans[no]
	if p.touched != f.ord {
		p.touched = f.ord
		f.planned = append(f.planned, touch{no, len(p.facts)})
	}
	return p
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
