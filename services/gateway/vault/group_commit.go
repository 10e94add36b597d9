package vault

import (
	"context"
	"errors"

	"github.com/muster-works/muster/events"
)

// A job is one caller's part of a transaction. It may run twice, so doing it again must
// change nothing.
type job struct {
	run   func(*groupCommit) error // a failure rolls the transaction back
	alone bool                     // has a transaction of its own, after which the store is scrubbed
	done  chan error
}

// A groupCommit is one transaction that several jobs share, and one write to the disk.
// Its jobs see at once what it adds to the index; everybody else sees it after the
// commit.
type groupCommit struct {
	v   *Vault
	tx  transaction
	ctx context.Context

	change     change
	opened     map[uint32]*openedRow // by number, including those that are new
	persons    map[numberHash]events.Person
	attributes map[events.Person]attributes
	tokens     map[valueHash]token
	next       uint32 // number of the next new row
}

// maxGroupJobs bounds the jobs of one transaction.
const maxGroupJobs = 64

// inTransaction runs a job in a transaction, together with the jobs of other callers, and
// returns after the commit. If ctx ends first, the job may still happen.
func (v *Vault) inTransaction(ctx context.Context, run func(*groupCommit) error) error {
	return v.enqueue(ctx, &job{run: run})
}

// enqueue gives a job to the writer and waits for its outcome.
func (v *Vault) enqueue(ctx context.Context, j *job) error {
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

// runWriter is the goroutine of the writer. It runs the jobs that wait in one
// transaction, again and again. If a transaction fails, each of its jobs is tried in a
// transaction of its own, so that one damaged row fails one caller alone.
func (v *Vault) runWriter() {
	defer close(v.ended)
	var next *job // was taken from the channel and must wait for the next transaction
	for {
		jobs := []*job{next}
		if next == nil {
			select {
			case jobs[0] = <-v.jobs:
			case <-v.closed:
				return
			}
		}
		jobs, next = v.collectJobs(jobs)
		err := v.runTransaction(jobs)
		for _, j := range jobs {
			if err != nil && len(jobs) > 1 {
				j.done <- v.runTransaction([]*job{j})
			} else {
				j.done <- err
			}
		}
	}
}

// collectJobs adds the jobs that wait to those of a transaction. A job that must be alone
// ends the collection and is returned as next.
func (v *Vault) collectJobs(jobs []*job) (group []*job, next *job) {
	for !jobs[0].alone && len(jobs) < maxGroupJobs {
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

// runTransaction runs jobs in one transaction and brings the index up to its version.
func (v *Vault) runTransaction(jobs []*job) error {
	ctx := context.Background()
	v.mu.RLock()
	since := v.version
	v.mu.RUnlock()
	tx, n, err := v.store.begin(ctx, since)
	if err != nil {
		return err
	}
	v.applyUpdate(n)
	g := v.newGroupCommit(ctx, tx)
	for _, j := range jobs {
		if err := j.run(g); err != nil {
			return errors.Join(err, tx.rollback(ctx))
		}
	}
	if g.change.isEmpty() {
		return tx.rollback(ctx)
	}
	version, err := tx.commit(ctx, &g.change)
	if err != nil {
		return err
	}
	v.applyUpdate(indexUpdateOf(&g.change, version))
	if jobs[0].alone {
		return v.store.scrub(ctx)
	}
	return nil
}

func (v *Vault) newGroupCommit(ctx context.Context, tx transaction) *groupCommit {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return &groupCommit{
		v: v, tx: tx, ctx: ctx, next: v.lastRow + 1, opened: map[uint32]*openedRow{},
		persons: map[numberHash]events.Person{}, attributes: map[events.Person]attributes{}, tokens: map[valueHash]token{},
	}
}

// findPerson returns the pseudonym of an identity number.
func (g *groupCommit) findPerson(h numberHash) (events.Person, bool) {
	if p, ok := g.persons[h]; ok {
		return p, p != (events.Person{})
	}
	g.v.mu.RLock()
	defer g.v.mu.RUnlock()
	p, ok := g.v.persons[h]
	return p, ok
}

// attributesOf returns the attributes of a person whom the vault knows.
func (g *groupCommit) attributesOf(p events.Person) (attributes, bool) {
	if f, ok := g.attributes[p]; ok {
		return f, true
	}
	g.v.mu.RLock()
	defer g.v.mu.RUnlock()
	f, ok := g.v.attributes[p]
	return f, ok
}
