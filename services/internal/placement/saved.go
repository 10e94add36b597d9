package placement

import (
	"unique"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/services/internal/snapshot"
)

// Save is [command.State.Save]. Hash tables and the shapes of posts are not written: Load
// computes them anew.
func (s *State) Save(w *snapshot.Writer) {
	for _, n := range [...]int{s.details.Len(), s.posts.Len(), s.persons.Len()} {
		w.Uint(uint64(n))
	}
	for n := 1; n < s.details.Len(); n++ {
		d := s.details.At(uint32(n))
		w.Text(string(d.division.Value()))
		for _, text := range [...]unique.Handle[string]{d.category, d.area, d.kind, d.employer, d.fund} {
			w.Text(text.Value())
		}
		w.Int(int64(d.standard))
		w.Uint(uint64(d.requiredDays))
		w.Bool(d.titled)
	}
	for n := 1; n < s.posts.Len(); n++ {
		p := s.posts.At(uint32(n))
		w.Text(p.name)
		w.Uint(uint64(p.facts))
		w.Uint(uint64(p.hires))
	}
	for n := 1; n < s.persons.Len(); n++ {
		p := s.persons.At(uint32(n))
		w.Bytes(p.id[:])
		w.Uint(uint64(p.facts))
		w.Int(int64(p.born.month()))
		w.Bool(p.born.female())
	}
	w.Uint(uint64(s.codes.Len()))
	for n := 1; n < s.codes.Len(); n++ {
		w.Text(*s.codes.At(uint32(n)))
	}
	for n := 1; n < s.facts.Len(); n++ {
		f := s.facts.At(uint32(n))
		w.Uint(uint64(f.kind))
		for _, to := range [...]uint32{f.of, f.post, f.before, f.onPost} {
			w.Uint(uint64(to))
		}
		for _, day := range [...]civil.Date{f.day, f.until, f.exit} {
			w.Int(int64(day))
		}
		w.Uint(uint64(f.seats))
		w.Uint(uint64(f.flags))
	}
}

// Load is [command.State.Load].
func (s *State) Load(r *snapshot.Reader, told uint32) (become func()) {
	t := New()
	const most = 1 << 31
	details, posts, persons, facts := int(r.Below(most)), int(r.Below(most)), int(r.Below(most)), int(told)+1
	if min(details, posts, persons) == 0 {
		r.Reject("a table has no record of nothing")
	}
	for n := 1; n < details && r.Err() == nil; n++ {
		t.details.Add(detail{
			division: unique.Make(division.Code(r.Text())), category: unique.Make(r.Text()), area: unique.Make(r.Text()),
			kind: unique.Make(r.Text()), employer: unique.Make(r.Text()), fund: unique.Make(r.Text()),
			standard: events.Fen(r.Int()), requiredDays: uint8(r.Below(1 << 8)), titled: r.Bool(),
		})
	}
	for n := 1; n < posts && r.Err() == nil; n++ {
		t.names.Add(t.posts.Add(post{name: r.Text(), facts: r.Below(facts), hires: r.Below(facts)}), t.nameHash)
	}
	for n := 1; n < persons && r.Err() == nil; n++ {
		var p person
		r.Fill(p.id[:])
		p.facts, p.born = r.Below(facts), bornIn(civil.Month(r.Int()), r.Bool())
		t.people.Add(t.persons.Add(p), t.personHash)
	}
	codes := int(r.Below(1 << 16))
	for n := 1; n < codes && r.Err() == nil; n++ {
		t.codes.Add(r.Text())
	}
	for n := 1; n < facts && r.Err() == nil; n++ {
		f := fact{kind: kind(r.Below(int(kinds)))}
		switch {
		case f.kind.ofPerson():
			f.of = r.Below(persons)
		case f.kind.detailed():
			f.of = r.Below(details)
		default:
			f.of = r.Below(most)
		}
		// A fact may only refer to facts before it, so that no list is a circle.
		f.post, f.before, f.onPost = r.Below(posts), r.Below(n), r.Below(n)
		if f.kind != noFact && f.kind != identified && f.post == 0 || (f.kind.ofPerson() || f.kind.detailed()) && f.of == 0 {
			r.Reject("a fact is of nothing")
		}
		f.day, f.until, f.exit = civil.Date(r.Int()), civil.Date(r.Int()), civil.Date(r.Int())
		f.seats, f.flags = uint16(r.Below(1<<16)), flags(r.Below((len(events.Groups())+1)<<groupBits))
		if f.kind == exited && int(f.seats) >= t.codes.Len() {
			r.Reject("an exit has an unknown code")
		}
		t.facts.Add(f)
	}
	for n := 1; n < posts && r.Err() == nil; n++ {
		t.reshape(uint32(n))
	}
	return func() { *s = *t }
}
