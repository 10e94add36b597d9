package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// PostClosedType is the type of [PostClosed].
const PostClosedType Type = "post.closed"

// PostClosed ends a post: On is the first day it is no more.
type PostClosed struct {
	Post   string     `json:"post"`
	On     civil.Date `json:"on,omitzero"`
	Reason string     `json:"reason,omitzero"`
}

// Type implements [Data].
func (*PostClosed) Type() Type { return PostClosedType }

// BusinessDate implements [Data].
func (d *PostClosed) BusinessDate() string { return d.On.String() }

// Days implements [Data].
func (d *PostClosed) Days(h Horizon) { h.Planned(Path{Name: "on"}, d.Post, d.On) }

// Clone implements [Data].
func (d *PostClosed) Clone() Data { return new(*d) }

// About implements [Data].
func (*PostClosed) About() *Who { return nil }

// PersonLines implements [Data].
func (*PostClosed) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*PostClosed) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*PostClosed) Place() *division.Code { return nil }

func (*PostClosed) private() *string { return nil }

func (d *PostClosed) check(c *checker) {
	c.name("post", d.Post)
	c.date("on", d.On)
	c.text("reason", d.Reason)
}
