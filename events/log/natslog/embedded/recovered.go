package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog/embedded/internal/blocks"
)

// A server that cannot make sense of a stream's files warns, deletes them, and
// goes on without the stream; one changed bit may be enough. So every file has
// a second name, under guardDir, from before the server starts until it has
// shown that it recovered every stream. When it did not, or the process died
// meanwhile, the files get their first names back.
const guardDir = "guard"

func (s *Server) streamsDir() string {
	return filepath.Join(s.options.Dir, storeDir, server.JetStreamStoreDir, mainAccount, "streams")
}

// patience is how long the server may take to recover its data.
func (s *Server) startTimeout() time.Duration {
	if s.options.Patience > 0 {
		return s.options.Patience
	}
	var size int64
	// What cannot be read here will not be read by the server either.
	_ = filepath.WalkDir(s.streamsDir(), func(_ string, e fs.DirEntry, err error) error {
		if err == nil {
			if info, err := e.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil
	})
	return patience + time.Duration(size>>30)*perGigabyte
}

// guard gives the files of all streams their second names.
func (s *Server) guard() error {
	to := filepath.Join(s.options.Dir, guardDir)
	if err := s.unguard(); err != nil { // of a start that did not end
		return err
	}
	_, err := link(s.streamsDir(), to)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		// Not every file system has second names.
		s.say(slog.LevelWarn, "the log's files are not guarded while the server starts", "error", err)
	}
	return nil
}

// order puts the files of each stream in order, where the process before was
// killed.
func (s *Server) repairFiles() error {
	streams, err := os.ReadDir(s.streamsDir())
	if err != nil {
		return nil // the server says what is wrong, or makes it
	}
	for _, stream := range streams {
		dir, began := filepath.Join(s.streamsDir(), stream.Name()), time.Now()
		expanded, err := blocks.UncompressLast(dir)
		if err != nil {
			return fmt.Errorf("embedded: stream %s ends in a compressed block, which cannot be written plainly: %w", stream.Name(), err)
		}
		if expanded {
			s.say(slog.LevelInfo, "the last block was compressed: it is plain now", "stream", stream.Name())
		}
		read, err := blocks.UpdateIndex(dir)
		switch {
		case err != nil:
			s.say(slog.LevelWarn, "the server reads the whole log if it was not stopped in order", "stream", stream.Name(), "because", err)
		case read > 0:
			s.say(slog.LevelInfo, "the server was not stopped in order: what was new has been read", "stream", stream.Name(), "bytes", read, "took", time.Since(began).Round(time.Millisecond))
		}
	}
	return nil
}

// A server that has ended may still be deleting files, of which it says nothing.
// So a second name is kept until no first one has gone for that long, looked at
// so often.
const (
	stillness = 200 * time.Millisecond
	looks     = 10
)

// unguard gives every file that has a second name its first one back, if it is
// gone, and takes the second one away.
func (s *Server) unguard() error {
	from := filepath.Join(s.options.Dir, guardDir)
	_, err := link(from, s.streamsDir())
	for still := 0; err == nil && still < looks; still++ {
		time.Sleep(stillness / looks)
		var made int
		if made, err = link(from, s.streamsDir()); made > 0 {
			still = -1 // once more from the beginning
		}
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		err = os.RemoveAll(from)
	}
	if err != nil {
		return fmt.Errorf("embedded: put the files of the log back from %s to %s: %w", from, s.streamsDir(), err)
	}
	return nil
}

// link gives each file under from the same name under to, where there is none, and
// says how many it gave.
func link(from, to string) (made int, err error) {
	err = filepath.WalkDir(from, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		other := filepath.Join(to, name[len(from):])
		if e.IsDir() {
			return os.MkdirAll(other, 0o700)
		}
		err = os.Link(name, other)
		if err == nil {
			made++
		} else if errors.Is(err, fs.ErrExist) {
			err = nil
		}
		return err
	})
	return made, err
}

// recovered fails with log.ErrCorrupt when there are guarded messages of a
// stream that the server does not have. Otherwise the guard is over.
func (s *Server) verifyRecovered(ns *server.Server) error {
	account, err := ns.JszAccount(&server.JSzOptions{Account: mainAccount, Streams: true})
	if err != nil {
		return fmt.Errorf("embedded: which streams there are: %w", err)
	}
	there := map[string]bool{}
	for _, stream := range account.Streams {
		there[stream.Name] = true
	}
	guarded := os.DirFS(filepath.Join(s.options.Dir, guardDir))
	files, err := fs.Glob(guarded, "*/msgs/*.blk")
	if err != nil {
		return fmt.Errorf("embedded: %w", err)
	}
	for _, file := range files {
		name, _, _ := strings.Cut(file, "/")
		if info, err := fs.Stat(guarded, file); err == nil && info.Size() > 0 && !there[name] {
			return fmt.Errorf("embedded: %w: the server cannot make sense of the files of stream %s in %s: keep a copy, and restore them from a backup or a replica",
				log.ErrCorrupt, name, s.streamsDir())
		}
	}
	if err := os.RemoveAll(filepath.Join(s.options.Dir, guardDir)); err != nil {
		return fmt.Errorf("embedded: %w", err)
	}
	return nil
}
