package readmodel

import (
	"context"

	"github.com/muster-works/muster/projections/view"
)

// A Store holds generations: it is what a driver implements. Drivers share no code
// but this package, and storetest is the suite that each of them passes. Names are
// checked by [Dir], not by stores. Methods are safe for concurrent use, by several
// processes too. Errors are the sentinels of this package where one fits.
type Store interface {
	// Current returns the name that SetCurrent was given last; ErrNone if there is
	// none.
	Current(ctx context.Context) (string, error)
	// SetCurrent makes a generation the one in use. It is atomic, and durable on
	// return.
	SetCurrent(ctx context.Context, name string) error
	// Generations returns the names of all generations, finished or not, in any
	// order.
	Generations(ctx context.Context) ([]string, error)
	// Open opens a generation for reading. It fails with ErrUnusable if there is
	// none.
	Open(ctx context.Context, name string) (Generation, error)
	// Create makes the tables of a new generation, to be loaded in bulk. It fails
	// with fs.ErrExist if the generation is there.
	Create(ctx context.Context, name string, views []view.View) (GenerationWriter, error)
	// ResumeLoad opens a generation whose bulk load was interrupted, to go on with
	// it. The generation shows what was written up to its last checkpoint. ResumeLoad
	// fails with ErrBusy if another writer is loading it, and with ErrUnusable if it
	// is finished.
	ResumeLoad(ctx context.Context, name string, views []view.View) (GenerationWriter, error)
	// OpenWriter opens a finished generation for writing.
	OpenWriter(ctx context.Context, name string, views []view.View) (GenerationWriter, error)
	// Remove deletes a generation, and does nothing if there is none. Readers that
	// have it open may fail with ErrUnusable from then on.
	Remove(ctx context.Context, name string) error
	// Close releases what the store itself holds.
	Close() error
}

// A Generation is a generation that is open for reading. It is safe for concurrent
// use.
type Generation interface {
	// Query asks in SQL. The queries of this package keep to what all stores
	// understand, name the tables of [Tables] and write an argument as ?. Arguments
	// are int64, string and []byte.
	Query(ctx context.Context, query string, args ...any) (Rows, error)
	Close() error
}

// Rows are the rows of an answer, and are used as those of database/sql are. They
// scan into pointers to integers, bool (from an integer), string, []byte (a copy),
// sql.RawBytes (valid until the next row), any, and types made of those.
type Rows interface {
	Next() bool
	Scan(to ...any) error
	Columns() ([]string, error)
	Err() error
	Close() error
}

// A GenerationWriter is a generation that is open for writing: the driver's half of
// a [Writer]. It is not safe for concurrent use, except Beat.
type GenerationWriter interface {
	Generation
	// TakeOver makes this the one writer of the generation that can write. It
	// returns the epoch that begins with that, and the ordinal of the last commit
	// written. It fails with ErrHeld if the writer before is in the middle of a
	// transaction that does not end and that the store cannot end either.
	TakeOver(ctx context.Context) (epoch, ord uint64, err error)
	// Write writes a batch in one transaction, which moves the position from the
	// ordinal after to that of the last commit of the batch. It fails with ErrFenced,
	// and has written nothing, if another writer took over or if the position is not
	// after.
	//
	// Before Finish, no row comes twice except in tables that are keyed in load, and
	// nothing is changed that was written except the checkpoint. What was written is
	// durable with the next batch that has a checkpoint, or with Finish: after a crash
	// the generation is as it was at the last of them.
	Write(ctx context.Context, after uint64, b *Batch) error
	// Beat tells projectors that stand by that this writer lives. It may be called
	// while another method runs. It fails with ErrFenced if another writer took over.
	Beat(ctx context.Context) error
	// Finish ends a bulk load: it makes the indexes, marks the generation ready and
	// removes the checkpoint. Everything is durable on return. TakeOver must follow.
	Finish(ctx context.Context) error
	// Close releases the generation, so that whoever stands by need not wait.
	Close() error
}
