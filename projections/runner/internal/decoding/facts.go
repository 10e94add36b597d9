package decoding

import (
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/timeline"
)

// appendFacts adds the facts that an event states: of the post as a whole to the event,
// of persons to its lines. It fails for a type of which nothing is known to be done, and
// has added nothing then.
func (d *Decoder) appendFacts(c *Commit, x *Event, e *events.Event) error {
	pack := func(b []byte) Extent {
		p := Extent{len(c.packed), len(b)}
		c.packed = b
		return p
	}
	about := func(who events.Person, rest Extent) { c.Lines = append(c.Lines, Line{who, x.Post, rest}) }
	switch v := e.Data.(type) {
	case *events.PlanSet:
		x.Tag, x.Plan, x.Seats = timeline.TagPlanned, timeline.PlanKeyOf(e.Division, v), v.Posts
	case *events.PostDeveloped:
		x.Tag, x.Post = timeline.TagDeveloped, c.post(v.Post)
		x.Own = pack(timeline.PackDeveloped(c.packed, e.Division, e.Agency(), v))
	case *events.PostResized:
		x.Tag, x.Post = timeline.TagResized, c.post(v.Post)
		x.Own = pack(timeline.PackResized(c.packed, v))
	case *events.PostClosed:
		x.Tag, x.Post = timeline.TagClosed, c.post(v.Post)
		x.Own = pack(timeline.PackClosed(c.packed, v))
	case *events.PostChanged:
		x.Tag, x.Post = timeline.TagChanged, c.post(v.Post)
		x.Own = pack(timeline.PackChanged(c.packed, v))
	case *events.HirePlaced:
		x.Tag, x.Post = timeline.TagHired, c.post(v.Post)
		x.Own = pack(timeline.PackHired(c.packed, v))
		about(v.Person, x.Own)
	case *events.HireRenewed:
		x.Tag, x.Post = timeline.TagRenewed, c.post(v.Post)
		x.Own = pack(timeline.PackRenewed(c.packed, v))
		about(v.Person, x.Own)
	case *events.HireChanged:
		x.Tag, x.Post = timeline.TagGroupChanged, c.post(v.Post)
		x.Own = pack(timeline.PackGroupChanged(c.packed, v))
		about(v.Person, x.Own)
	case *events.HireSuspended:
		x.Tag, x.Post = timeline.TagSuspended, c.post(v.Post)
		x.Own = pack(timeline.PackSuspended(c.packed, v))
		about(v.Person, x.Own)
	case *events.HireResumed:
		x.Tag, x.Post = timeline.TagResumed, c.post(v.Post)
		x.Own = pack(timeline.PackResumed(c.packed, v))
		about(v.Person, x.Own)
	case *events.ExitRecorded:
		x.Tag, x.Post = timeline.TagExited, c.post(v.Post)
		x.Own = pack(timeline.PackExited(c.packed, v))
		about(v.Person, x.Own)
	case *events.PersonIdentified:
		if x.Tag = timeline.TagMentioned; v.Renumbers() {
			x.Tag, x.Own = timeline.TagIdentified, pack(timeline.PackIdentified(c.packed, v))
			for _, name := range v.Posts {
				x.AlsoPosts = append(x.AlsoPosts, c.post(name))
			}
		}
		about(v.Person, x.Own)
		if v.HeldBy != (events.Person{}) {
			c.Lines = append(c.Lines, Line{Person: v.HeldBy, Post: mentioned})
		}
	case *events.TrainingCompleted:
		x.Tag = timeline.TagTrained
		about(v.Person, pack(timeline.PackTrained(c.packed, v)))
	case *events.AccountAssigned:
		x.Tag = timeline.TagAccount
		about(v.Person, pack(timeline.PackAccount(c.packed, v)))
	case *events.AttendanceReported:
		x.Post = c.post(v.Post)
		d.attendance(c, x, timeline.AuthorityOf(e, v), v)
	case *events.PaymentInstructed:
		x.Tag, x.Run = timeline.TagInstructed, v.RunKey().String()
		for i := range v.Lines {
			l := &v.Lines[i]
			c.Lines = append(c.Lines, Line{l.Person, c.post(l.Post), pack(timeline.PackInstructed(c.packed, v.Month, v.Day(), l))})
		}
	case *events.PaymentSettled:
		x.Tag, x.Run = timeline.TagSettled, v.RunKey().String()
		for i := range v.Lines {
			l := &v.Lines[i]
			about(l.Person, pack(timeline.PackSettled(c.packed, v.PaidOn, l)))
		}
	case events.Restitution:
		x.Tag = timeline.TagReturned
		if v.Type() == events.PaymentReversedType {
			x.Tag = timeline.TagReversed
		}
		_, lines := v.Restitution()
		x.Run = v.RunKey().String()
		for i := range lines {
			about(lines[i].Person, pack(timeline.PackReturned(c.packed, &lines[i])))
		}
	case *events.PaymentRejected:
		x.Tag, x.Run = timeline.TagRejected, v.RunKey().String()
		for i := range v.Lines {
			about(v.Lines[i].Person, pack(timeline.PackRejected(c.packed, v.On, &v.Lines[i])))
		}
	case *events.RegistryReported:
		x.Tag = timeline.TagRegistry
		for i := range v.Lines {
			about(v.Lines[i].Person, pack(timeline.PackRegistry(c.packed, v.Registry, &v.Lines[i])))
		}
	case *events.PersonErased:
		x.Tag = timeline.TagMentioned
		about(v.Person, Extent{})
	case *events.PersonRevealed:
		x.Tag = timeline.TagMentioned
		about(v.Person, Extent{})
	default:
		return c.mention(x, v)
	}
	return nil
}

// attendance adds the facts of a sheet of a month or of a day.
func (d *Decoder) attendance(c *Commit, x *Event, by timeline.Authority, v *events.AttendanceReported) {
	x.Tag, x.Month = timeline.TagMarks, v.Month
	if v.Date != 0 {
		x.Tag, x.Month = timeline.TagMark, v.Date.Month()
	}
	for i := range v.Lines {
		from := len(c.packed)
		if v.Date != 0 {
			c.packed = timeline.PackMark(c.packed, by, v.Date, v.Lines[i].Mark)
		} else {
			c.packed = timeline.PackMarks(c.packed, by, d.month(v.Month), v.Lines[i].Marks)
		}
		c.Lines = append(c.Lines, Line{v.Lines[i].Person, x.Post, Extent{from, len(c.packed)}})
	}
}

// month returns the calendar of a month. It is made once for sheets of one month in turn.
func (d *Decoder) month(m civil.Month) *timeline.Calendar {
	if d.calendar == nil || d.calendar.Month != m {
		d.calendar = timeline.CalendarOf(m)
	}
	return d.calendar
}
