package readmodel

import (
	"context"

	"github.com/muster-works/muster/projections/view"
)

// A Store holds generations: it is what a driver implements. Drivers share no
// code but this package, and storetest is the suite that each runs. What a
// store does with a name that is no generation's is left to [Dir], which checks
// names. Methods are safe for concurrent use, by several processes too. Errors
// are the sentinels of this package where they fit.
type Store interface {
	// Current returns the name that Point was given last; ErrNone when there
	// is none.
	Current(ctx context.Context) (string, error)
	// Point makes a generation the one in use: atomically, and durable on
	// return.
	SetCurrent(ctx context.Context, name string) error
	// Generations returns what generations there are, finished or not, in any
	// order.
	Generations(ctx context.Context) ([]string, error)
	// Open opens a generation for reading; ErrUnusable when there is none.
	Open(ctx context.Context, name string) (Generation, error)
	// Create makes the tables of a new generation, to be loaded in bulk; it
	// fails with fs.ErrExist if the generation is there.
	Create(ctx context.Context, name string, views []view.View) (GenerationWriter, error)
	// Resume opens a generation whose bulk load was interrupted, to go on with it.
	// It shows what was written up to the last checkpoint. It fails with ErrBusy
	// while another ledger has it open and lives, and with ErrUnusable when it is
	// finished.
	ResumeLoad(ctx context.Context, name string, views []view.View) (GenerationWriter, error)
	// Edit opens a finished generation for writing.
	OpenWriter(ctx context.Context, name string, views []view.View) (GenerationWriter, error)
	// Remove deletes a generation, and does nothing where there is none.
	// Whoever has it open may fail with ErrUnusable from then on.
	Remove(ctx context.Context, name string) error
	// Close lets go of what the store itself holds.
	Close() error
}

// A Generation is one that is open for reading. It is safe for concurrent use.
type Generation interface {
	// Query asks in SQL. The questions of this package keep to what all stores
	// understand, name the tables of [Tables] and stand for an argument with ?.
	// Arguments are int64, string and []byte.
	Query(ctx context.Context, query string, args ...any) (Rows, error)
	Close() error
}

// Rows are the rows of an answer, used as those of database/sql are. They scan
// into pointers to integers, bool (from an integer), string, []byte (a copy),
// sql.RawBytes (valid until the next row), any, and types made of those.
type Rows interface {
	Next() bool
	Scan(to ...any) error
	Columns() ([]string, error)
	Err() error
	Close() error
}

// A GenerationWriter is a generation that is open for writing. It is not safe for
// concurrent use.
type GenerationWriter interface {
	Generation
	// TakeOver makes this the one ledger of the generation that can write, and
	// returns the epoch that begins with that and the ordinal of the last commit
	// written. It fails with ErrHeld when the one before is in the middle of a
	// transaction that does not end and that the store cannot end either.
	TakeOver(ctx context.Context) (epoch, ord uint64, err error)
	// Write writes a batch in one transaction, which moves the position from
	// the ordinal after to that of the batch's last commit. It fails with
	// ErrFenced, and has written nothing, when another ledger took over or the
	// position is not after. Before Finish no row comes twice but in void, nothing
	// is changed that was written but the checkpoint, and what is written is there
	// for good with the next batch that has one, or Finish: after a crash the
	// generation is as it was at the last of them.
	Write(ctx context.Context, after uint64, b *Batch) error
	// Beat tells whoever stands by that this ledger lives. It may be called while
	// another method runs, and fails with ErrFenced once another ledger took over.
	Beat(ctx context.Context) error
	// Finish ends a bulk load: indexes, the state in meta, no checkpoint, everything
	// durable on return. TakeOver must follow.
	Finish(ctx context.Context) error
	// Close lets go of the generation, so that whoever stands by need not wait.
	Close() error
}
