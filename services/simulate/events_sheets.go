package simulate

import (
	"strconv"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
)

func (t *eventGenerator) sheetReport(ref int, k eventKind) {
	s := t.w.drawSheet(sheetRef(ref), t.people)
	t.people = s.people
	post, m := &t.w.posts[s.ref.post()], &t.w.months[s.ref.month()]
	v := &t.w.villages[post.village]
	if k == sheetCorrected && s.inspected {
		t.inspection(&s, post, m, v)
		return
	}
	data := &events.AttendanceReported{Post: post.id, Month: m.month, Recorder: clerk(v), Lines: make([]events.AttendanceLine, len(s.people))}
	var buf [31]byte
	for i, n := range s.people {
		p := &t.w.placements[n]
		marks := t.w.marks(buf[:0], n, s.ref.month(), n == s.imperfect)
		if k == sheetReported && s.corrected != 0 && i == s.wrongLine {
			marks[s.wrongDay] = 'A'
		}
		l := &data.Lines[i]
		if l.IDNumber = t.w.id(p.person); string(marks) == m.full {
			l.Marks = m.full
		} else {
			l.Marks = string(marks)
		}
	}
	id, first, replaces := sheetID(m.month, post.id), s.at, ""
	switch k {
	case sheetCorrected:
		id, first, replaces = id+"-c", s.corrected, id
	case sheetAgain:
		id, first = id+"-r", s.resubmitted
	default: // the others need nothing here
	}
	e := t.event(id, t.w.counties[v.county].agency, t.w.placeOf(post), first, data)
	if e.Subject, e.Replaces = post.id, replaces; k == sheetCorrected && s.overseen {
		e.Source, e.ReplacesSource = overseer(v), e.Source
	}
	t.emit(e)
}

// overseer returns the source of the prefecture's bureau, which oversees those of its
// counties.
func overseer(v *village) string { return "/agency/" + string(v.code[:4]) + "-rsj" }

// inspection emits what an inspector found on the day that the sheet has wrong.
func (t *eventGenerator) inspection(s *attendanceSheet, post *post, m *calendarMonth, v *village) {
	c := &t.w.counties[v.county]
	e := t.event(sheetID(m.month, post.id)+"-i", c.agency, t.w.placeOf(post), s.corrected, &events.AttendanceReported{
		Post: post.id, Date: m.first + civil.Date(s.wrongDay), Recorder: "inspector-" + string(c.code[:6]), Capacity: policy.Inspection,
		Lines: []events.AttendanceLine{{IDNumber: t.w.id(t.w.placements[s.people[s.wrongLine]].person), Mark: "P"}},
	})
	e.Subject = post.id
	t.emit(e)
}

// sheetID returns the id of the event of an attendance sheet.
func sheetID(m civil.Month, post string) string { return "a-" + m.String() + "-" + post }

// clerk returns the name of the clerk who keeps the sheets of a village.
func clerk(v *village) string {
	return "clerk-" + string(v.code[6:]) + "-" + strconv.Itoa(int(v.county)%3+1)
}

func (t *eventGenerator) registryReport(i int) {
	b := t.w.batches[i]
	f := &t.w.facts[b.first]
	c := &t.w.counties[b.county]
	data := &events.RegistryReported{Registry: f.registry}
	for n := b.first; n < b.last; n++ {
		f := &t.w.facts[n]
		data.Lines = append(data.Lines, events.RegistryLine{IDNumber: t.w.id(t.w.placements[f.placement].person), From: f.from, Detail: f.detail})
	}
	t.emit(t.event(factID(i), c.agency, c.code, f.at, data))
}

func (t *eventGenerator) registryWithdrawal(i int) {
	b := t.w.batches[i]
	c := &t.w.counties[b.county]
	t.emit(t.event("w-"+factID(i), c.agency, c.code, t.w.facts[b.first].withdrawn, &events.EventWithdrawn{
		Of: events.RegistryReportedType, ID: factID(i), Reason: "同名异人，误匹配",
	}))
}

// factID returns the id of the event of a batch of registry facts.
func factID(batch int) string { return numberedID("g-", batch) }
