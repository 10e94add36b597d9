// Package truncation notices that a log has lost commits between two runs of a
// process.
//
// A NATS server that cannot read the end of its files cuts the end off and goes on
// from there; only a line among its messages says so. The receipts of the commits that
// were cut off are out by then. The package therefore notes a late commit of the log in
// a small file, and verifies at the next start that the log still holds that commit.
//
// # Guarantees
//
// The file never names a commit that was not in the log. The noted commit may be up to
// five seconds older than the latest one when the process is killed, and is the latest
// one that the process appended or read when the guard is closed. A loss of commits
// that are later than the noted one is not noticed.
//
// # The file
//
// The file is one line of JSON: the name of the log, and the position and id of the
// commit. It is replaced as a whole, by renaming a file that was synced. When the log
// has another name than in the file, the file says nothing about the log and is
// replaced.
package truncation

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

// saveInterval is how often the file is brought up to date.
const saveInterval = 5 * time.Second

// lastSeen is the content of the file.
type lastSeen struct {
	Log      string       `json:"log"` // name of the log, since a deployment may move to another one
	Position log.Position `json:"position"`
	Commit   string       `json:"commit"`
}

// A Guard is a log that notes a late commit of the log under it in a file. All methods
// may be called concurrently.
type Guard struct {
	log.Log
	file string

	mu    sync.Mutex
	last  lastSeen // the latest commit that was appended or read; mu guards it
	saved lastSeen // what the file says; only save uses it

	quit  chan struct{} // closed by Close
	close sync.Once
	done  sync.WaitGroup // the goroutine of saveRegularly
}

// Watch verifies that l still holds the commit that file names, and returns a log that
// notes late commits of l in file until it is closed. name tells l from the other logs
// that the deployment had or will have; a file about another log is not verified.
//
// If the commit is gone, the error is log.ErrForeign and says what an operator can do.
// A file that cannot be read is an error; a file that does not exist is not.
func Watch(ctx context.Context, l log.Log, name, file string) (*Guard, error) {
	g := &Guard{Log: l, file: file, last: lastSeen{Log: name}, quit: make(chan struct{})}
	b, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(b, &g.saved)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("which commit of the log was seen last, in %s: %w", file, err)
	}
	if g.saved.Log == name {
		if err := g.verify(ctx, g.saved); err != nil {
			return nil, err
		}
		g.last = g.saved
	}
	g.done.Go(g.saveRegularly)
	return g, nil
}

// verify fails with log.ErrForeign if the log does not hold the commit that was seen.
// A log whose driver cannot verify a commit passes.
func (g *Guard) verify(ctx context.Context, s lastSeen) error {
	driver, can := g.Log.(interface {
		Verify(context.Context, log.Position, string) error
	})
	if !can {
		return nil
	}
	err := driver.Verify(ctx, s.Position, s.Commit)
	if errors.Is(err, log.ErrForeign) {
		err = fmt.Errorf("%w: commits that were in the log are gone: restore it from a backup or a replica; to go on without them, remove %s", err, g.file)
	}
	return err
}

// observe notes that the log holds c, if c is later than what was noted before.
func (g *Guard) observe(c log.Commit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.last.Position.Compare(c.Position) < 0 {
		g.last.Position, g.last.Commit = c.Position, c.ID
	}
}

// saveRegularly saves the latest commit at each interval until Close.
func (g *Guard) saveRegularly() {
	tick := time.NewTicker(saveInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = g.save() // the commit in the file is older, and as true
		case <-g.quit:
			return
		}
	}
}

// save replaces the file, if there is a later commit than the one in it.
func (g *Guard) save() error {
	g.mu.Lock()
	now := g.last
	g.mu.Unlock()
	if now == g.saved || now.Commit == "" {
		return nil
	}
	b, err := json.Marshal(now)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(g.file), filepath.Base(g.file)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), g.file)
	}
	if err == nil {
		g.saved = now
	}
	return err
}

// Append implements log.Log. A commit that was appended counts as seen.
func (g *Guard) Append(ctx context.Context, c log.Commit, expected log.Revision) (log.Position, log.Revision, error) {
	position, revision, err := g.Log.Append(ctx, c, expected)
	if err == nil {
		g.observe(log.Commit{ID: c.ID, Position: position})
	}
	return position, revision, err
}

// Read implements log.Log. Each commit that is yielded counts as seen.
func (g *Guard) Read(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return g.observing(g.Log.Read(ctx, from, f))
}

// Follow implements log.Log. Each commit that is yielded counts as seen.
func (g *Guard) Follow(ctx context.Context, from log.Position, f log.Filter) iter.Seq2[log.Commit, error] {
	return g.observing(g.Log.Follow(ctx, from, f))
}

// observing yields commits unchanged and notes each.
func (g *Guard) observing(commits iter.Seq2[log.Commit, error]) iter.Seq2[log.Commit, error] {
	return func(yield func(log.Commit, error) bool) {
		for c, err := range commits {
			if err == nil {
				g.observe(c)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// Close saves the latest commit and closes the log. It may be called more than once.
func (g *Guard) Close() error {
	g.close.Do(func() { close(g.quit) })
	g.done.Wait()
	return errors.Join(g.save(), g.Log.Close())
}
