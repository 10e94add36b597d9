package payment

import (
	"maps"
	"slices"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/services/internal/snapshot"
)

// maxElements is a bound on the number of elements of any list in a snapshot.
const maxElements = 1 << 31

// Save is [command.State.Save]. Hash tables are not written: Load builds them anew. In the
// snapshot a fund or run is referred to by the index of its name in sorted order.
func (s *State) Save(w *snapshot.Writer) {
	w.Uint(uint64(s.persons.Len()))
	for n := 1; n < s.persons.Len(); n++ {
		w.Bytes(s.persons.At(uint32(n))[:])
	}
	funds, runs := map[*fund]int{}, map[*run]int{}
	w.Uint(uint64(len(s.funds)))
	for n, name := range slices.Sorted(maps.Keys(s.funds)) {
		f := s.funds[name]
		funds[f] = n
		w.Text(name)
		w.Text(string(f.division))
		for _, n := range [...]int64{int64(f.allocations), f.allocated, f.committed} {
			w.Int(n)
		}
	}
	w.Uint(uint64(len(s.runs)))
	for n, name := range slices.Sorted(maps.Keys(s.runs)) {
		r := s.runs[name]
		runs[r] = n
		w.Text(name)
		r.save(w, funds)
	}
	w.Uint(uint64(len(s.effects)))
	for _, n := range slices.Sorted(maps.Keys(s.effects)) {
		w.Uint(uint64(n))
		s.effects[n].save(w, funds, runs)
	}
}

// Load is [command.State.Load].
func (s *State) Load(r *snapshot.Reader, told uint32) (become func()) {
	t := NewState()
	persons := int(r.Below(maxElements))
	for n := 1; n < persons && r.Err() == nil; n++ {
		at := t.persons.Add([16]byte{})
		r.Fill(t.persons.At(at)[:])
		t.personIndex.Add(at, t.personHash)
	}
	var funds []*fund
	for n := r.Below(maxElements); n > 0 && r.Err() == nil; n-- {
		name, f := r.Text(), &fund{division: division.Code(r.Text()), allocations: int(r.Int()), allocated: r.Int(), committed: r.Int()}
		funds, t.funds[name] = append(funds, f), f
	}
	var runs []*run
	for n := r.Below(maxElements); n > 0 && r.Err() == nil; n-- {
		name, each := r.Text(), loadRun(r, funds, persons)
		runs, t.runs[name] = append(runs, each), each
	}
	for n := r.Below(maxElements); n > 0 && r.Err() == nil; n-- {
		t.effects[r.Below(int(told)+1)] = loadEffect(r, funds, runs)
	}
	return func() { *s = *t }
}

// The forms of line names in a snapshot.
const (
	inSeries = iota
	scattered
)

// save writes a run. funds has the index of each fund in the snapshot.
func (r *run) save(w *snapshot.Writer, funds map[*fund]int) {
	w.Uint(uint64(len(r.funds)))
	for _, f := range r.funds {
		w.Uint(uint64(funds[f]))
	}
	w.Uint(uint64(len(r.lines)))
	for n := range r.lines {
		l := r.line(uint32(n))
		w.Uint(uint64(l.person))
		w.Uint(uint64(l.fund))
		w.Uint(uint64(l.amount))
		w.Uint(uint64(l.settled))
		w.Uint(uint64(l.returned))
	}
	if r.names.scattered() {
		w.Uint(scattered)
		for _, id := range r.names.ids {
			w.Word(id)
		}
		return
	}
	w.Uint(inSeries)
	w.Uint(uint64(len(r.names.series)))
	for _, in := range r.names.series {
		w.Text(in.prefix)
		w.Uint(uint64(in.width))
		w.Uint(in.value)
		w.Uint(uint64(in.n))
		w.Uint(uint64(in.line))
	}
}

// loadRun reads what run.save wrote. funds are those of the snapshot; persons is how many persons
// it has.
func loadRun(r *snapshot.Reader, funds []*fund, persons int) *run {
	to := new(run)
	for n := r.Below(maxElements); n > 0 && r.Err() == nil; n-- {
		if at := int(r.Below(len(funds))); r.Err() == nil {
			to.funds = append(to.funds, funds[at])
		}
	}
	lines := int(r.Below(maxElements))
	for n := 0; n < lines && r.Err() == nil; n++ {
		if len(to.lines) == cap(to.lines) {
			to.lines = slices.Grow(slices.Clip(to.lines), min(lines-n, 1<<16+n))
		}
		to.lines = append(to.lines, 0)
		to.set(uint32(n), line{
			person: r.Below(persons), fund: r.Below(len(to.funds) + 1), amount: int64(r.Uint() & maxAmount),
			settled: r.Below(maxCount + 1), returned: r.Below(maxCount + 1),
		})
	}
	to.names.n = uint32(lines)
	if r.Below(2) == scattered {
		to.names.ids = make([]uint64, 0)
		for n := 0; n < lines && r.Err() == nil; n++ {
			to.names.ids = append(to.names.ids, r.Word())
		}
		to.names.ids = slices.Clip(to.names.ids)
		to.names.reindex()
		return to
	}
	named := 0
	for n := r.Below(maxElements); n > 0 && r.Err() == nil; n-- {
		in := series{numericID{r.Text(), int(r.Below(20)), r.Uint()}, r.Below(lines + 1), r.Below(lines + 1)}
		if had := to.names.series; len(had) > 0 && had[len(had)-1].compare(in.numericID) >= 0 || int(in.n)+int(in.line) > lines {
			r.Reject("names are out of order")
		}
		named += int(in.n)
		to.names.series = append(to.names.series, in)
	}
	if named != lines && r.Err() == nil {
		r.Reject("lines have no names")
	}
	return to
}

// save writes an effect.
func (a effect) save(w *snapshot.Writer, funds map[*fund]int, runs map[*run]int) {
	w.Uint(uint64(a.kind))
	if a.kind == allocation || a.kind == instruction {
		w.Uint(uint64(funds[a.fund]))
	}
	if a.kind == allocation {
		w.Int(a.amount)
		return
	}
	w.Uint(uint64(runs[a.run]))
	w.Uint(uint64(len(a.lines)))
	for _, in := range a.lines {
		w.Uint(uint64(in.first))
		w.Uint(uint64(in.n))
	}
}

// loadEffect reads what effect.save wrote.
func loadEffect(r *snapshot.Reader, funds []*fund, runs []*run) (a effect) {
	a.kind = effectKind(r.Below(int(restitution) + 1))
	if a.kind == allocation || a.kind == instruction {
		if n := r.Below(len(funds)); r.Err() == nil {
			a.fund = funds[n]
		}
	}
	if a.kind == allocation {
		a.amount = r.Int()
		return a
	}
	n := r.Below(len(runs))
	if r.Err() != nil {
		return a
	}
	a.run = runs[n]
	for n := r.Below(maxElements); n > 0 && r.Err() == nil; n-- {
		in := lineRange{r.Below(len(a.run.lines)), r.Below(len(a.run.lines) + 1)}
		if int(in.first)+int(in.n) > len(a.run.lines) {
			r.Reject("lines are out of bounds")
		}
		a.lines = append(a.lines, in)
	}
	a.lines = slices.Clip(a.lines)
	return a
}
