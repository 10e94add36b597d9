package decoding

import (
	"encoding/binary"

	"github.com/muster-works/muster/projections/timeline"
)

// hashCommit hashes what the commit says. Left out is what the rows of the read model
// say and what is hashed with them: the persons, by their numbers, and the
// contributions, summed.
//
// The form is: the packed facts; for each event its key, tag, agency, post, number of
// lines and what belongs to the tag; the post of each line; the names of posts; the
// names of agencies. How many values follow a tag depends on the tag alone, or is the first of them. A change
// of the form raises readmodel.SchemaVersion.
func (d *Decoder) hashCommit(c *Commit) {
	d.hash.Reset()
	d.hash.Write(c.packed)
	b, lines := d.hashed[:0], 0
	for i := range c.Decoded {
		x := &c.Decoded[i]
		b = append(append(b, x.Key[:]...), byte(x.Tag))
		b = appendInt(b, x.Agency)
		b = appendInt(b, x.Post)
		b = appendInt(b, x.linesEnd-lines)
		lines = x.linesEnd
		b = x.appendHashed(b)
	}
	for i := range c.Lines {
		b = binary.AppendUvarint(b, uint64(c.Lines[i].Post))
	}
	for _, p := range c.Posts {
		b = append(append(b, p.Name...), 0)
	}
	for _, name := range c.Agencies {
		b = append(append(b, name...), 0)
	}
	d.hash.Write(b)
	d.hash.Sum(c.Hash[:0])
	d.hashed = b
}

// appendHashed appends what is hashed of an event with its tag.
func (x *Event) appendHashed(b []byte) []byte {
	switch x.Tag {
	case timeline.TagPlanned:
		b = appendText(appendText(b, string(x.Plan.Division)), x.Plan.Area)
		b = appendInt(appendInt(b, x.Plan.Year), x.Seats)
	case timeline.TagMarks, timeline.TagMark:
		b = appendInt(b, int(x.Month))
	case timeline.TagInstructed, timeline.TagSettled, timeline.TagReturned, timeline.TagReversed, timeline.TagRejected:
		b = appendText(b, x.Run)
	case timeline.TagIdentified:
		b = appendInt(b, len(x.AlsoPosts))
		for _, place := range x.AlsoPosts {
			b = appendInt(b, place)
		}
	case 0: // an event without timeline, or one that was set aside
		b = appendInt(b, len(x.Unreadable))
	default: // the others need nothing here
	}
	return b
}

func appendInt(b []byte, n int) []byte { return binary.AppendVarint(b, int64(n)) }

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
