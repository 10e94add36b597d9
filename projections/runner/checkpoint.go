package runner

import (
	"bytes"
	"encoding/binary"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/timeline"
)

// A bulk load writes what never changes as it goes: commits, rows of views, facts
// of persons. What does change it writes at its end: the timelines of posts and
// plan lines. A checkpoint has them as they are in between, in the packed form
// below, so that a load that was interrupted goes on from there.

// partBytes is about how large a part of a checkpoint is.
const partBytes = 1 << 20

// A packer packs a checkpoint in parts. Nothing lies across two of them.
type packer struct {
	parts [][]byte
	b     []byte
}

func (p *packer) number(n int64) { p.b = binary.AppendVarint(p.b, n) }

func (p *packer) text(s string) { p.b = append(binary.AppendVarint(p.b, int64(len(s))), s...) }

func (p *packer) bytes(s []byte) { p.b = append(binary.AppendVarint(p.b, int64(len(s))), s...) }

// begin begins a record.
func (p *packer) begin(kind int64) {
	if len(p.b) >= partBytes {
		p.parts, p.b = append(p.parts, p.b), make([]byte, 0, partBytes+partBytes/8)
	}
	p.number(kind)
}

// The kinds of records.
const (
	ofPost = iota // the next post
	ofPlan        // the next plan line
)

// checkpoint packs what changes.
func (f *fold) checkpoint() [][]byte {
	p := packer{b: []byte{}} // a part even where there is nothing yet
	for no := 1; no < len(f.posts); no++ {
		at := &f.posts[no]
		p.begin(ofPost)
		p.text(at.name)
		p.text(string(*f.differ.in(no)))
		p.bytes(at.facts)
	}
	for no := 1; no < len(f.plans); no++ {
		at := &f.plans[no]
		p.begin(ofPlan)
		p.text(string(at.key.Division))
		p.number(int64(at.key.Year))
		p.text(at.key.Area)
		p.bytes(at.facts)
	}
	return append(p.parts, p.b)
}

// An unpacker takes a part apart. After the first damage what it returns is zero
// and bad is set.
type unpacker struct {
	b   []byte
	bad bool
}

func (u *unpacker) number() int64 {
	v, n := binary.Varint(u.b)
	if n <= 0 {
		u.b, u.bad = nil, true
		return 0
	}
	u.b = u.b[n:]
	return v
}

func (u *unpacker) bytes() []byte {
	n := u.number()
	if n < 0 || n > int64(len(u.b)) {
		u.b, u.bad = nil, true
		return nil
	}
	v := u.b[:n]
	u.b = u.b[n:]
	return v
}

// restore takes up a checkpoint. All of it is yet to be written. It fails with
// timeline.ErrDamaged.
func (f *fold) restore(parts [][]byte) error {
	for _, part := range parts {
		u := unpacker{b: part}
		for len(u.b) > 0 && !u.bad {
			f.restoreRecord(&u)
		}
		if u.bad {
			return timeline.ErrDamaged
		}
	}
	return nil
}

func (f *fold) restoreRecord(u *unpacker) {
	switch u.number() {
	case ofPost:
		no := len(f.posts)
		name := string(u.bytes())
		*f.differ.in(no) = division.Code(u.bytes())
		f.know(nameOf(name), post{name: name, facts: bytes.Clone(u.bytes())})
		f.change(&f.changed.posts, &f.posts[no].changed, no)
	case ofPlan:
		no := len(f.plans)
		key := timeline.PlanKey{Division: division.Code(u.bytes()), Year: int(u.number()), Area: string(u.bytes())}
		f.planNumbers[key] = no
		f.plans = append(f.plans, planLine{key: key, facts: bytes.Clone(u.bytes())})
		f.change(&f.changed.plans, &f.plans[no].changed, no)
	default:
		u.bad = true
	}
}
