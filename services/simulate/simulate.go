// Package simulate makes a synthetic province: what the agencies of a
// public-employment programme would submit in a year, in the order and at the
// times of delivery, over a real division table and under a real policy pack.
//
// # Guarantees
//
//   - The sequence is a function of the configuration alone: the same scale,
//     seed, table and pack give the same submissions, byte for byte, on one
//     processor architecture (others may round a logarithm otherwise). There
//     is no clock in it, and no order of a map.
//   - Seats developed and people in place meet the published figures of the
//     programme exactly (400,000 planned, 409,720 developed and 351,480 in
//     place on 2022-05-10, 400,000 in place on 2022-06-30), each times the
//     scale and rounded half up, as counted once all reports are in.
//   - In order of delivery nothing is refused but the submissions marked
//     Invalid: what arrives before the thing that it depends on carries the
//     mode record. A person is first named by a hire, so that no line is about
//     somebody unknown.
//   - Delivery times never decrease, and there are two instants a day, 12:00
//     and 18:00 at UTC+8. Within an instant submissions come in the order of
//     the families that depend on each other, so that one service's
//     submissions form long runs.
//
// What is said about the people, places and banks is invented; only the
// divisions and the figures of the programme are real.
//
// Business happens in the days from Config.From until Config.Until; late
// reports of it are delivered up to some months after.
//
// A run holds compact records of persons and placements and makes events when
// they are due: some 250 MB for the whole programme. The sequence may be ranged
// over again, and by several goroutines at a time; each event is made anew.
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
	Scale     float64         // 1 is the whole programme; from 0.001 to 1
	Seed      uint64          // another seed, other people
	Divisions *division.Table // where
	Policy    *policy.Pack    // under which rules; it is the first submission
	From      civil.Date      // first day; 2022-01-01 where left out
	Until     civil.Date      // first day no longer; 2023-01-01 where left out
}

// A Submission is one event as an agency delivers it.
type Submission struct {
	Delivered time.Time     // when; on import it becomes the recorded time
	Event     *events.Event // in submission form, made for this submission; nil where Raw is all there is
	Raw       []byte        // what no Event can hold, such as a date that does not exist
	Invalid   bool          // to be refused
}

// ErrConfig says that a province cannot be made as configured.
var ErrConfig = errors.New("simulate")

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

// Run makes the province and returns its submissions. It fails with ErrConfig.
func Run(cfg Config) (iter.Seq[Submission], error) {
	w, err := build(cfg)
	if err != nil {
		return nil, err
	}
	return w.submissions, nil
}

// Write makes the province and writes its submissions, one CloudEvent a line
// with its delivery time as recordedtime, and its labels (see [Label]).
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

// append writes the submission as a line: its event with the delivery time as
// the first member.
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
	b = append(b[:start], b[start+1:]...) // its opening brace
	return append(b, '\n'), nil
}
