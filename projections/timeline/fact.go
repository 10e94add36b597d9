package timeline

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// A Tag is a kind of fact, as packed. Numbers are never used again.
type Tag byte

// The kinds of facts. Each has a row in facts.
const (
	tagRetracted    Tag = 1
	TagDeveloped    Tag = 2
	TagResized      Tag = 3
	TagClosed       Tag = 4
	TagHired        Tag = 5
	TagExited       Tag = 6
	TagRenewed      Tag = 7
	TagPlanned      Tag = 8
	TagTrained      Tag = 9
	TagMarks        Tag = 10
	TagMark         Tag = 11
	TagInstructed   Tag = 12
	TagSettled      Tag = 13
	TagReturned     Tag = 14
	TagReversed     Tag = 15
	TagAccount      Tag = 16
	TagRegistry     Tag = 17
	TagMentioned    Tag = 18 // belongs in the trail and changes nothing
	TagSheet        Tag = 19 // see AppendSheet
	TagChanged      Tag = 20
	TagGroupChanged Tag = 21
	TagSuspended    Tag = 22
	TagResumed      Tag = 23
	TagRejected     Tag = 24
	TagIdentified   Tag = 25
)

// A factRow says of one kind of facts to which timelines they belong, and which
// numbers are packed with each fact before its Rest.
type factRow struct {
	post, person, plan bool // the timelines in which such facts lie
	ofPerson           bool // in the timeline of a post: the number of a person
	ofRun, ofPost      bool // in the timeline of a person: the numbers of a pay run and of a post, in this order
}

// facts has the row of each kind, by its tag.
var facts = [...]factRow{
	tagRetracted:    {post: true, person: true, plan: true},
	TagDeveloped:    {post: true},
	TagResized:      {post: true},
	TagClosed:       {post: true},
	TagHired:        {post: true, person: true, ofPerson: true, ofPost: true},
	TagExited:       {post: true, person: true, ofPerson: true, ofPost: true},
	TagRenewed:      {post: true, person: true, ofPerson: true, ofPost: true},
	TagPlanned:      {plan: true},
	TagTrained:      {person: true},
	TagMarks:        {person: true, ofPost: true},
	TagMark:         {person: true, ofPost: true},
	TagInstructed:   {person: true, ofRun: true, ofPost: true},
	TagSettled:      {person: true, ofRun: true},
	TagReturned:     {person: true, ofRun: true},
	TagReversed:     {person: true, ofRun: true},
	TagAccount:      {person: true},
	TagRegistry:     {person: true},
	TagMentioned:    {person: true},
	TagSheet:        {post: true},
	TagChanged:      {post: true},
	TagGroupChanged: {post: true, person: true, ofPerson: true, ofPost: true},
	TagSuspended:    {post: true, person: true, ofPerson: true, ofPost: true},
	TagResumed:      {post: true, person: true, ofPerson: true, ofPost: true},
	TagRejected:     {person: true, ofRun: true},
	TagIdentified:   {post: true, person: true, ofPerson: true},
}

// A Fact is what an event, or one line of it, says of a person or a post. Rest is the
// part that depends on the event alone, as one of the Pack functions packed it. Numbers
// depend on the order of the log, and are put before it. So the rests of many commits
// can be packed at a time. Numbers that facts of a kind do not have are ignored.
type Fact struct {
	Tag    Tag
	Run    Number // of a pay line
	Post   Number // in the timeline of a person
	Person Number // in the timeline of a post
	Rest   []byte
}

// AppendFact appends what the event ref says of a post to the packed facts of the post.
func AppendFact(b []byte, ref Ref, f Fact) []byte {
	b = append(appendUint(b, ref), byte(f.Tag))
	if facts[f.Tag].ofPerson {
		b = appendUint(b, f.Person)
	}
	return append(b, f.Rest...)
}

// Add adds what the event ref says of the person in a slot.
func (l *Leaf) Add(slot byte, ref Ref, f Fact) {
	var head [12]byte
	h := append(head[:0], byte(f.Tag))
	row := &facts[f.Tag]
	if row.ofRun {
		h = appendUint(h, f.Run)
	}
	if row.ofPost {
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

// uintSize is how many bytes binary.AppendUvarint takes.
func uintSize(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

func appendUint[T ~int | ~int32 | ~int64 | ~uint16 | ~uint32 | ~uint64](b []byte, v T) []byte {
	if uint64(v) < 0x80 {
		return append(b, byte(v))
	}
	return binary.AppendUvarint(b, uint64(v))
}
