package blocks

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
)

// UpdateIndex brings the index of the stream in dir up to date. It returns the number
// of bytes that it read for that. The number is 0 if the index was up to date, or if
// messages may be removed from the stream. It removes an incomplete last record,
// whose message was never acknowledged, as the server does. Call UncompressLast
// first. No server may have the stream open. After an error the files are unchanged
// and the server must read them itself. The error is ErrUnverified if the version of
// the linked server is not the verified one.
func UpdateIndex(dir string) (int64, error) { return updateIndex(dir, server.VERSION) }

func updateIndex(dir, version string) (int64, error) {
	c, err := streamConfig(dir)
	if err != nil || !appendOnly(c) {
		return 0, err
	}
	if err := verifyVersion(version); err != nil {
		return 0, err
	}
	files, err := listBlocks(dir)
	if err != nil || len(files) == 0 {
		return 0, err
	}
	path := filepath.Join(dir, "msgs", "index.db")
	x, err := loadIndex(c.Name, path)
	if err != nil {
		return 0, err
	}
	known := block{number: files[0].number}
	if n := len(x.blocks); n > 0 {
		known = x.blocks[n-1]
	}
	tail := slices.DeleteFunc(files, func(f blockFile) bool { return f.number < known.number })
	if len(tail) == 0 || tail[0].number != known.number {
		return 0, fmt.Errorf("block %d, the last one of the index, is not there", known.number)
	}
	if len(tail) == 1 && tail[0].endsWith(x.check) {
		return 0, nil
	}
	sections, err := scanAll(tail, c.Name, known, x.check)
	if err != nil {
		return 0, err
	}
	var size int64
	for i, s := range sections {
		if err := x.add(s); err != nil {
			return 0, err
		}
		size += tail[i].size
	}
	if x.messages == 0 {
		return 0, nil
	}
	// The index is saved before the file is cut. If the cut is lost in a crash, the
	// index is merely outdated again.
	if err := saveFile(path, x.encode(c.Name)); err != nil {
		return 0, err
	}
	return size, tail[len(tail)-1].cut(sections[len(sections)-1])
}

// loadIndex reads an index file. It returns an empty index if there is no file, or if
// the file is incomplete after a crash.
func loadIndex(name, path string) (*index, error) {
	b, err := os.ReadFile(path)
	var x *index
	if err == nil {
		x, err = decode(name, b)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errBroken) {
		return &index{subjects: map[string]subjectCount{}}, nil
	}
	return x, err
}

// saveFile replaces a file. It does not sync, since a lost index costs only time.
func saveFile(path string, b []byte) error {
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// scanAll scans blocks, of which the first one may be known to the index. It scans as
// many blocks at once as there are processors.
func scanAll(files []blockFile, stream string, known block, at checksum) ([]scannedBlock, error) {
	sections, errs := make([]scannedBlock, len(files)), make([]error, len(files))
	var scanning sync.WaitGroup
	turns := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, f := range files {
		turns <- struct{}{}
		scanning.Go(func() {
			defer func() { <-turns }()
			if i > 0 {
				sections[i], errs[i] = scanBlock(f.path, stream, block{number: f.number}, checksum{})
			} else {
				sections[i], errs[i] = scanBlock(f.path, stream, known, at)
			}
		})
	}
	scanning.Wait()
	for i, s := range sections[:len(sections)-1] {
		if s.torn || s.whole == 0 {
			errs[i] = errors.Join(errs[i], fmt.Errorf("%s ends in a record that is not there to its end, and another block follows", files[i].path))
		}
	}
	return sections, errors.Join(errs...)
}

// add adds the next block to the index.
func (x *index) add(s scannedBlock) error {
	if s.whole == 0 { // the server created the file and wrote nothing
		return nil
	}
	if n := len(x.blocks); n > 0 && x.blocks[n-1].number == s.number {
		x.bytes -= x.blocks[n-1].bytes
		x.blocks = x.blocks[:n-1]
	} else if s.first.seq != x.last.seq+1 {
		return fmt.Errorf("block %d begins with message %d, the one before ends with %d", s.number, s.first.seq, x.last.seq)
	}
	if x.messages == 0 {
		x.first = s.first
	}
	x.messages += s.last.seq - x.last.seq
	x.bytes += s.bytes
	x.last, x.check = s.last, s.check
	x.blocks = append(x.blocks, s.block)
	for name, n := range s.subjects {
		of, met := x.subjects[name]
		if !met {
			of.first = s.number
		}
		x.subjects[name] = subjectCount{of.messages + n, of.first, s.number}
	}
	return nil
}
