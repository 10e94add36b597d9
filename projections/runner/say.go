package runner

import (
	"strings"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/timeline"
)

// say adds what an event says to every timeline that it is about.
func (f *fold) say(d *digest, i int, ref timeline.Ref) {
	x := &d.events[i]
	first := 0
	if i > 0 {
		first = d.events[i-1].lines
	}
	lines, known := d.lines[first:x.lines], f.commit.persons[first:x.lines]
	fact := timeline.Fact{Tag: x.tag}
	if x.post != 0 {
		fact.Post = f.postOf(d, x.post)
	}
	switch x.tag {
	case timeline.TagPlanned:
		f.plan(x, ref)
	case timeline.TagMarks, timeline.TagMark:
		for j := range lines {
			known[j] = f.personOf(&lines[j], known[j], x.county, ref)
		}
		f.sheet(fact.Post, ref, x, known)
	case timeline.TagInstructed, timeline.TagSettled, timeline.TagReturned, timeline.TagReversed:
		fact.Run = f.run(x.run)
	case timeline.TagHired, timeline.TagExited, timeline.TagRenewed:
		known[0] = f.personOf(&lines[0], known[0], x.county, ref)
		fact.Person = known[0]
		f.ofPost(ref, fact, d.bytes(x.own))
	case timeline.TagDeveloped, timeline.TagResized, timeline.TagClosed:
		f.ofPost(ref, fact, d.bytes(x.own))
	}
	var leaf *timeline.Leaf
	var of uint32 // whose leaf that is
	for j := range lines {
		l := &lines[j]
		no := f.personOf(l, known[j], x.county, ref)
		if l.post != 0 {
			fact.Post = f.postOf(d, l.post)
		}
		fact.Rest = d.bytes(l.rest)
		folio, slot := no.Folio()
		if folio != of {
			leaf, of = f.leaves.fresh(int(folio)), folio
		}
		leaf.Add(slot, ref, fact)
		f.about(timeline.OfPerson, uint32(no))
	}
}

// about notes a timeline that the event under way says something about.
func (f *fold) about(kind timeline.Kind, no uint32) {
	f.commit.about = append(f.commit.about, timeline.Subject{Kind: kind, No: no})
}

func (f *fold) plan(x *digested, ref timeline.Ref) {
	no, ok := f.planNumbers[x.plan]
	if !ok {
		key := x.plan
		key.Division, key.Area = division.Code(strings.Clone(string(key.Division))), strings.Clone(key.Area)
		no = len(f.plans)
		f.planNumbers[key] = no
		f.plans = append(f.plans, planLine{key: key})
	}
	p := f.touchPlan(no)
	p.facts = timeline.AppendPlanned(p.facts, ref, x.seats)
	f.about(timeline.OfPlan, uint32(no))
}

// ofPost adds what an event says of a post itself.
func (f *fold) ofPost(ref timeline.Ref, fact timeline.Fact, rest []byte) {
	fact.Rest = rest
	p := f.touchPost(int(fact.Post))
	p.facts = timeline.AppendFact(p.facts, ref, fact)
	f.about(timeline.OfPost, uint32(fact.Post))
}

// sheet adds an attendance sheet to its post. It changes no contribution, so no
// difference is taken.
func (f *fold) sheet(no timeline.Number, ref timeline.Ref, x *digested, persons []timeline.Number) {
	p := &f.posts[no]
	p.facts = timeline.AppendSheet(p.facts, ref, x.month, persons)
	f.change(&f.changed.posts, &p.changed, int(no))
	f.about(timeline.OfPost, uint32(no))
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
			folio, slot := timeline.Number(s.No).Folio()
			f.leaves.fresh(int(folio)).AddVoid(slot, at, target, by)
		}
	}
}

// touchPost returns a post whose contributions the commit may change.
func (f *fold) touchPost(no int) *post {
	p := &f.posts[no]
	if p.touched != f.ord {
		p.touched = f.ord
		f.commit.change.posts = append(f.commit.change.posts, touched{no: no, before: len(p.facts)})
		f.change(&f.changed.posts, &p.changed, no)
	}
	return p
}

func (f *fold) touchPlan(no int) *planLine {
	p := &f.plans[no]
	if p.touched != f.ord {
		p.touched = f.ord
		f.commit.change.plans = append(f.commit.change.plans, touched{no: no, before: len(p.facts), plan: p.key})
		f.change(&f.changed.plans, &p.changed, no)
	}
	return p
}

// change notes a post or plan line that the next whole batch is to have.
func (f *fold) change(all *[]int, changed *bool, no int) {
	if !*changed {
		*changed = true
		*all = append(*all, no)
	}
}

// postOf returns the number of a post that a digest names; at counts from 1.
func (f *fold) postOf(d *digest, at int) timeline.Number {
	no := &f.commit.posts[at-1]
	if *no == 0 {
		*no = f.post(d.posts[at-1])
	}
	return *no
}

// personOf returns the number of the person of a line, who may be unknown yet.
func (f *fold) personOf(l *line, known timeline.Number, county string, ref timeline.Ref) timeline.Number {
	if known != 0 {
		return known
	}
	if no := f.persons.find(&l.person); no != 0 { // another line of the commit was the first
		return no
	}
	return f.persons.add(l.person, county, ref, &f.batch)
}
