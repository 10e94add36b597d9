package vault

import (
	"context"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
)

// A store keeps the rows of a vault: in a file of this process (sqlite.go), or on a
// server that several gateways share (postgres.go). One test suite holds both to what
// follows.
//
// Transactions do not overlap, not even those of different gateways. Each transaction
// that changes something has a version that is higher than all before it. A reader of
// the changes since a version sees everything that was committed up to the newest one.
type store interface {
	// begin begins a transaction when those before it have ended. It also returns
	// what the index must learn since a version, nil if that is nothing. The
	// transaction must end in commit or rollback.
	begin(ctx context.Context, since int64) (transaction, *indexUpdate, error)
	// read returns what the index must learn since a version, nil if that is
	// nothing. It does not wait for a transaction.
	read(ctx context.Context, since int64) (*indexUpdate, error)
	// scrub makes deleted rows as hard to find as the store can.
	scrub(ctx context.Context) error
	// erasureLock returns the lock of the vault among all its gateways.
	erasureLock() erasureLock
	close() error
}

// A transaction sees the rows as they were when it began.
type transaction interface {
	// rows returns the rows with these numbers that exist, in any order.
	rows(ctx context.Context, numbers []uint32) ([]*personRow, error)
	// visitHashes visits the value hashes of every row. They are valid during the
	// visit.
	visitHashes(ctx context.Context, visit func(row uint32, hashes []byte)) error
	// commit writes a change and returns its version when the change is on the
	// disk. If it fails, nothing was written; if the connection was lost meanwhile,
	// either nothing or everything was.
	commit(ctx context.Context, c *change) (version int64, err error)
	rollback(ctx context.Context) error
}

// An erasureLock is held shared by submissions and exclusively by an erasure, among
// all gateways of a vault. A waiter for the exclusive lock is not overtaken for long.
type erasureLock interface {
	shared(ctx context.Context) (release func(), err error)
	exclusive(ctx context.Context) (release func(), err error)
}

// A personRow is the row of a person in the store.
type personRow struct {
	n           uint32
	person      events.Person
	number      numberHash
	birth       civil.Month
	female      bool
	key         []byte // the person's key, wrapped by the master key
	sealed      []byte // what is known of the identity, under that key
	valueHashes []byte // of the values that the person holds, 8 bytes each
}

// A valueToken is the hash of a value and its token.
type valueToken struct {
	hash  valueHash
	token token
}

// A change is what a transaction writes.
type change struct {
	created   []*personRow
	updated   []*personRow // of which sealed and valueHashes are written
	erased    []*personRow
	tokens    []valueToken // new ones
	forgotten []valueToken
	standings map[events.Person]*standing // that change; nil is known to everybody from then on

	moved          []*personRow // of which number, birth and sex are written; some of updated
	unlinked       []numberHash // that lead to nobody, unless a row or a mark says otherwise
	marks          map[[16]byte]*mark
	identifiedUpTo log.Position // zero if it stays
}

func (c *change) isEmpty() bool {
	return len(c.created)+len(c.updated)+len(c.erased)+len(c.tokens)+len(c.forgotten)+len(c.standings)+len(c.moved)+len(c.unlinked)+len(c.marks) == 0 && c.identifiedUpTo.IsZero()
}

// An indexedPerson is a person as the index has it.
type indexedPerson struct {
	person events.Person
	number numberHash
	attributes
}

// An indexUpdate turns the index of an older version into that of a newer one. It
// names what is gone by pseudonym and token, as the log does, so that the store needs
// to keep no other trace of what was deleted.
type indexUpdate struct {
	version   int64
	persons   []indexedPerson
	tokens    []valueToken
	erased    map[events.Person]bool
	forgotten map[token]bool
	standings map[events.Person]*standing
	unlinked  []numberHash // before persons are added
	unmarked  [][16]byte   // before marks are added
	marks     []markedHash
	upTo      log.Position // zero if it stays
	// pending, if it is not nil, are all standings, before those change.
	pending map[events.Person]standing
}

// indexUpdateOf returns what the index must learn of a change.
func indexUpdateOf(c *change, version int64) *indexUpdate {
	n := &indexUpdate{version: version, tokens: c.tokens, standings: c.standings, erased: map[events.Person]bool{}, forgotten: map[token]bool{}}
	for _, r := range c.created {
		n.persons = append(n.persons, indexedPerson{r.person, r.number, attributes{r.n, r.birth, r.female}})
	}
	for _, r := range c.moved {
		n.persons = append(n.persons, indexedPerson{r.person, r.number, attributes{r.n, r.birth, r.female}})
	}
	for _, r := range c.erased {
		n.erased[r.person] = true
	}
	n.unlinked, n.upTo = c.unlinked, c.identifiedUpTo
	for h, m := range c.marks {
		if m == nil {
			n.unmarked = append(n.unmarked, h)
		} else {
			n.marks = append(n.marks, markedHash{h, *m})
		}
	}
	for _, m := range c.forgotten {
		n.forgotten[m.token] = true
	}
	return n
}
