// Package editions knows the table of divisions that follows from a log.
//
// A log without any divisions.adopted leaves it to each process which table counts: the one that it
// is given when it starts. What such events say comes on top of it. As soon as the log holds a
// province, it holds a whole table, and the one given to the process counts no more. So every
// process decides alike.
package editions

import (
	"context"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
)

// A Register reads the log for what it says of divisions. It is safe for concurrent use.
type Register struct {
	log   History // nil if there is none to read
	given *division.Table
	table atomic.Pointer[division.Table]

	mu         sync.Mutex
	at         log.Position // up to which the boundary was read
	adopted    []adoption
	superseded map[events.Key]bool
}

// A History is the log as far as a register reads it.
type History interface {
	Read(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error]
	Follow(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error]
}

// An adoption is what one event says.
type adoption struct {
	key        events.Key
	statements []division.Statement
}

// NewRegister returns a register that has read nothing yet: its table is the given one.
func NewRegister(l History, given *division.Table) *Register {
	r := &Register{log: l, given: given, superseded: map[events.Key]bool{}}
	r.table.Store(given)
	return r
}

// Fixed returns a register whose table is always the given one.
func Fixed(given *division.Table) *Register { return NewRegister(nil, given) }

// Table returns the table as far as the log was read.
func (r *Register) Table() *division.Table { return r.table.Load() }

var boundary = log.Filter{Boundary: events.Policy.Boundary()}

// CatchUp reads on in the log to its present end. It fails as the log does.
func (r *Register) CatchUp(ctx context.Context) error {
	if r.log == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	changed := false
	for c, err := range r.log.Read(ctx, r.at, boundary) {
		if err != nil {
			return err
		}
		changed = r.apply(c) || changed
	}
	if changed {
		r.table.Store(r.build())
	}
	return nil
}

// retryInterval is how long Keep waits after the log has failed.
const retryInterval = time.Second

// Keep follows the log until the context ends. If the log fails, Keep tries again.
func (r *Register) Keep(ctx context.Context) {
	for r.log != nil && ctx.Err() == nil {
		_ = r.follow(ctx) // the next attempt meets the same error, if it lasts
		select {
		case <-ctx.Done():
		case <-time.After(retryInterval):
		}
	}
}

func (r *Register) follow(ctx context.Context) error {
	r.mu.Lock()
	from := r.at
	r.mu.Unlock()
	for c, err := range r.log.Follow(ctx, from, boundary) {
		if err != nil {
			return err
		}
		r.mu.Lock()
		if r.apply(c) {
			r.table.Store(r.build())
		}
		r.mu.Unlock()
	}
	return nil
}

// apply notes what a commit says, and reports whether the table may be another one now. A commit
// that was read before changes nothing. An event that cannot be read is passed over: whatever it
// is, nobody can say that it is about divisions.
func (r *Register) apply(c log.Commit) (changed bool) {
	if c.Position.Compare(r.at) <= 0 {
		return false
	}
	r.at = c.Position
	for _, raw := range c.Events {
		e, err := events.Decode(raw)
		if err != nil {
			continue
		}
		if key, ok := e.Supersedes(); ok {
			r.superseded[key] = true
			changed = true
		}
		if d, ok := e.Data.(*events.DivisionsAdopted); ok {
			r.adopted, changed = append(r.adopted, adoption{e.Key(), statements(d)}), true
		}
	}
	return changed
}

func statements(d *events.DivisionsAdopted) (list []division.Statement) {
	for i := range d.Lines {
		l := &d.Lines[i]
		list = append(list, division.Statement{Code: l.Code, Name: l.Name, ValidFrom: l.ValidFrom, ValidTo: l.ValidTo, Successor: l.Successor})
	}
	return list
}

// build returns the table that all events say together that stand.
func (r *Register) build() *division.Table {
	list := r.standing()
	if isWhole(list) {
		return new(division.Table).With(list...)
	}
	return r.given.With(list...)
}

// standing returns what the events say that stand.
func (r *Register) standing() (list []division.Statement) {
	for _, a := range r.adopted {
		if !r.superseded[a.key] {
			list = append(list, a.statements...)
		}
	}
	return list
}

// isWhole reports whether statements are those of a whole table.
func isWhole(list []division.Statement) bool {
	return slices.ContainsFunc(list, func(s division.Statement) bool { return s.Code.Level() == division.Province })
}

// IsEmpty reports whether no event that stands says anything.
func (r *Register) IsEmpty() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.standing()) == 0
}

// IsWhole reports whether the log holds a whole table, so that the given one does not count.
func (r *Register) IsWhole() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return isWhole(r.standing())
}
