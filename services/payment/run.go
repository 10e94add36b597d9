package payment

import (
	"iter"
	"slices"

	"github.com/muster-works/muster/events/civil"
)

// A run is one pay run: its lines in the order in which events first named them, and the names.
//
// A province has ten million lines a year. So a line takes 8 bytes, and its name almost
// nothing if the lines are numbered: see [lineNames].
type run struct {
	lines []packed
	wide  map[uint32]line // lines that do not fit 8 bytes, by number
	names lineNames
	parts map[uint32][]part // of lines that are not only settled whole, by head

	source string  // that ordered the run; "" before 1.1, see events.RunKey
	purses []purse // from which lines are paid; line.fund is 1 for the first
}

// A purse is the fund from which lines are paid, and the day of the order.
type purse struct {
	fund *fund
	on   civil.Date
}

// line returns line n.
func (r *run) line(n uint32) line {
	if p := r.lines[n]; p != wide {
		return p.line()
	}
	return r.wide[n]
}

// set replaces line n.
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

// fund returns the fund from which a line is paid, or nil if the line is not instructed.
func (r *run) fund(l line) *fund {
	if l.fund == 0 {
		return nil
	}
	return r.purses[l.fund-1].fund
}

// purseNumber returns the number of a purse in the run, from 1. If the purse is not in the run,
// purseNumber adds it.
func (r *run) purseNumber(p purse) uint32 {
	n := slices.Index(r.purses, p)
	if n < 0 {
		n = len(r.purses)
		r.purses = append(r.purses, p)
	}
	return uint32(n) + 1
}

// freeLine returns the first line under an id that is not instructed. An instruction fills it.
func (r *run) freeLine(id string) (n uint32, ok bool) {
	for n, ok = r.names.head(id); ok; n, ok = r.names.more(n) {
		if r.line(n).fund == 0 {
			break
		}
	}
	return n, ok
}

// alone returns line n, if it is the only one under its id and no part of it is on record.
func (r *run) alone(n uint32) (l line, ok bool) {
	if r.names.first(n) != n || len(r.parts[n]) > 0 {
		return line{}, false
	}
	_, more := r.names.more(n)
	return r.line(n), !more
}

// add appends an empty line with an id and returns its number.
func (r *run) add(id string) uint32 {
	if n := len(r.lines); n == cap(r.lines) {
		// Grow by an eighth only: there are many runs, so unused capacity adds up.
		r.lines = slices.Grow(slices.Clip(r.lines), 8+n/8)
	}
	r.lines = append(r.lines, 0)
	return r.names.add(id)
}

// removeLast undoes the last add.
func (r *run) removeLast() {
	n := len(r.lines) - 1
	r.set(uint32(n), line{})
	r.lines = r.lines[:n]
	r.names.removeLast()
}

// lineRanges is a list of line numbers, in the order in which they were added. It is kept as
// ranges of consecutive numbers, because the lines of an event are mostly consecutive.
type lineRanges []lineRange

// A lineRange is n lines from first on.
type lineRange struct{ first, n uint32 }

// add appends a line number.
func (s *lineRanges) add(n uint32) {
	if len(*s) > 0 {
		if last := &(*s)[len(*s)-1]; last.first+last.n == n {
			last.n++
			return
		}
	}
	*s = append(*s, lineRange{n, 1})
}

// all yields the line numbers in order.
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
