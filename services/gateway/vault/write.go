package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"

	"github.com/muster-works/muster/events"
)

// A job is one caller's part of a transaction.
type job struct {
	run   func(*group) error // a failure rolls the whole group back
	alone bool               // has a transaction of its own, and leaves nothing in the write-ahead log
	done  chan error
}

// A group is the transaction that jobs share. What it adds to the indexes is
// seen by its own jobs at once and by everybody else after the commit.
type group struct {
	v       *Vault
	ctx     context.Context
	persons map[numberHash]events.Person
	facts   map[events.Person]fact
	tokens  map[valueHash]token
	next    uint32 // row of the next person
	after   func() // the commit
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
	defer v.finish()
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

func (v *Vault) transact(jobs []*job) (err error) {
	g := &group{
		v: v, ctx: context.Background(), next: v.last + 1,
		persons: map[numberHash]events.Person{}, facts: map[events.Person]fact{}, tokens: map[valueHash]token{},
	}
	if _, err := g.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, j := range jobs {
		if err := j.run(g); err != nil {
			_, back := g.exec("ROLLBACK")
			return errors.Join(err, back)
		}
	}
	if _, err := g.exec("COMMIT"); err != nil {
		_, back := g.exec("ROLLBACK")
		return errors.Join(err, back)
	}
	v.publish(g)
	if jobs[0].alone {
		_, err = v.conn.ExecContext(g.ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	}
	return err
}

// publish makes what the group added seen.
func (v *Vault) publish(g *group) {
	v.mu.Lock()
	defer v.mu.Unlock()
	maps.Copy(v.persons, g.persons)
	maps.Copy(v.facts, g.facts)
	maps.Copy(v.tokens, g.tokens)
	v.last = g.next - 1
	if g.after != nil {
		g.after()
	}
}

// exec runs a statement, prepared once.
func (g *group) exec(query string, args ...any) (sql.Result, error) {
	s, err := g.v.prepared(query)
	if err != nil {
		return nil, err
	}
	r, err := s.ExecContext(g.ctx, args...)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	return r, nil
}

func (v *Vault) prepared(query string) (*sql.Stmt, error) {
	if s, ok := v.statements[query]; ok {
		return s, nil
	}
	s, err := v.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	v.statements[query] = s
	return s, nil
}

func (v *Vault) finish() {
	for _, s := range v.statements {
		s.Close()
	}
}

func (g *group) find(h numberHash) (events.Person, bool) {
	if p, ok := g.persons[h]; ok {
		return p, true
	}
	p, ok := g.v.persons[h]
	return p, ok
}

func (g *group) fact(p events.Person) (fact, bool) {
	if f, ok := g.facts[p]; ok {
		return f, true
	}
	f, ok := g.v.facts[p]
	return f, ok
}
