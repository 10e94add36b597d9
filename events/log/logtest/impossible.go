package logtest

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/muster-works/muster/events/log"
)

// impossible: a reader ends with log.ErrCorrupt if a driver returns a commit that no
// append can have written. The test replaces the third commit by such a commit. It
// expects the two commits before it and nothing after it.
func impossible(s *suite) {
	all := s.fill(5, "placement")
	for _, test := range []struct {
		name  string
		spoil func(c, before log.Commit) log.Commit
		says  string
	}{
		{"nothing at all", func(_, _ log.Commit) log.Commit { return log.Commit{} }, "no id"},
		{"no id", func(c, _ log.Commit) log.Commit { c.ID = ""; return c }, "no id"},
		{"no boundary", func(c, _ log.Commit) log.Commit { c.Boundary = ""; return c }, "boundary is malformed"},
		{"malformed boundary", func(c, _ log.Commit) log.Commit { c.Boundary = "Placement"; return c }, "boundary is malformed"},
		{"another boundary", func(c, _ log.Commit) log.Commit { c.Boundary = "training"; return c }, "was asked for"},
		{"no events", func(c, _ log.Commit) log.Commit { c.Events = nil; return c }, "no events"},
		{"position zero", func(c, _ log.Commit) log.Commit { c.Position = log.Position{}; return c }, "position is zero"},
		{"position of a second event", func(c, _ log.Commit) log.Commit { c.Position = c.Position.Event(1); return c }, "inside a commit"},
		{"position of the one before", func(c, before log.Commit) log.Commit { c.Position = before.Position; return c }, "does not lie behind"},
		{"revision zero", func(c, _ log.Commit) log.Commit { c.Revision = 0; return c }, "revision is zero"},
		{"revision of the one before", func(c, before log.Commit) log.Commit { c.Revision = before.Revision; return c }, "before"},
		{"the one before again", func(_, before log.Commit) log.Commit { return before }, "does not lie behind"},
	} {
		spoiled := log.WithDriver(s.log, func(d log.Driver) log.Driver { return &spoilingDriver{d, test.spoil} })
		f := log.Filter{Boundary: "placement"}
		for call, commits := range map[string]iter.Seq2[log.Commit, error]{
			"read":   spoiled.Read(s.ctx, log.Position{}, f),
			"follow": spoiled.Follow(s.ctx, log.Position{}, f),
		} {
			got, last := upTo(commits, len(all))
			for try := 0; try < 20 && errors.Is(last, log.ErrUnavailable); try++ {
				got, last = upTo(commits, len(all)) // the log did not end the call
			}
			if !errors.Is(last, log.ErrCorrupt) || !strings.Contains(last.Error(), test.says) || len(got) != 2 {
				s.Errorf("%s, %s: %d commits, then %v; want 2 and that %q", test.name, call, len(got), last, test.says)
			}
		}
	}
	s.firstImpossible(all)
	s.impossibleAnswers()
}

// upTo reads until the n-th commit or an error.
func upTo(commits iter.Seq2[log.Commit, error], n int) (got []log.Commit, err error) {
	for c, err := range commits {
		if err != nil {
			return got, err
		}
		if got = append(got, c); len(got) == n {
			break
		}
	}
	return got, nil
}

// firstImpossible resumes after a commit while the driver returns that commit again.
func (s *suite) firstImpossible(all []log.Commit) {
	again := log.WithDriver(s.log, func(d log.Driver) log.Driver { return &rewindingDriver{d} })
	commits := again.Read(s.ctx, all[2].Position, log.Filter{})
	got, err := upTo(commits, len(all))
	for try := 0; try < 20 && errors.Is(err, log.ErrUnavailable); try++ {
		got, err = upTo(commits, len(all))
	}
	if !errors.Is(err, log.ErrCorrupt) || len(got) > 0 {
		s.Errorf("read after %s: %d commits, %v", all[2].Position, len(got), err)
	}
}

// impossibleAnswers calls Append and Head while the driver answers both with zero
// values.
func (s *suite) impossibleAnswers() {
	dumb := log.WithDriver(s.log, func(d log.Driver) log.Driver { return &silentDriver{d} })
	if p, r, err := dumb.Append(s.ctx, s.commit("review", 1), 0); !errors.Is(err, log.ErrCorrupt) {
		s.Errorf("append answered with position zero: %s, %d, %v", p, r, err)
	}
	if p, r, err := dumb.Head(s.ctx, log.Filter{}); !errors.Is(err, log.ErrCorrupt) {
		s.Errorf("head with a revision and no position: %s, %d, %v", p, r, err)
	}
}

// A spoilingDriver changes the third commit that it returns.
type spoilingDriver struct {
	log.Driver
	spoil func(c, before log.Commit) log.Commit
}

func (d *spoilingDriver) Read(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return d.third(d.Driver.Read(ctx, from, f))
}

func (d *spoilingDriver) Follow(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return d.third(d.Driver.Follow(ctx, from, f))
}

func (d *spoilingDriver) third(commits iter.Seq2[log.Commit, error]) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		n, before := 0, log.Commit{}
		for c, err := range commits {
			if n++; n == 3 && err == nil {
				c = d.spoil(c, before)
			}
			if before = c; !yield(c, err) {
				return
			}
		}
	}
}

// A rewindingDriver reads from the beginning, whatever the position.
type rewindingDriver struct{ log.Driver }

func (d *rewindingDriver) Read(ctx context.Context, _ log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return d.Driver.Read(ctx, log.Position{}, f)
}

// A silentDriver answers with a zero position.
type silentDriver struct{ log.Driver }

func (d *silentDriver) Append(context.Context, log.Commit, log.Revision) (log.Position, log.Revision, error) {
	return log.Position{}, 1, nil
}

func (d *silentDriver) Head(context.Context, log.Filter) (log.Position, log.Revision, error) {
	return log.Position{}, 1, nil
}
