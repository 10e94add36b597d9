package payment

import (
	"cmp"
	"maps"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
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
		f.save(w)
	}
	w.Uint(uint64(len(s.runs)))
	for n, key := range slices.SortedFunc(maps.Keys(s.runs), compareKeys) {
		r := s.runs[key]
		runs[r] = n
		w.Text(key.Source)
		w.Text(key.Run)
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
		name, f := r.Text(), &fund{division: division.Code(r.Text())}
		f.load(r)
		funds, t.funds[name] = append(funds, f), f
	}
	var runs []*run
	for n := r.Below(maxElements); n > 0 && r.Err() == nil; n-- {
		key := events.RunKey{Source: r.Text(), Run: r.Text()}
		each := loadRun(r, funds, persons)
		each.source = key.Source
		runs, t.runs[key] = append(runs, each), each
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
	w.Uint(uint64(len(r.purses)))
	for _, p := range r.purses {
		w.Uint(uint64(funds[p.fund]))
		w.Int(int64(p.on))
	}
	w.Uint(uint64(len(r.lines)))
	for n := range r.lines {
		l := r.line(uint32(n))
		w.Uint(uint64(l.person))
		w.Uint(uint64(l.fund))
		w.Uint(uint64(l.amount))
		w.Uint(uint64(l.settled))
	}
	w.Uint(uint64(len(r.parts)))
	for _, n := range slices.Sorted(maps.Keys(r.parts)) {
		w.Uint(uint64(n))
		w.Uint(uint64(len(r.parts[n])))
		for _, p := range r.parts[n] {
			p.save(w)
		}
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
			to.purses = append(to.purses, purse{funds[at], civil.Date(r.Int())})
		}
	}
	lines := int(r.Below(maxElements))
	for n := 0; n < lines && r.Err() == nil; n++ {
		if len(to.lines) == cap(to.lines) {
			to.lines = slices.Grow(slices.Clip(to.lines), min(lines-n, 1<<16+n))
		}
		to.lines = append(to.lines, 0)
		to.set(uint32(n), line{
			person: r.Below(persons), fund: r.Below(len(to.purses) + 1), amount: int64(r.Uint() & maxAmount),
			settled: r.Below(maxCount + 1),
		})
	}
	for n := r.Below(lines + 1); n > 0 && r.Err() == nil; n-- {
		head := r.Below(max(lines, 1))
		var parts []part
		for k := r.Below(maxElements); k > 0 && r.Err() == nil; k-- {
			parts = append(parts, loadPart(r))
		}
		if to.parts == nil {
			to.parts = map[uint32][]part{}
		}
		to.parts[head] = parts
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
	if a.ofFund() || a.kind == instruction {
		w.Uint(uint64(funds[a.fund]))
	}
	if a.ofFund() {
		for _, n := range [...]int64{a.amount, int64(a.on), int64(a.until)} {
			w.Int(n)
		}
		return
	}
	w.Uint(uint64(runs[a.run]))
	w.Uint(uint64(len(a.lines)))
	for _, in := range a.lines {
		w.Uint(uint64(in.first))
		w.Uint(uint64(in.n))
	}
	w.Uint(uint64(len(a.parts)))
	for _, p := range a.parts {
		w.Uint(uint64(p.line))
		p.part.save(w)
	}
}

// ofFund reports whether the effect is on a fund alone.
func (a effect) ofFund() bool { return a.kind == allocation || a.kind == surrender }

// save writes the sums of a fund.
func (f *fund) save(w *snapshot.Writer) {
	for _, n := range [...]int64{int64(f.allocations), f.allocated, f.surrendered, f.committed} {
		w.Int(n)
	}
	w.Uint(uint64(len(f.days)))
	for _, d := range f.days {
		w.Int(int64(d.on))
		w.Int(d.allocated)
		w.Int(d.committed)
	}
	w.Uint(uint64(len(f.usable)))
	for _, u := range f.usable {
		w.Int(int64(u.until))
		w.Int(u.amount)
	}
}

// load reads what fund.save wrote.
func (f *fund) load(r *snapshot.Reader) {
	f.allocations, f.allocated, f.surrendered, f.committed = int(r.Int()), r.Int(), r.Int(), r.Int()
	for n := r.Below(maxElements); n > 0 && r.Err() == nil; n-- {
		f.days = append(f.days, fundDay{civil.Date(r.Int()), r.Int(), r.Int()})
	}
	for n := r.Below(maxElements); n > 0 && r.Err() == nil; n-- {
		f.usable = append(f.usable, usable{civil.Date(r.Int()), r.Int()})
	}
}

// save writes a part of a line.
func (p part) save(w *snapshot.Writer) {
	w.Uint(uint64(p.kind))
	w.Int(int64(p.on))
	w.Int(p.amount)
}

// loadPart reads what part.save wrote.
func loadPart(r *snapshot.Reader) part {
	return part{partKind(r.Below(int(rejectedPart) + 1)), civil.Date(r.Int()), r.Int() & maxAmount}
}

// compareKeys compares runs by source and name.
func compareKeys(a, b events.RunKey) int {
	return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Run, b.Run))
}

// loadEffect reads what effect.save wrote.
func loadEffect(r *snapshot.Reader, funds []*fund, runs []*run) (a effect) {
	a.kind = effectKind(r.Below(int(rejection) + 1))
	if a.ofFund() || a.kind == instruction {
		if n := r.Below(len(funds)); r.Err() == nil {
			a.fund = funds[n]
		}
	}
	if a.ofFund() {
		a.amount, a.on, a.until = r.Int(), civil.Date(r.Int()), civil.Date(r.Int())
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
	for n := r.Below(maxElements); n > 0 && r.Err() == nil; n-- {
		a.parts = append(a.parts, linePart{r.Below(max(len(a.run.lines), 1)), loadPart(r)})
	}
	a.lines, a.parts = slices.Clip(a.lines), slices.Clip(a.parts)
	return a
}
