package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// PostResizedType is the type of [PostResized].
const PostResizedType Type = "post.resized"

// PostResized changes the number of seats from a day on.
type PostResized struct {
	Post  string     `json:"post"`
	Seats int        `json:"seats"`
	From  civil.Date `json:"from,omitzero"`
}

// Type implements [Data].
func (*PostResized) Type() Type { return PostResizedType }

// BusinessDate implements [Data].
func (d *PostResized) BusinessDate() string { return d.From.String() }

// Days implements [Data].
func (d *PostResized) Days(h Horizon) { h.Planned(Path{Name: "from"}, d.Post, d.From) }

// Clone implements [Data].
func (d *PostResized) Clone() Data { return new(*d) }

// About implements [Data].
func (*PostResized) About() *Who { return nil }

// PersonLines implements [Data].
func (*PostResized) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*PostResized) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*PostResized) Place() *division.Code { return nil }

func (*PostResized) private() *string { return nil }

func (d *PostResized) check(c *checker) {
	c.name("post", d.Post)
	c.between("seats", d.Seats, 0, 10_000)
	c.required("seats", d.Seats == 0)
	c.date("from", d.From)
}
