// Package simulate makes a synthetic province: what the agencies of a public-employment
// programme would submit in a year, in the order and at the times of delivery, over a
// real division table and under a real policy pack.
//
// # Guarantees
//
//   - The sequence is a function of the configuration alone: the same scale, seed, table
//     and pack give the same submissions, byte for byte, on one processor architecture
//     (another architecture may round a logarithm differently). It depends on no clock
//     and on no iteration order of a map.
//   - The seats developed and the people in place meet the published figures of the
//     programme exactly (400,000 planned, 409,720 developed and 351,480 in place on
//     2022-05-10, 400,000 in place on 2022-06-30), each times the scale and rounded half
//     up, as counted once all reports are delivered.
//   - In order of delivery the services refuse only the submissions marked Invalid. A
//     submission that is delivered before another one that it depends on carries the mode
//     record. A person is first named by a hire, so that no line is about an unknown person.
//   - Delivery times never decrease. There are two instants a day, 12:00 and 18:00 at
//     UTC+8. Within an instant submissions come in the order in which the families depend
//     on each other, so that the submissions for one service form long runs.
//
// People, places and banks are invented. Only the divisions and the figures of the
// programme are real.
//
// Business happens in the days from Config.From until Config.Until. Late reports of it
// are delivered up to some months after.
//
// # How it works
//
//	Config ─► world ─────────► scheduled events ─────► Submission
//	          build_*.go        report_times.go         events*.go
//	          the province      when what is            made when the
//	          as it truly is    reported                sequence reaches it
//
// The world holds compact records of people and placements, some 250 MB for the whole
// programme. It does not change once it is built. The sequence may be ranged over
// again, and by several goroutines at a time; each event is made anew.
package simulate

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
)

// A Config says which province to make.
type Config struct {
	Scale     float64         // from 0.001 to 1, which is the whole programme
	Seed      uint64          // another seed gives other people and other cases
	Divisions *division.Table // table of divisions with at least one village
	Policy    *policy.Pack    // policy pack in force; its adoption is the first submission
	From      civil.Date      // first day; zero is 2022-01-01
	Until     civil.Date      // day after the last day; zero is 2023-01-01
}

// A Submission is one event as an agency delivers it.
type Submission struct {
	Delivered time.Time     // instant of delivery; an import takes it as the recorded time
	Event     *events.Event // in the form of a submission, used by no other submission; nil if Raw is set
	Raw       []byte        // JSON that no Event can hold, such as a date that does not exist
	Invalid   bool          // the services must refuse it
}

// ErrConfig says that a province cannot be made as configured. The text of an error that
// wraps it says why.
var ErrConfig = errors.New("simulate")

// check fills in defaults and returns ErrConfig if the province cannot be made.
func (c *Config) check() error {
	if c.From == 0 {
		c.From = civil.On(2022, 1, 1)
	}
	if c.Until == 0 {
		c.Until = civil.On(2023, 1, 1)
	}
	switch {
	case !(c.Scale >= 0.001 && c.Scale <= 1):
		return fmt.Errorf("%w: scale %v, want 0.001 to 1", ErrConfig, c.Scale)
	case c.Divisions == nil || c.Policy == nil:
		return fmt.Errorf("%w: a division table and a policy pack are needed", ErrConfig)
	case c.Until <= c.From || c.Until-c.From > 5*366:
		return fmt.Errorf("%w: from %s until %s, want at least a day and at most five years", ErrConfig, c.From, c.Until)
	case c.Policy.ValidFrom > c.From || c.Policy.ValidTo != 0 && c.Policy.ValidTo < c.Until:
		return fmt.Errorf("%w: the policy pack %s does not hold from %s until %s", ErrConfig, c.Policy.Version, c.From, c.Until)
	}
	return c.Policy.Check()
}

// Run makes a province and returns its submissions in order of delivery. It returns
// ErrConfig if the province cannot be made.
func Run(cfg Config) (iter.Seq[Submission], error) {
	w, err := build(cfg)
	if err != nil {
		return nil, err
	}
	return w.submissions, nil
}

// Write makes a province and writes its submissions, one CloudEvent on each line with
// its delivery time as recordedtime, and its labels; see [Label].
func Write(cfg Config, events, labels io.Writer) error {
	w, err := build(cfg)
	if err != nil {
		return err
	}
	if err := w.writeLabels(labels); err != nil {
		return err
	}
	out := bufio.NewWriterSize(events, 1<<20)
	var line []byte
	for s := range w.submissions {
		if line, err = s.append(line[:0]); err != nil {
			return err
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// append appends the submission as a line: its event with the delivery time as the
// first member.
func (s *Submission) append(b []byte) ([]byte, error) {
	b = append(b, `{"recordedtime":"`...)
	b = s.Delivered.AppendFormat(b, time.RFC3339)
	b = append(b, `",`...)
	if s.Raw != nil {
		return append(append(b, s.Raw[1:]...), '\n'), nil
	}
	start := len(b)
	b, err := s.Event.Append(b)
	if err != nil {
		return b, err
	}
	b = append(b[:start], b[start+1:]...) // without its opening brace
	return append(b, '\n'), nil
}
