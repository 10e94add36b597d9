package runner

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/maphash"
	"slices"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/view"
)

// A digest is a commit as the fold takes it: what each event says, packed, and
// about whom, by name. All of it depends on the commit alone, so digests are
// made apart from the log's order, several at a time. Only what is about
// numbers is left for the fold.
//
// Texts are parts of the commit's bytes: what is kept is cloned. A digest is
// used again for another commit, see digester.
type digest struct {
	log.Commit
	events []digested
	lines  []line
	packed []byte // what the rests of facts are parts of

	// What is named, in the order in which it is first. This is hashed, so it depends
	// on the commit alone. A post stands there once for each run of events or lines
	// that name it in turn, everything else once.
	posts    []postName
	agencies []string
	cells    []view.Cell // of parts

	parts []reported // what events contribute by themselves
	facts int
	said  [sha256.Size]byte // see digester.hash
}

// A digested is one event.
type digested struct {
	key      [16]byte
	replaced [16]byte // key of the event that it replaces or withdraws
	replaces bool

	agency int    // that answers for it, in agencies, from 1
	county string // where new persons are noted
	tag    timeline.Tag
	run    string // of pay lines
	post   int    // in posts, from 1: that all lines are about; 0 is none
	own    extent // what it says of the post itself
	plan   timeline.PlanKey
	seats  int         // that are planned
	month  civil.Month // of a sheet
	lines  int         // end of its lines
	parts  int         // and of its parts

	aside string // why the event cannot be read, where it was set aside
}

// A reported is a part of what an event contributes to a view by itself.
type reported struct {
	view, cell int // the cell in cells, from 1
	date       civil.Date
	measure, n int
}

// A line says something of one person.
type line struct {
	person uuid.UUID
	post   int // in posts, from 1
	rest   extent
}

// An extent of packed; the zero extent is none.
type extent struct{ from, to int }

func (d *digest) bytes(p extent) []byte { return d.packed[p.from:p.to] }

// A postName is the name of a post, with a hash that holds for this process.
type postName struct {
	name string
	hash uint64
}

var seed = maphash.MakeSeed()

func nameOf(post string) postName { return postName{post, maphash.String(seed, post)} }

// A digester makes digests. It is not safe for concurrent use.
type digester struct {
	views     []view.View
	setAside  []log.Position // events that need not be readable
	scanner   events.Scanner
	calendar  *timeline.Calendar
	reporting reporting
	agencies  map[string]int // places in the list of the digest under way
	said      hash.Hash
	scratch   []byte
}

func newDigester(views []view.View, setAside []log.Position) *digester {
	g := &digester{views: views, setAside: setAside, agencies: map[string]int{}, said: sha256.New()}
	g.reporting.cells = map[view.Cell]int{}
	g.reporting.take = g.reporting.part
	return g
}

// digest makes d the digest of its commit. What cannot be read is an error that
// names its position, unless it was set aside.
func (g *digester) digest(d *digest) error {
	d.events, d.lines, d.posts, d.packed, d.facts = d.events[:0], d.lines[:0], d.posts[:0], d.packed[:0], 0
	d.agencies, d.cells, d.parts = d.agencies[:0], d.cells[:0], d.parts[:0]
	clear(g.agencies)
	clear(g.reporting.cells)
	for i, raw := range d.Events {
		e, err := g.scanner.Scan(raw)
		if err == nil {
			err = g.event(d, e)
		}
		if err == nil {
			continue
		}
		at := d.Position.Event(i)
		if !slices.Contains(g.setAside, at) {
			return fmt.Errorf("%w at position %s: %w", ErrPoisoned, at, err)
		}
		d.events = append(d.events, digested{aside: err.Error(), lines: len(d.lines), parts: len(d.parts)})
	}
	g.hash(d)
	return nil
}

// event adds an event to the digest. When it fails it has added nothing.
func (g *digester) event(d *digest, e *events.Event) error {
	i := len(d.events)
	d.events = append(d.events, digested{key: e.Key().Hash()})
	x := &d.events[i]
	if err := g.say(d, x, e); err != nil {
		d.events = d.events[:i]
		return err
	}
	x.agency, x.county = g.agency(d, e.Agency()), county(e)
	if superseded, ok := e.Supersedes(); ok {
		x.replaced, x.replaces = superseded.Hash(), true
	}
	g.report(d, e)
	x.lines, x.parts = len(d.lines), len(d.parts)
	d.facts += e.Facts()
	return nil
}

// report takes down what an event contributes by itself.
func (g *digester) report(d *digest, e *events.Event) {
	for i := range g.views {
		if of := g.views[i].Event; of != nil {
			g.reporting.view, g.reporting.to = i, d
			of(e, g.reporting.take)
		}
	}
}

// A reporting is the view that is asked what an event contributes, and the digest
// that takes it.
type reporting struct {
	view  int
	to    *digest
	take  view.Report
	cells map[view.Cell]int // places in the list of the digest
}

func (r *reporting) part(c view.Cell, on civil.Date, measure, n int) {
	if n == 0 {
		return
	}
	d := r.to
	at, ok := r.cells[c]
	if !ok {
		at = len(d.cells)
		d.cells = append(d.cells, c)
		r.cells[c] = at
	}
	d.parts = append(d.parts, reported{r.view, at + 1, on, measure, n})
}

// hash hashes what the fold takes of the commit, but for whom it is about and what it
// contributes: those are hashed as numbers and rows, once the fold has made them. How
// many values follow a tag depends on the tag alone.
func (g *digester) hash(d *digest) {
	g.said.Reset()
	g.said.Write(d.packed)
	b, lines := g.scratch[:0], 0
	number := func(n int) { b = binary.AppendVarint(b, int64(n)) }
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	for i := range d.events {
		x := &d.events[i]
		b = append(append(b, x.key[:]...), byte(x.tag))
		number(x.agency)
		number(x.post)
		number(x.lines - lines)
		lines = x.lines
		switch x.tag {
		case timeline.TagPlanned:
			text(string(x.plan.Division))
			text(x.plan.Area)
			number(x.plan.Year)
			number(x.seats)
		case timeline.TagMarks, timeline.TagMark:
			number(int(x.month))
		case timeline.TagInstructed, timeline.TagSettled, timeline.TagReturned, timeline.TagReversed:
			text(x.run)
		case 0: // nothing that the fold takes, or an event that was set aside
			number(len(x.aside))
		}
	}
	for i := range d.lines {
		b = binary.AppendUvarint(b, uint64(d.lines[i].post))
	}
	for _, p := range d.posts {
		b = append(append(b, p.name...), 0)
	}
	for _, name := range d.agencies {
		b = append(append(b, name...), 0)
	}
	g.said.Write(b)
	g.said.Sum(d.said[:0])
	g.scratch = b
}

func county(e *events.Event) string {
	if e.Division.Valid() {
		return string(e.Division[:6])
	}
	return ""
}

// say takes down what an event says. It fails when nothing is known to be done with
// the type of the event, and has added nothing then.
func (g *digester) say(d *digest, x *digested, e *events.Event) error {
	pack := func(b []byte) extent {
		p := extent{len(d.packed), len(b)}
		d.packed = b
		return p
	}
	about := func(who events.Person, rest extent) { d.lines = append(d.lines, line{who, x.post, rest}) }
	switch v := e.Data.(type) {
	case *events.PlanSet:
		x.tag, x.plan, x.seats = timeline.TagPlanned, timeline.PlanKeyOf(e.Division, v), v.Posts
	case *events.PostDeveloped:
		x.tag, x.post = timeline.TagDeveloped, d.post(v.Post)
		x.own = pack(timeline.PackDeveloped(d.packed, e.Division, e.Agency(), v))
	case *events.PostResized:
		x.tag, x.post = timeline.TagResized, d.post(v.Post)
		x.own = pack(timeline.PackResized(d.packed, v))
	case *events.PostClosed:
		x.tag, x.post = timeline.TagClosed, d.post(v.Post)
		x.own = pack(timeline.PackClosed(d.packed, v))
	case *events.HirePlaced:
		x.tag, x.post = timeline.TagHired, d.post(v.Post)
		x.own = pack(timeline.PackHired(d.packed, v))
		about(v.Person, x.own)
	case *events.HireRenewed:
		x.tag, x.post = timeline.TagRenewed, d.post(v.Post)
		x.own = pack(timeline.PackRenewed(d.packed, v))
		about(v.Person, x.own)
	case *events.ExitRecorded:
		x.tag, x.post = timeline.TagExited, d.post(v.Post)
		x.own = pack(timeline.PackExited(d.packed, v))
		about(v.Person, x.own)
	case *events.TrainingCompleted:
		x.tag = timeline.TagTrained
		about(v.Person, pack(timeline.PackTrained(d.packed, v)))
	case *events.AccountAssigned:
		x.tag = timeline.TagAccount
		about(v.Person, pack(timeline.PackAccount(d.packed, v)))
	case *events.AttendanceReported:
		x.post = d.post(v.Post)
		g.attendance(d, x, v)
	case *events.PaymentInstructed:
		x.tag, x.run = timeline.TagInstructed, v.Run
		for i := range v.Lines {
			l := &v.Lines[i]
			d.lines = append(d.lines, line{l.Person, d.post(l.Post), pack(timeline.PackInstructed(d.packed, v.Month, l))})
		}
	case *events.PaymentSettled:
		x.tag, x.run = timeline.TagSettled, v.Run
		for i := range v.Lines {
			l := &v.Lines[i]
			about(l.Person, pack(timeline.PackSettled(d.packed, v.PaidOn, l)))
		}
	case *events.PaymentReturned:
		x.tag, x.run = timeline.TagReturned, v.Run
		for i := range v.Lines {
			about(v.Lines[i].Person, pack(timeline.PackReturned(d.packed, &v.Lines[i])))
		}
	case *events.PaymentReversed:
		x.tag, x.run = timeline.TagReversed, v.Run
		for i := range v.Lines {
			about(v.Lines[i].Person, pack(timeline.PackReturned(d.packed, &v.Lines[i])))
		}
	case *events.RegistryReported:
		x.tag = timeline.TagRegistry
		for i := range v.Lines {
			about(v.Lines[i].Person, pack(timeline.PackRegistry(d.packed, v.Registry, &v.Lines[i])))
		}
	case *events.PersonErased:
		x.tag = timeline.TagMentioned
		about(v.Person, extent{})
	case *events.PersonRevealed:
		x.tag = timeline.TagMentioned
		about(v.Person, extent{})
	default:
		return d.mention(x, v)
	}
	return nil
}

// attendance takes down a sheet, of a month or of a day.
func (g *digester) attendance(d *digest, x *digested, v *events.AttendanceReported) {
	x.tag, x.month = timeline.TagMarks, v.Month
	if v.Date != 0 {
		x.tag, x.month = timeline.TagMark, v.Date.Month()
	}
	for i := range v.Lines {
		from := len(d.packed)
		if v.Date != 0 {
			d.packed = timeline.PackMark(d.packed, v.Date, v.Lines[i].Mark)
		} else {
			d.packed = timeline.PackMarks(d.packed, g.month(v.Month), v.Lines[i].Marks)
		}
		d.lines = append(d.lines, line{v.Lines[i].Person, x.post, extent{from, len(d.packed)}})
	}
}

// month returns a calendar that is kept while the month stays.
func (g *digester) month(m civil.Month) *timeline.Calendar {
	if g.calendar == nil || g.calendar.Month != m {
		g.calendar = timeline.CalendarOf(m)
	}
	return g.calendar
}

// agency returns the place of an agency in the list of the digest, from 1, and adds
// the agency when it is not there.
func (g *digester) agency(d *digest, name string) int {
	at, ok := g.agencies[name]
	if !ok {
		at = len(d.agencies)
		d.agencies = append(d.agencies, name)
		g.agencies[name] = at
	}
	return at + 1
}

// post notes the name of a post.
func (d *digest) post(name string) int {
	if n := len(d.posts); n == 0 || d.posts[n-1].name != name {
		d.posts = append(d.posts, nameOf(name))
	}
	return len(d.posts)
}
