package folding

import (
	"github.com/muster-works/muster/projections/runner/internal/decoding"
	"github.com/muster-works/muster/projections/timeline"
)

// appendFacts appends what an event says to every timeline that it is about.
func (f *Fold) appendFacts(c *decoding.Commit, i int, ref timeline.Ref) {
	x := &c.Decoded[i]
	from, to := c.LinesOf(i)
	lines, persons := c.Lines[from:to], f.commit.persons[from:to]
	fact := timeline.Fact{Tag: x.Tag}
	if x.Post != 0 {
		fact.Post = f.postAt(c, x.Post)
	}
	switch x.Tag {
	case timeline.TagPlanned:
		no := f.plan(x.Plan)
		p := f.touchPlan(no)
		p.facts = timeline.AppendPlanned(p.facts, ref, x.Seats)
		f.addSubject(timeline.OfPlan, uint32(no))
	case timeline.TagMarks, timeline.TagMark:
		for j := range lines {
			persons[j] = f.person(&lines[j], persons[j], x.County, ref)
		}
		reported := len(lines)
		if reported > 0 && lines[reported-1].Mentions() { // who kept the sheet is not on it
			reported--
		}
		f.appendSheet(fact.Post, ref, x, persons[:reported])
	case timeline.TagInstructed, timeline.TagSettled, timeline.TagReturned, timeline.TagReversed, timeline.TagRejected:
		fact.Run = f.run(x.Run)
	case timeline.TagHired, timeline.TagExited, timeline.TagRenewed, timeline.TagGroupChanged, timeline.TagSuspended, timeline.TagResumed:
		persons[0] = f.person(&lines[0], persons[0], x.County, ref)
		fact.Person = persons[0]
		f.appendPostFact(ref, fact, c.Packed(x.Own))
	case timeline.TagIdentified:
		persons[0] = f.person(&lines[0], persons[0], x.County, ref)
		fact.Person = persons[0]
		for _, place := range x.AlsoPosts {
			fact.Post = f.postAt(c, place)
			f.appendPostFact(ref, fact, c.Packed(x.Own))
		}
	case timeline.TagDeveloped, timeline.TagResized, timeline.TagClosed, timeline.TagChanged:
		f.appendPostFact(ref, fact, c.Packed(x.Own))
	default: // the others need nothing here
	}
	f.appendLines(c, x.County, lines, persons, ref, fact)
}

// appendLines appends what the lines of an event say to the timelines of their persons.
// Persons of one folio mostly come together.
func (f *Fold) appendLines(c *decoding.Commit, county string, lines []decoding.Line, persons []timeline.Number, ref timeline.Ref, fact timeline.Fact) {
	var leaf *timeline.Leaf
	var leafFolio uint32
	for j := range lines {
		l := &lines[j]
		no := f.person(l, persons[j], county, ref)
		switch {
		case l.Mentions(): // the last line
			fact = timeline.Fact{Tag: timeline.TagMentioned}
		case l.Post != 0:
			fact.Post = f.postAt(c, l.Post)
		}
		fact.Rest = c.Packed(l.Rest)
		folio, slot := no.Folio()
		if folio != leafFolio {
			leaf, leafFolio = f.facts.Fresh(int(folio)), folio
		}
		leaf.Add(slot, ref, fact)
		f.addSubject(timeline.OfPerson, uint32(no))
	}
}

// addSubject adds a timeline that the event under way is about.
func (f *Fold) addSubject(kind timeline.SubjectKind, no uint32) {
	f.commit.subjects = append(f.commit.subjects, timeline.Subject{Kind: kind, No: no})
}

// appendPostFact appends what an event says of a post as a whole.
func (f *Fold) appendPostFact(ref timeline.Ref, fact timeline.Fact, rest []byte) {
	fact.Rest = rest
	p := f.touchPost(int(fact.Post))
	p.facts = timeline.AppendFact(p.facts, ref, fact)
	f.addSubject(timeline.OfPost, uint32(fact.Post))
}

// appendSheet appends an attendance sheet to its post. A sheet changes no contribution
// of the post, so the post is not touched.
func (f *Fold) appendSheet(no timeline.Number, ref timeline.Ref, x *decoding.Event, persons []timeline.Number) {
	p := &f.posts[no]
	p.facts = timeline.AppendSheet(p.facts, ref, x.Month, persons)
	note(&f.changed.posts, &p.changed, int(no))
	f.addSubject(timeline.OfPost, uint32(no))
}

// person returns the number of the person of a line, which is given when the person is
// not known yet.
func (f *Fold) person(l *decoding.Line, known timeline.Number, county string, ref timeline.Ref) timeline.Number {
	if known != 0 {
		return known
	}
	if no := f.persons.find(&l.Person); no != 0 { // an earlier line of the commit named the person
		return no
	}
	return f.persons.add(l.Person, county, ref, &f.batch)
}
