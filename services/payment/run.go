package payment

import (
	"iter"
	"slices"
)

// A run is one pay run: its lines in the order in which they were first named,
// and the names.
//
// A province has ten million lines a year, so a line takes 8 bytes, and its
// name next to nothing where lines are numbered (see names).
type run struct {
	lines []packed
	wide  map[uint32]line // those that do not fit
	names lineNames
	funds []*fund // that lines are paid from; line.fund is 1 for the first
}

// line returns a line by its number.
func (r *run) line(n uint32) line {
	if p := r.lines[n]; p != wide {
		return p.line()
	}
	return r.wide[n]
}

// set replaces a line.
func (r *run) set(n uint32, l line) {
	if r.lines[n] == wide {
		delete(r.wide, n)
	}
	if r.lines[n] = pack(l); r.lines[n] == wide {
		if r.wide == nil {
			r.wide = map[uint32]line{}
		}
		r.wide[n] = l
	}
}

// fund returns the fund that a line is paid from, nil for none.
func (r *run) fund(l line) *fund {
	if l.fund == 0 {
		return nil
	}
	return r.funds[l.fund-1]
}

// pays returns the number of a fund in the run, which is given one.
func (r *run) fundNumber(f *fund) uint32 {
	n := slices.Index(r.funds, f)
	if n < 0 {
		n = len(r.funds)
		r.funds = append(r.funds, f)
	}
	return uint32(n) + 1
}

// free returns the line under an id that an instruction fills: the earliest
// that none does.
func (r *run) freeLine(id string) (n uint32, ok bool) {
	for n, ok = r.names.head(id); ok; n, ok = r.names.more(n) {
		if r.line(n).fund == 0 {
			break
		}
	}
	return n, ok
}

// paid returns the line that a settlement or return of what is under the id of
// line n is about; its fund is 0 when none stands.
func (r *run) instructedLine(n uint32) line {
	for n, ok := r.names.first(n), true; ok; n, ok = r.names.more(n) {
		if l := r.line(n); l.fund != 0 {
			return l
		}
	}
	return line{}
}

// add appends an empty line under an id.
func (r *run) add(id string) uint32 {
	if n := len(r.lines); n == cap(r.lines) {
		// By an eighth, for what is spare here adds up over many runs.
		r.lines = slices.Grow(slices.Clip(r.lines), 8+n/8)
	}
	r.lines = append(r.lines, 0)
	return r.names.add(id)
}

// cut takes back the last add.
func (r *run) removeLast() {
	n := len(r.lines) - 1
	r.set(uint32(n), line{})
	r.lines = r.lines[:n]
	r.names.removeLast()
}

// spans are line numbers in the order given, as runs of consecutive ones: the
// lines of an event mostly follow each other.
type lineRanges []lineRange

type lineRange struct{ first, n uint32 }

func (s *lineRanges) add(n uint32) {
	if len(*s) > 0 {
		if last := &(*s)[len(*s)-1]; last.first+last.n == n {
			last.n++
			return
		}
	}
	*s = append(*s, lineRange{n, 1})
}

func (s lineRanges) all() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for _, p := range s {
			for i := range p.n {
				if !yield(p.first + i) {
					return
				}
			}
		}
	}
}
