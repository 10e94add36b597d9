package deployment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events/log"
)

const (
	// seenFile, under Data, names a late commit of the log.
	seenFile = "log.seen"
	// seenEvery is how often it is brought up to date.
	seenEvery = 5 * time.Second
)

// seen is what the file holds.
type seen struct {
	Log      string       `json:"log"` // which one, for it may move
	Position log.Position `json:"position"`
	Commit   string       `json:"commit"`
}

// A witness is a log that remembers, over restarts, a late commit that was in
// it. A NATS server cuts off what it cannot read of its files and goes on from
// there, with nothing but a line in its messages; the witness notices at the
// next start that commits are gone whose receipts are out.
type witness struct {
	log.Log
	file string

	mu    sync.Mutex
	last  seen
	saved seen

	quit  chan struct{}
	close sync.Once
	done  sync.WaitGroup
}

// attest makes sure that the commit noted in an earlier run is still in the log
// that is called name, and has late ones noted from now on. It fails with
// log.ErrForeign.
func attest(ctx context.Context, l log.Log, name, file string) (*witness, error) {
	w := &witness{Log: l, file: file, last: seen{Log: name}, quit: make(chan struct{})}
	b, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(b, &w.saved)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("which commit of the log was seen last, in %s: %w", file, err)
	}
	if w.saved.Log == name {
		if err := w.verify(ctx, w.saved); err != nil {
			return nil, err
		}
		w.last = w.saved
	}
	w.done.Go(w.keep)
	return w, nil
}

// verify fails with log.ErrForeign when the log does not hold what was seen.
func (w *witness) verify(ctx context.Context, s seen) error {
	driver, can := w.Log.(interface {
		Verify(context.Context, log.Position, string) error
	})
	if !can {
		return nil
	}
	err := driver.Verify(ctx, s.Position, s.Commit)
	if errors.Is(err, log.ErrForeign) {
		err = fmt.Errorf("%w: commits that were in the log are gone: restore it from a backup or a replica; to go on without them, remove %s", err, w.file)
	}
	return err
}

func (w *witness) met(c log.Commit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last.Position.Compare(c.Position) < 0 {
		w.last.Position, w.last.Commit = c.Position, c.ID
	}
}

// keep saves what was met until Close.
func (w *witness) keep() {
	tick := time.NewTicker(seenEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = w.save() // the one before is as true
		case <-w.quit:
			return
		}
	}
}

// save writes the file anew when there is something new.
func (w *witness) save() error {
	w.mu.Lock()
	now := w.last
	w.mu.Unlock()
	if now == w.saved || now.Commit == "" {
		return nil
	}
	b, err := json.Marshal(now)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(w.file), seenFile+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), w.file)
	}
	if err == nil {
		w.saved = now
	}
	return err
}

// Append implements log.Log.
func (w *witness) Append(ctx context.Context, c log.Commit, expected log.Revision) (log.Position, log.Revision, error) {
	position, revision, err := w.Log.Append(ctx, c, expected)
	if err == nil {
		w.met(log.Commit{ID: c.ID, Position: position})
	}
	return position, revision, err
}

// Read implements log.Log.
func (w *witness) Read(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return w.meeting(w.Log.Read(ctx, from, f))
}

// Follow implements log.Log.
func (w *witness) Follow(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return w.meeting(w.Log.Follow(ctx, from, f))
}

func (w *witness) meeting(commits iter.Seq2[log.Commit, error]) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		for c, err := range commits {
			if err == nil {
				w.met(c)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// Close notes the last commit that was met, and closes the log.
func (w *witness) Close() error {
	w.close.Do(func() { close(w.quit) })
	w.done.Wait()
	return errors.Join(w.save(), w.Log.Close())
}
