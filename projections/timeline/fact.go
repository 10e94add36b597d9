package timeline

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// A Tag is a kind of fact, as packed. Numbers are never used again.
type Tag byte

// The kinds of facts.
const (
	tagVoid       Tag = 1 // any timeline: an event that was replaced or withdrawn
	TagDeveloped  Tag = 2 // post
	TagResized    Tag = 3
	TagClosed     Tag = 4
	TagHired      Tag = 5 // post and person
	TagExited     Tag = 6
	TagRenewed    Tag = 7
	TagPlanned    Tag = 8 // plan line
	TagTrained    Tag = 9 // person
	TagMarks      Tag = 10
	TagMark       Tag = 11
	TagInstructed Tag = 12
	TagSettled    Tag = 13
	TagReturned   Tag = 14
	TagReversed   Tag = 15
	TagAccount    Tag = 16
	TagRegistry   Tag = 17
	TagMentioned  Tag = 18 // person: belongs in the trail and changes nothing
	TagSheet      Tag = 19 // post, see AppendSheet
)

// ofRun, ofPost and ofPerson say which numbers a fact is about, beside the
// timeline that it belongs to.
func (t Tag) ofRun() bool { return t >= TagInstructed && t <= TagReversed }
func (t Tag) ofPost() bool {
	return t >= TagHired && t <= TagRenewed || t >= TagMarks && t <= TagInstructed
}
func (t Tag) ofPerson() bool { return t >= TagHired && t <= TagRenewed }

// A Fact is what an event, or one line of it, says of a person or a post. Rest
// is all of it that depends on the event alone, as one of the Pack functions
// packed it. So facts can be packed apart from the log's order, and numbers
// be given in it. Numbers that facts of a kind do not have are ignored.
type Fact struct {
	Tag    Tag
	Run    Number // of a pay line
	Post   Number // in the timeline of a person
	Person Number // in the timeline of a post
	Rest   []byte
}

// AppendFact packs what the event ref says of a post, behind the earlier facts
// of the post.
func AppendFact(b []byte, ref Ref, f Fact) []byte {
	b = append(appendUint(b, ref), byte(f.Tag))
	if f.Tag.ofPerson() {
		b = appendUint(b, f.Person)
	}
	return append(b, f.Rest...)
}

// Add adds what the event ref says of the person in a slot.
func (l *Leaf) Add(slot byte, ref Ref, f Fact) {
	var head [12]byte
	h := append(head[:0], byte(f.Tag))
	if f.Tag.ofRun() {
		h = appendUint(h, f.Run)
	}
	if f.Tag.ofPost() {
		h = appendUint(h, f.Post)
	}
	if len(l.b)+len(f.Rest) > cap(l.b)-2*len(head) {
		l.b = slices.Grow(l.b, len(l.b)+len(f.Rest)+2*len(head)) // twice as much: it is filled soon
	}
	l.b = append(appendUint(l.b, ref-l.last), slot)
	l.b = appendUint(l.b, len(h)+len(f.Rest))
	l.b = append(append(l.b, h...), f.Rest...)
	l.last = ref
}

// AddVoid adds to the person in a slot that the event target, which is about
// the person, was replaced or withdrawn by the event by, as is known since the
// event at: the later of the two.
func (l *Leaf) AddVoid(slot byte, at, target, by Ref) {
	l.b = append(appendUint(l.b, at-l.last), slot)
	l.b = append(appendUint(l.b, 1+uintSize(uint64(target))+uintSize(uint64(by))), byte(tagVoid))
	l.b = appendUint(appendUint(l.b, target), by)
	l.last = at
}

// uintSize is how many bytes binary.AppendUvarint takes.
func uintSize(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

func appendUint[T ~int | ~int32 | ~int64 | ~uint16 | ~uint32 | ~uint64](b []byte, v T) []byte {
	if uint64(v) < 0x80 {
		return append(b, byte(v))
	}
	return binary.AppendUvarint(b, uint64(v))
}
