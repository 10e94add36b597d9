package timeline

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/civil"
)

// A History holds the facts of a person that concern one month: all hires and exits,
// the sheets and the pay lines of the month, what became of those lines, and all
// retractions. It is a tenth of the facts of a year. Of the month, Placements,
// Attendance and Pay say the same from it as from all facts.
type History struct {
	facts []FolioFact // in log order
	lines []lineName
}

// A lineName tells the pay lines of a person apart.
type lineName struct {
	run  uint64
	n    uint64 // of a number, and its length of a text
	text string
}

// ReadMonth reads the persons of a folio that want selects from its leaves, which come
// in their order. What it returns keeps parts of the leaves. It fails with ErrDamaged.
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
	// What became of a line may be in the log before the line.
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

// concerns says whether a fact belongs to the history, but for what became of
// pay lines.
func (h *History) concerns(r *reader, month civil.Month) bool {
	switch Tag(r.byte()) {
	case tagRetracted, TagHired, TagExited:
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
	default: // the others need nothing here
	}
	return false
}

// settles says whether a fact is what became of a line of the history.
func (h *History) settles(r *reader) bool {
	switch Tag(r.byte()) {
	case TagSettled, TagReturned, TagReversed:
		if h.lines == nil {
			return false
		}
		l := lineName{run: r.uint()}
		l.read(r)
		return slices.Contains(h.lines, l)
	default: // the others need nothing here
	}
	return false
}

// read reads the name of a line behind its run.
func (l *lineName) read(r *reader) {
	if l.n = r.uint(); l.n&1 == 0 {
		l.text = string(r.bytes(int(min(l.n>>1, 1<<20))))
	}
}

// At returns the person as known at an ordinal, nil where nothing of the
// history was. It fails with ErrDamaged.
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

// Each calls yield with the person as known at each commit that added to the
// history. The person is good until yield returns. It fails with ErrDamaged.
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
		// What is left out cannot be taken out of a person that is added to.
		then, err := h.At(e.Ref.Ord())
		if err != nil {
			return err
		}
		yield(e.Ref.Ord(), then)
	}
	return nil
}

// A Development is what was held to be the attributes of a post since a commit.
type Development struct {
	Since uint64 // ordinal
	Attributes
	Known bool // false when no event that stands developed the post
}

// Developments returns the attributes of a post from its packed facts, for each
// commit that said so or retracted it, in log order. Before the first they are not
// known. It fails with ErrDamaged.
func Developments(facts []byte) ([]Development, error) {
	type retraction struct{ at, target Ref }
	var p Post
	var retracted []retraction
	r := reader{b: facts}
	for r.more() {
		ref, tag := r.ref(), Tag(r.byte())
		if tag == tagRetracted {
			retracted = append(retracted, retraction{ref, r.ref()})
			r.ref()
		} else if !p.read(&r, tag, ref, tag != TagDeveloped) {
			return nil, ErrDamaged
		}
	}
	if r.bad {
		return nil, ErrDamaged
	}
	var since []uint64
	for _, d := range p.developed {
		since = append(since, d.ref.Ord())
		for _, v := range retracted {
			if v.target == d.ref {
				since = append(since, v.at.Ord())
			}
		}
	}
	slices.Sort(since)
	var all []Development
	for _, ord := range slices.Compact(since) {
		then := Post{developed: slices.DeleteFunc(slices.Clone(p.developed), func(d fact[Attributes]) bool {
			return d.ref.Ord() > ord || slices.ContainsFunc(retracted, func(v retraction) bool { return v.target == d.ref && v.at.Ord() <= ord })
		})}
		d := Development{Since: ord}
		d.Attributes, d.Known = then.Attributes()
		all = append(all, d)
	}
	return all, nil
}
