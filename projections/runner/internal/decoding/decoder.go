package decoding

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// ErrPoisoned says that an event in the log cannot be read, or is of a type that this
// version knows no use for. Nothing behind it has been projected. It takes a version
// of Muster that understands it, or an operator who looks at the log.
var ErrPoisoned = errors.New("runner: event cannot be read")

// A Decoder decodes commits. It keeps memory from one commit to the next, and nothing
// that makes a difference to what is decoded. It is not safe for concurrent use.
type Decoder struct {
	views    []view.View
	setAside []log.Position
	scanner  events.Scanner
	calendar *timeline.Calendar // of the sheet before
	agencies map[string]int     // places in the list of the commit under way, from 1
	reporter reporter
	hash     hash.Hash
	hashed   []byte // memory for what is hashed
}

// NewDecoder returns a Decoder that asks views what events contribute by themselves.
// Events at the positions set aside need not be readable.
func NewDecoder(views []view.View, setAside []log.Position) *Decoder {
	d := &Decoder{views: views, setAside: setAside, agencies: map[string]int{}, hash: sha256.New()}
	d.reporter.places = map[view.Cell]int{}
	d.reporter.report = d.reporter.add
	return d
}

// Decode fills c from the log's commit in it. An event that cannot be read is an
// ErrPoisoned that names its position, unless the event was set aside.
func (d *Decoder) Decode(c *Commit) error {
	c.reset()
	clear(d.agencies)
	clear(d.reporter.places)
	for i, raw := range c.Events {
		e, err := d.scanner.Scan(raw)
		if err == nil {
			err = d.event(c, e)
		}
		if err == nil {
			continue
		}
		at := c.Position.Event(i)
		if !slices.Contains(d.setAside, at) {
			return fmt.Errorf("%w at position %s: %w", ErrPoisoned, at, err)
		}
		c.Decoded = append(c.Decoded, Event{Unreadable: err.Error(), linesEnd: len(c.Lines), contributionsEnd: len(c.Contributions)})
	}
	d.hashCommit(c)
	return nil
}

// event adds an event to the commit. When it fails it has added nothing.
func (d *Decoder) event(c *Commit, e *events.Event) error {
	i := len(c.Decoded)
	c.Decoded = append(c.Decoded, Event{Key: e.Key().Hash()})
	x, firstLine := &c.Decoded[i], len(c.Lines)
	if err := d.appendFacts(c, x, e); err != nil {
		c.Decoded = c.Decoded[:i]
		return err
	}
	c.mentionSecond(e.Data, firstLine)
	x.Agency, x.County = d.agency(c, e.Agency()), county(e)
	if superseded, ok := e.Supersedes(); ok {
		x.Superseded, x.Supersedes = superseded.Hash(), true
	}
	d.appendContributions(c, e)
	x.linesEnd, x.contributionsEnd = len(c.Lines), len(c.Contributions)
	c.Facts += e.Facts()
	return nil
}

// agency returns the place of an agency in the list of the commit, and adds it to the
// list when it is not there.
func (d *Decoder) agency(c *Commit, name string) int {
	place, ok := d.agencies[name]
	if !ok {
		c.Agencies = append(c.Agencies, name)
		place = len(c.Agencies)
		d.agencies[name] = place
	}
	return place
}

// county returns the code of the county of an event, empty when it has none.
func county(e *events.Event) string {
	if e.Division.Valid() {
		return string(e.Division[:6])
	}
	return ""
}

// appendContributions adds what an event contributes to views by itself.
func (d *Decoder) appendContributions(c *Commit, e *events.Event) {
	for i := range d.views {
		if contribute := d.views[i].Event; contribute != nil {
			d.reporter.view, d.reporter.commit = i, c
			contribute(e, d.reporter.report)
		}
	}
}

// A reporter takes what an event contributes to one view.
type reporter struct {
	view   int
	commit *Commit
	places map[view.Cell]int // in the list of the commit, from 1
	report view.Report       // is add, made once
}

func (r *reporter) add(cell view.Cell, on civil.Date, measure, n int) {
	if n == 0 {
		return
	}
	c := r.commit
	place, ok := r.places[cell]
	if !ok {
		c.Cells = append(c.Cells, cell)
		place = len(c.Cells)
		r.places[cell] = place
	}
	c.Contributions = append(c.Contributions, Contribution{r.view, place, on, measure, n})
}
