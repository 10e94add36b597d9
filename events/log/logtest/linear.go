package logtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/muster-works/muster/events/log"
)

// linearizable: concurrent calls of Append, Head and Read with lost and late requests
// are linearizable. One order of the calls that agrees with real time explains all
// results by a single register for the revision of each boundary.
func linearizable(s *suite) {
	const clients, each = 6, 25
	seed := rand.Uint64()
	s.Logf("seed %d", seed)
	flaky := NewFlaky(s.log, 0.3, seed)
	start := time.Now()
	history := make([][]porcupine.Operation, clients)
	errs := make([]error, clients)
	var wg sync.WaitGroup
	for client := range clients {
		random := rand.New(rand.NewPCG(seed, uint64(client)+1))
		wg.Go(func() {
			last := map[string]log.Revision{}
			for n := range each {
				in := registerOp{boundary: families[random.IntN(2)]}
				var out registerResult
				call := time.Since(start)
				switch kind := random.IntN(10); {
				case kind < 2:
					_, out.revision, errs[client] = s.log.Head(s.ctx, log.Filter{Boundary: in.boundary})
				case kind < 4:
					for c, err := range s.log.Read(s.ctx, log.Position{}, log.Filter{Boundary: in.boundary}) {
						if errs[client] = err; err == nil {
							out.revision = c.Revision
						}
					}
				default:
					in.append, in.expected = true, last[in.boundary]
					c := log.Commit{ID: fmt.Sprintf("k%d-%d", client, n), Boundary: in.boundary, Events: [][]byte{[]byte(`{"a":1}`)}}
					for errs[client] = log.ErrUnavailable; errors.Is(errs[client], log.ErrUnavailable); {
						_, out.revision, errs[client] = flaky.Append(s.ctx, c, in.expected)
					}
					if errors.Is(errs[client], log.ErrConflict) {
						out.conflict, errs[client] = true, nil
					}
				}
				if errs[client] != nil {
					return
				}
				history[client] = append(history[client], porcupine.Operation{
					ClientId: client, Input: in, Call: int64(call), Output: out, Return: int64(time.Since(start)),
				})
				if out.conflict {
					// This Head is not part of the history. It lets the writer make
					// progress while contention stays high.
					_, out.revision, errs[client] = s.log.Head(s.ctx, log.Filter{Boundary: in.boundary})
				}
				last[in.boundary] = out.revision
			}
		})
	}
	wg.Wait()
	s.check(errors.Join(errs...))
	s.Logf("%d faults", flaky.Wait())
	var all []porcupine.Operation
	for _, h := range history {
		all = append(all, h...)
	}
	if result := porcupine.CheckOperationsTimeout(register, all, Patience); result != porcupine.Ok {
		s.Errorf("%d operations, seed %d: %s", len(all), seed, result)
	}

	// The register does not know IDs. This checks that each acknowledged commit is in
	// the log once.
	type place struct {
		boundary string
		revision log.Revision
	}
	seen := map[place]int{}
	for _, c := range s.read(log.Position{}, log.Filter{}) {
		seen[place{c.Boundary, c.Revision}]++
	}
	for _, op := range all {
		in, out := op.Input.(registerOp), op.Output.(registerResult)
		if at := (place{in.boundary, out.revision}); in.append && !out.conflict && seen[at] != 1 {
			s.Errorf("acknowledged revision %d of %s is %d times in the log", at.revision, at.boundary, seen[at])
		}
	}
}

// A registerOp reads the revision of a boundary, or advances it from expected.
type registerOp struct {
	boundary string
	append   bool
	expected log.Revision
}

type registerResult struct {
	conflict bool
	revision log.Revision
}

// register is the sequential specification: the state is the revision of one
// boundary.
var register = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := map[string][]porcupine.Operation{}
		for _, op := range history {
			b := op.Input.(registerOp).boundary
			parts[b] = append(parts[b], op)
		}
		var all [][]porcupine.Operation
		for _, part := range parts {
			all = append(all, part)
		}
		return all
	},
	Init: func() any { return log.Revision(0) },
	Step: func(state, input, output any) (bool, any) {
		at, in, out := state.(log.Revision), input.(registerOp), output.(registerResult)
		switch {
		case !in.append:
			return out.revision == at, at
		case out.conflict:
			return in.expected != at, at
		default:
			return in.expected == at && out.revision > at, out.revision
		}
	},
}
