package logtest

import (
	"errors"
	"math/rand/v2"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
)

// model: after a random history, the tested log and memlog have the same content and
// have given the same answers. Their positions and revisions differ, but have the
// same order.
func model(s *suite) {
	seed := rand.Uint64()
	s.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	reference := memlog.New()
	defer reference.Close()

	type revisions struct{ got, want log.Revision }
	var tried []log.Commit             // every commit so far, for retries
	var grounds []revisions            // the expected revision of each commit in tried
	known := map[string][]revisions{}  // all revisions by boundary, in order
	positions := [][2]log.Position{{}} // the position of each commit in both logs, and the zero position
	for _, b := range families {
		known[b] = []revisions{{}}
	}
	for step := range 150 {
		var c log.Commit
		var expected revisions
		if len(tried) > 0 && random.IntN(5) == 0 {
			i := random.IntN(len(tried))
			c, expected = tried[i], grounds[i]
		} else {
			c = s.commit(families[random.IntN(len(families))], 1+random.IntN(4))
			all := known[c.Boundary]
			expected = all[len(all)-1]
			if random.IntN(4) == 0 {
				expected = all[random.IntN(len(all))]
			}
			tried, grounds = append(tried, c), append(grounds, expected)
		}
		pos, rev, err := s.log.Append(s.ctx, c, expected.got)
		wantPos, wantRev, want := reference.Append(s.ctx, c, expected.want)
		if (err == nil) != (want == nil) || errors.Is(err, log.ErrConflict) != errors.Is(want, log.ErrConflict) {
			s.Fatalf("seed %d, step %d: append %s on %s: %v; in memory: %v", seed, step, c.ID, c.Boundary, err, want)
		}
		if last := positions[len(positions)-1]; err == nil && wantPos.Compare(last[1]) > 0 {
			if pos.Compare(last[0]) <= 0 {
				s.Fatalf("seed %d, step %d: %s at %s, before %s", seed, step, c.ID, pos, last[0])
			}
			positions = append(positions, [2]log.Position{pos, wantPos})
			known[c.Boundary] = append(known[c.Boundary], revisions{rev, wantRev})
		}
		if step%10 != 9 {
			continue
		}
		from := positions[random.IntN(len(positions))]
		var f log.Filter
		if random.IntN(2) == 0 {
			f.Boundary = families[random.IntN(len(families))]
		}
		got := s.read(from[0], f)
		var wants []log.Commit
		for c, err := range reference.Read(s.ctx, from[1], f) {
			s.check(err)
			wants = append(wants, c)
		}
		if len(got) != len(wants) {
			s.Fatalf("seed %d, step %d: %d commits after %s on %q, in memory %d", seed, step, len(got), from[0], f.Boundary, len(wants))
		}
		for i := range got {
			wants[i].Position, wants[i].Revision = got[i].Position, got[i].Revision
		}
		s.equal(got, wants)
	}
}
