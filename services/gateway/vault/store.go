package vault

import (
	"context"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
)

// A store keeps the rows of a vault: in a file of this process (sqlite.go), or
// on a server that several gateways share (postgres.go). One suite holds both
// to what follows.
//
// Transactions do not overlap, whichever gateway's they are. Each that changes
// something has a version, higher than all before it, and whoever reads the
// news of a version sees all that was changed up to it.
type store interface {
	// begin begins a transaction, once those of others have ended, and returns
	// the news since a version; nil where there are none. What it returned must
	// end in commit or rollback.
	begin(ctx context.Context, since int64) (transaction, *news, error)
	// read returns the news since a version, nil where there are none. It does
	// not wait for a transaction.
	read(ctx context.Context, since int64) (*news, error)
	// scrub makes what was deleted as hard to find as the store can.
	scrub(ctx context.Context) error
	// door is what lets one erase while nobody submits.
	door() door
	close() error
}

// A transaction sees the rows as they were when it began.
type transaction interface {
	// rows returns the rows of these numbers that exist, in any order.
	rows(ctx context.Context, numbers []uint32) ([]*record, error)
	// marks visits the marks of every row. They are valid during the visit.
	marks(ctx context.Context, visit func(n uint32, marks []byte)) error
	// commit writes a change and returns its version once it is on the disk.
	// When it fails nothing was written, or, where the connection was lost,
	// all of it may have been.
	commit(ctx context.Context, c *change) (version int64, err error)
	rollback(ctx context.Context) error
}

// A door is open to many at once, or to one alone, among all gateways of a
// vault. Whoever waits to be alone is not overtaken for long.
type door interface {
	share(ctx context.Context) (leave func(), err error)
	seize(ctx context.Context) (leave func(), err error)
}

// A record is the row of a person.
type record struct {
	n      uint32
	person events.Person
	number numberHash
	birth  civil.Month
	female bool
	key    []byte // the person's key, wrapped by the master key
	sealed []byte // the identity as it was given last, under that key
	marks  []byte // hashes of the values held, 8 bytes each
}

// A mark is a value's hash and its token.
type mark struct {
	hash  valueHash
	token token
}

// A change is what a transaction writes.
type change struct {
	created   []*record
	updated   []*record // sealed and marks
	erased    []*record
	tokens    []mark // new
	forgotten []mark
}

func (c *change) empty() bool {
	return len(c.created)+len(c.updated)+len(c.erased)+len(c.tokens)+len(c.forgotten) == 0
}

// A known person is one of the index: found without opening anything.
type known struct {
	person events.Person
	number numberHash
	fact
}

// news is how the index of an older version becomes that of a newer one. What
// is gone is named as the log names it, so that no trace of it stays behind.
type news struct {
	version   int64
	persons   []known
	tokens    []mark
	erased    map[events.Person]bool
	forgotten map[token]bool
}

// newsOf is what a change tells.
func newsOf(c *change, version int64) *news {
	n := &news{version: version, tokens: c.tokens, erased: map[events.Person]bool{}, forgotten: map[token]bool{}}
	for _, r := range c.created {
		n.persons = append(n.persons, known{r.person, r.number, fact{r.n, r.birth, r.female}})
	}
	for _, r := range c.erased {
		n.erased[r.person] = true
	}
	for _, m := range c.forgotten {
		n.forgotten[m.token] = true
	}
	return n
}
