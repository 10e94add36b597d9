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

// guardDir is the folder of the guard. A server that cannot read a stream's files
// warns, deletes them, and continues without the stream. One changed bit may be
// enough. Therefore every file has a second name (a hard link) in guardDir, from
// before the server starts until it has recovered every stream. If the server fails
// to recover one, or the process dies in between, the files get back their first
// names.
const guardDir = "guard"

func (s *Server) streamsDir() string {
	return filepath.Join(s.options.Dir, storeDir, server.JetStreamStoreDir, mainAccount, "streams")
}

// startTimeout returns how long the server may take to recover its data.
func (s *Server) startTimeout() time.Duration {
	if s.options.Patience > 0 {
		return s.options.Patience
	}
	var size int64
	// The server cannot read what cannot be read here, so errors do not matter.
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
	if err := s.unguard(); err != nil { // restores files after a start that did not finish
		return err
	}
	_, err := link(s.streamsDir(), to)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		// Not every file system supports hard links.
		s.say(slog.LevelWarn, "the log's files are not guarded while the server starts", "error", err)
	}
	return nil
}

// repairFiles repairs the files of each stream if the previous process was killed.
// See package blocks.
func (s *Server) repairFiles() error {
	streams, err := os.ReadDir(s.streamsDir())
	if err != nil {
		return nil // the server reports what is wrong, or creates the folder
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

// A stopped server may continue to delete files for some time and does not tell when
// it is done. The second names are therefore kept until no first name has disappeared
// for the time stillness, in which the files are checked looks times.
const (
	stillness = 200 * time.Millisecond
	looks     = 10
)

// unguard gives every file whose first name is gone that name again, and then removes
// the second names.
func (s *Server) unguard() error {
	from := filepath.Join(s.options.Dir, guardDir)
	_, err := link(from, s.streamsDir())
	for still := 0; err == nil && still < looks; still++ {
		time.Sleep(stillness / looks)
		var made int
		if made, err = link(from, s.streamsDir()); made > 0 {
			still = -1 // counts again from the beginning
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

// link gives each file under from the same name under to, unless it exists. It
// returns the number of new names.
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

// verifyRecovered returns log.ErrCorrupt if guardDir contains messages of a stream
// that the server did not recover. Otherwise it removes the second names.
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
