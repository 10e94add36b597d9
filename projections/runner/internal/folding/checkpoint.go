package folding

import (
	"bytes"
	"encoding/binary"

	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/runner/internal/decoding"
	"github.com/muster-works/muster/projections/timeline"
)

// A bulk load writes rows that never change as it goes: commits, rows of views, facts of
// persons. Rows that do change, the timelines of posts and plan lines, it writes at its
// end. A checkpoint holds them as they are in between, so that a load that was
// interrupted goes on from there. It consists of parts, each of these records:
//
//	post       0, name, division within which it lies, facts
//	plan line  1, division, year, area, facts
//
// Numbers are signed varints; texts and facts are preceded by their length. A post or a
// plan line has the next number. A change of the form raises readmodel.SchemaVersion.

// partBytes is about how large a part of a checkpoint is.
const partBytes = 1 << 20

// A packer packs a checkpoint in parts. No record lies across two of them.
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
	postRecord = iota
	planRecord
)

// Checkpoint packs the timelines that change.
func (f *Fold) Checkpoint() [][]byte {
	p := packer{b: []byte{}} // a part even when there is nothing yet
	for no := 1; no < len(f.posts); no++ {
		at := &f.posts[no]
		p.begin(postRecord)
		p.text(at.name)
		p.text(string(*f.views.Within(no)))
		p.bytes(at.facts)
	}
	for no := 1; no < len(f.plans); no++ {
		at := &f.plans[no]
		p.begin(planRecord)
		p.text(string(at.key.Division))
		p.number(int64(at.key.Year))
		p.text(at.key.Area)
		p.bytes(at.facts)
	}
	return append(p.parts, p.b)
}

// An unpacker takes a part apart. After the first damage all that it returns is zero
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

// restoreCheckpoint restores a checkpoint. All of it is yet to be written, so all of it
// is noted as changed. It fails with timeline.ErrDamaged.
func (f *Fold) restoreCheckpoint(parts [][]byte) error {
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

func (f *Fold) restoreRecord(u *unpacker) {
	switch u.number() {
	case postRecord:
		no := len(f.posts)
		name := string(u.bytes())
		*f.views.Within(no) = division.Code(u.bytes())
		f.addPost(decoding.HashPost(name), post{name: name, facts: bytes.Clone(u.bytes())})
		note(&f.changed.posts, &f.posts[no].changed, no)
	case planRecord:
		no := len(f.plans)
		key := timeline.PlanKey{Division: division.Code(u.bytes()), Year: int(u.number()), Area: string(u.bytes())}
		f.planIndex[key] = no
		f.plans = append(f.plans, planLine{key: key, facts: bytes.Clone(u.bytes())})
		note(&f.changed.plans, &f.plans[no].changed, no)
	default:
		u.bad = true
	}
}
