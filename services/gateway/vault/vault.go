// Package vault keeps who people are, so that the log need not.
//
// In the log a person is a random UUID, the pseudonym. The vault finds the pseudonym
// again by a keyed hash of the identity number. It seals the name, identity number,
// phone and household of each person with AES-256-GCM under a key of that person's
// own, and wraps that key under the vault's master key. Events carry the pseudonym, the
// sealed text, and tokens: random numbers that are equal for equal names, phones,
// households and accounts, and say nothing else.
//
//	identity number ─── HMAC ──► hash ──► row of the person
//	name, phone, … ──── HMAC ──► hash ──► token (random)
//	identity ────────── AES-GCM under the person's key ──► sealed text
//	person's key ────── AES-GCM under the master key ──► wrapped key, in the row
//
// # Guarantees
//
//   - Somebody who is new is pending until an event about the person is in the log. If every
//     such event is refused, nothing of the person stays (see pending.go).
//   - Enter and Assign return when what they created is on the disk. A crash takes
//     back no pseudonym that was handed out. Callers that wait at the same time share
//     one transaction.
//   - An identity number has the same pseudonym in all gateways of the vault, until
//     the person is erased. Somebody who is entered again after that is a new person.
//   - Erase deletes the row and the key of the person, and every token that nobody
//     else holds. What was sealed for the person, in whatever copy of the log, can then
//     be opened by nobody who has only the vault.
//   - No error holds an identity or a password.
//
// All methods are safe for concurrent use.
//
// # Two stores
//
// [Open] keeps the vault in a SQLite file of one process. The file is locked, and a
// second Open fails with [ErrLocked]. Erased rows are overwritten in the file, and the
// write-ahead log is emptied.
//
// [OpenPostgres] keeps the vault on a PostgreSQL server that any number of gateways
// share, each with the same master key. Their transactions take turns, so that each
// sees all that was entered before it. A gateway learns what other gateways entered
// when a submission begins ([Vault.LockShared]). PostgreSQL frees the space of deleted
// rows and overwrites it when the space is used again; its own log and its backups
// keep the rows until they are recycled.
//
// # Keys
//
// The master key is 32 random bytes, in hexadecimal, in a file of its own that only
// its owner may read. The vault's own keys (to wrap, to index, to digest) are derived
// from it by HKDF-SHA256. Whoever has both the master key and the database can read
// everybody; without the master key nobody can be read. Back the key up apart from the
// database and from the log.
//
// # What the memory holds
//
// Identity numbers are looked up a million times a month, so the index of their hashes
// is kept in memory, and so are the tokens: some 230 bytes a person with a phone and a
// household, in every gateway. Names and numbers are not kept there.
package vault

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"sync"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
)

var (
	// ErrKey says that the master key is missing, malformed, or not the one
	// that the database was made with. Restore it from its backup; without it
	// nothing can be read.
	ErrKey = errors.New("vault: master key is not that of this vault")
	// ErrExposed says that other users may read the key, the database or its
	// folder. Take their rights away: chmod go= FILE.
	ErrExposed = errors.New("vault: others have access")
	// ErrLocked says that another process has the vault open.
	ErrLocked = errors.New("vault: another process has it open")
	// ErrUnknown says that the vault knows no such person.
	ErrUnknown = errors.New("vault: unknown person")
	// ErrClosed says that the vault was closed.
	ErrClosed = errors.New("vault: closed")
)

// Unavailable turns an error of a vault into the one that ends a submission: the
// error of the context, or [log.ErrUnavailable] wrapped around the vault's own.
func Unavailable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", log.ErrUnavailable, err)
}

// A Vault is one open vault.
type Vault struct {
	store store
	lock  erasureLock

	keyCipher cipher.AEAD // wraps the keys of persons
	numberMAC *mac        // hashes identity numbers
	valueMAC  *mac        // hashes names, phones, households and accounts
	digestMAC *mac        // hashes submissions

	jobs   chan *job
	closed chan struct{} // closed to stop the writer
	ended  chan struct{} // closed when the writer has ended
	once   sync.Once

	mu         sync.RWMutex // guards the index, which is everything below
	version    int64        // of the last transaction that the index has
	lastRow    uint32       // number of the last person's row
	erased     uint64       // how many persons have gone from the index
	persons    map[numberHash]events.Person
	attributes map[events.Person]attributes
	tokens     map[valueHash]token
	pending    map[events.Person]standing // of people who are not known to everybody
	marks      map[[16]byte]mark
	underway   map[[16]byte]int64 // marks of events under way: until when
	freed      int                // marks of freed numbers
	upTo       log.Position       // of the log, taken in, see TakeIn
}

type (
	numberHash [16]byte // keyed hash of an identity number
	valueHash  uint64   // keyed hash of a value and its kind
	token      uint64   // random
)

// The attributes of a person are what is known without opening the row.
type attributes struct {
	row    uint32
	birth  civil.Month
	female bool
}

func newVault(ctx context.Context, s store, master []byte) (*Vault, error) {
	v := &Vault{
		store: s, lock: s.erasureLock(),
		jobs: make(chan *job, 256), closed: make(chan struct{}), ended: make(chan struct{}),
		persons: map[numberHash]events.Person{}, attributes: map[events.Person]attributes{}, tokens: map[valueHash]token{}, pending: map[events.Person]standing{}, marks: map[[16]byte]mark{}, underway: map[[16]byte]int64{},
	}
	if err := errors.Join(v.deriveKeys(master), v.loadIndex(ctx)); err != nil {
		return nil, errors.Join(err, s.close())
	}
	go v.runWriter()
	return v, nil
}

// Close waits for the transaction under way and closes the vault. Jobs that wait for
// a later transaction fail with [ErrClosed].
func (v *Vault) Close() error {
	v.once.Do(func() { close(v.closed) })
	<-v.ended
	return v.store.close()
}
