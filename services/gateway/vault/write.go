package vault

import (
	"context"
	"errors"

	"github.com/muster-works/muster/events"
)

// A job is one caller's part of a transaction.
type job struct {
	run   func(*group) error // a failure rolls the whole group back
	alone bool               // has a transaction of its own, and is scrubbed
	done  chan error
}

// A group is the transaction that jobs share. What it adds to the index is
// seen by its own jobs at once and by everybody else after the commit.
type group struct {
	v   *Vault
	tx  transaction
	ctx context.Context

	change  change
	opened  map[uint32]*row // by number; those made here too
	persons map[numberHash]events.Person
	facts   map[events.Person]fact
	tokens  map[valueHash]token
	next    uint32 // row of the next person
}

// maxGroup bounds the jobs of one transaction.
const maxGroup = 64

// do runs a job in a transaction, together with those of other callers, and
// returns after the commit. When ctx ends first, the job may still happen;
// jobs are such that doing one again changes nothing.
func (v *Vault) do(ctx context.Context, run func(*group) error) error {
	return v.queue(ctx, &job{run: run})
}

func (v *Vault) queue(ctx context.Context, j *job) error {
	j.done = make(chan error, 1)
	select {
	case v.jobs <- j:
	case <-v.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-v.ended:
		select {
		case err := <-j.done:
			return err
		default:
			return ErrClosed
		}
	}
}

// write is the writer: it takes what waits and does it in one transaction.
// When that fails each job is tried alone, so that one damaged row does not
// stand in everybody's way.
func (v *Vault) write() {
	defer close(v.ended)
	var next *job // taken, but not part of the group
	for {
		jobs := []*job{next}
		if next == nil {
			select {
			case jobs[0] = <-v.jobs:
			case <-v.closed:
				return
			}
		}
		jobs, next = v.drain(jobs)
		err := v.transact(jobs)
		for _, j := range jobs {
			if err != nil && len(jobs) > 1 {
				j.done <- v.transact([]*job{j})
			} else {
				j.done <- err
			}
		}
	}
}

// drain adds what waits to a group. A job that is to be alone is returned as
// the next one.
func (v *Vault) drain(jobs []*job) (group []*job, next *job) {
	for !jobs[0].alone && len(jobs) < maxGroup {
		select {
		case j := <-v.jobs:
			if j.alone {
				return jobs, j
			}
			jobs = append(jobs, j)
		default:
			return jobs, nil
		}
	}
	return jobs, nil
}

func (v *Vault) transact(jobs []*job) error {
	ctx := context.Background()
	v.mu.RLock()
	since := v.version
	v.mu.RUnlock()
	tx, n, err := v.store.begin(ctx, since)
	if err != nil {
		return err
	}
	v.learn(n)
	g := v.newGroup(ctx, tx)
	for _, j := range jobs {
		if err := j.run(g); err != nil {
			return errors.Join(err, tx.rollback(ctx))
		}
	}
	if g.change.empty() {
		return tx.rollback(ctx)
	}
	version, err := tx.commit(ctx, &g.change)
	if err != nil {
		return err
	}
	v.learn(newsOf(&g.change, version))
	if jobs[0].alone {
		return v.store.scrub(ctx)
	}
	return nil
}

func (v *Vault) newGroup(ctx context.Context, tx transaction) *group {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return &group{
		v: v, tx: tx, ctx: ctx, next: v.last + 1, opened: map[uint32]*row{},
		persons: map[numberHash]events.Person{}, facts: map[events.Person]fact{}, tokens: map[valueHash]token{},
	}
}

func (g *group) find(h numberHash) (events.Person, bool) {
	if p, ok := g.persons[h]; ok {
		return p, true
	}
	g.v.mu.RLock()
	defer g.v.mu.RUnlock()
	p, ok := g.v.persons[h]
	return p, ok
}

func (g *group) fact(p events.Person) (fact, bool) {
	if f, ok := g.facts[p]; ok {
		return f, true
	}
	g.v.mu.RLock()
	defer g.v.mu.RUnlock()
	f, ok := g.v.facts[p]
	return f, ok
}
