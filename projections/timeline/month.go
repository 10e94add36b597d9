package timeline

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/civil"
)

// A History holds the facts of a person that concern one month: all hires, exits,
// suspensions and changes of group, the sheets and the pay lines of the month, the settlements, returns
// and reversals of those lines, and all retractions. A History is about a tenth
// of the facts of a year. For its month, a Person read from a History gives the
// same Placements, Attendance and Pay as a Person read from all facts.
type History struct {
	facts []FolioFact // in log order
	lines []lineName
}

// A lineName identifies one pay line among the pay lines of a person.
type lineName struct {
	run  uint64
	n    uint64 // as packed by appendLine: odd for a number, even for the length of text
	text string
}

// ReadMonth reads the histories of the persons of a folio whose slots want
// selects. The leaves of the folio must be in their stored order. The result
// refers to the bytes of the leaves, so the caller must not change them.
// ReadMonth returns ErrDamaged if a leaf cannot be read.
func ReadMonth(leaves [][]byte, month civil.Month, want func(slot byte) bool) (*[FolioSize]History, error) {
	all := new([FolioSize]History)
	read := func(concerns func(*History, *reader) bool) error {
		sound := true
		for _, leaf := range leaves {
			err := EachFact(leaf, func(e FolioFact) {
				if !want(e.Slot) {
					return
				}
				r := reader{b: e.Fact}
				if h := &all[e.Slot]; concerns(h, &r) {
					h.facts = append(h.facts, e)
				}
				sound = sound && !r.bad
			})
			if err != nil {
				return err
			}
		}
		if !sound {
			return ErrDamaged
		}
		return nil
	}
	if err := read(func(h *History, r *reader) bool { return h.concerns(r, month) }); err != nil {
		return nil, err
	}
	// A second pass is needed because a settlement, return or reversal may
	// precede its line in the log.
	if err := read((*History).settles); err != nil {
		return nil, err
	}
	for slot := range all {
		if h := &all[slot]; h.lines != nil {
			slices.SortStableFunc(h.facts, func(a, b FolioFact) int { return cmp.Compare(a.Ref, b.Ref) })
		}
	}
	return all, nil
}

// concerns reports whether a fact belongs to the history. Settlements, returns
// and reversals of pay lines are left to settles.
func (h *History) concerns(r *reader, month civil.Month) bool {
	switch Tag(r.byte()) {
	case tagRetracted, TagHired, TagExited, TagGroupChanged, TagSuspended, TagResumed, TagIdentified:
		return true
	case TagMarks:
		r.uint()
		return r.month() == month
	case TagMark:
		r.uint()
		return r.date().Month() == month
	case TagInstructed:
		l := lineName{run: r.uint()}
		r.uint()
		l.read(r)
		if r.month() == month {
			h.lines = append(h.lines, l)
			return true
		}
	default: // facts with other tags are not part of a history
	}
	return false
}

// settles reports whether a fact settles, returns or reverses a pay line of the
// history.
func (h *History) settles(r *reader) bool {
	switch Tag(r.byte()) {
	case TagSettled, TagReturned, TagReversed, TagRejected:
		if h.lines == nil {
			return false
		}
		l := lineName{run: r.uint()}
		l.read(r)
		return slices.Contains(h.lines, l)
	default: // facts with other tags do not refer to a pay line
	}
	return false
}

// read reads the name of a line, which follows the run of the line in the
// packed fact.
func (l *lineName) read(r *reader) {
	if l.n = r.uint(); l.n&1 == 0 {
		l.text = string(r.bytes(int(min(l.n>>1, 1<<20))))
	}
}

// At returns the person as known at the ordinal known, or nil if the history
// has no fact up to that ordinal. At returns ErrDamaged if a fact cannot be
// read.
func (h *History) At(known uint64) (*Person, error) {
	var p *Person
	for _, e := range h.facts {
		if e.Ref.Ord() > known {
			break
		}
		if p == nil {
			p = new(Person)
		}
		if !p.read(e.Fact, e.Ref) {
			return nil, ErrDamaged
		}
	}
	if p != nil && p.retractions != nil {
		p.dropRetracted()
	}
	return p, nil
}

// Each calls yield once for each commit that added to the history, in log
// order, with the person as known at that commit. The person is valid only
// until yield returns. Each returns ErrDamaged if a fact cannot be read.
func (h *History) Each(yield func(ord uint64, p *Person)) error {
	p := new(Person)
	for i, e := range h.facts {
		if !p.read(e.Fact, e.Ref) {
			return ErrDamaged
		}
		if i+1 < len(h.facts) && h.facts[i+1].Ref.Ord() == e.Ref.Ord() {
			continue
		}
		if p.retractions == nil {
			yield(e.Ref.Ord(), p)
			continue
		}
		// Later facts are still added to p, so retracted facts must not be
		// dropped from p. At reads a separate Person for this commit.
		then, err := h.At(e.Ref.Ord())
		if err != nil {
			return err
		}
		yield(e.Ref.Ord(), then)
	}
	return nil
}

// A Development is what holds of a post over time, as known from the commit Since until the
// next Development. It has no periods if every event that developed the post is retracted.
type Development struct {
	Since uint64 // ordinal of a commit
	Periods
}

// Developments returns what holds of a post over time from its packed facts, in log order: one
// Development for each commit that developed or changed the post, or retracted an event that
// did. Before the first Development nothing is known. Developments returns ErrDamaged if the
// facts cannot be read.
func Developments(facts []byte) ([]Development, error) {
	var p Post
	var known knowledge
	r := reader{b: facts}
	for r.more() {
		ref, tag := r.ref(), Tag(r.byte())
		if tag == tagRetracted {
			known.retracted = append(known.retracted, retraction{ref, r.ref()})
			r.ref()
		} else if !p.read(&r, tag, ref, tag != TagDeveloped && tag != TagChanged) {
			return nil, ErrDamaged
		}
	}
	if r.bad {
		return nil, ErrDamaged
	}
	for _, d := range p.developed {
		known.note(d.ref)
	}
	for _, c := range p.changed {
		known.note(c.ref)
	}
	slices.Sort(known.since)
	var all []Development
	for _, ord := range slices.Compact(known.since) {
		then := Post{developed: factsAt(&known, p.developed, ord), changed: factsAt(&known, p.changed, ord)}
		all = append(all, Development{ord, then.Periods()})
	}
	return all, nil
}

// A knowledge says when facts became known, and when they ceased to count.
type knowledge struct {
	since     []uint64 // ordinals of the commits that changed something
	retracted []retraction
}

// A retraction says that the event target no longer counts since the event at.
type retraction struct{ at, target Ref }

// note notes the commits that added a fact, and that retracted it.
func (k *knowledge) note(ref Ref) {
	k.since = append(k.since, ref.Ord())
	for _, v := range k.retracted {
		if v.target == ref {
			k.since = append(k.since, v.at.Ord())
		}
	}
}

// factsAt returns the facts that count at an ordinal.
func factsAt[T any](k *knowledge, facts []fact[T], ord uint64) []fact[T] {
	return slices.DeleteFunc(slices.Clone(facts), func(f fact[T]) bool {
		return f.ref.Ord() > ord || slices.ContainsFunc(k.retracted, func(v retraction) bool { return v.target == f.ref && v.at.Ord() <= ord })
	})
}
