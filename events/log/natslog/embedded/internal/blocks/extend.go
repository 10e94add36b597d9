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

// Extend brings the index of the stream whose files are in dir up to date, and
// returns how many bytes of files it read for that: none if it was so already,
// or if messages may be taken out of the stream. Of a record in writing when the
// server was killed, which nobody was told of, it cuts off what is there, as the
// server does. Expand comes first, and no server may have the stream open. An
// error says why the server must read the files itself, and leaves them to it as
// they are: with ErrUnverified for a server of another version.
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
	// In this order: a cut that is missing makes the index outdated again.
	if err := saveFile(path, x.encode(c.Name)); err != nil {
		return 0, err
	}
	return size, tail[len(tail)-1].cut(sections[len(sections)-1])
}

// load reads the index in a file. Where there is none, or one that a crash left
// in part, it knows nothing.
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

// save replaces the file. If that does not survive a power cut, nothing but time
// is lost.
func saveFile(path string, b []byte) error {
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// scanAll scans the blocks, of which the first one may be known, as many at once
// as there are processors.
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

// add adds the next section.
func (x *index) add(s scannedBlock) error {
	if s.whole == 0 { // the file was made, and nothing was written
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
