// Package blocks puts the files of a stream in order before a NATS server opens
// them, where the one before was killed or lost its power.
//
// A stream's messages are records in files of up to 8 MB, the blocks. A server
// compresses a block when it begins the next one, and writes what is in them all
// to an index, index.db, every two minutes or so and when it is stopped.
//
// Expand is for safety. If nothing of the last block's first record survives, the
// next server drops that block and takes the compressed one before for the last;
// it then writes at the place where that would end if it were not compressed, and
// nothing in it can be read any more, what was acknowledged long ago included
// (nats-server 2.15.2, and others with compression). So Expand writes such a
// block plainly.
//
// Extend is for speed. A server takes the index only if not one message was
// stored since; otherwise it reads and checks all files, by the gigabyte. It
// must, because in general messages may have been deleted anywhere meanwhile.
// From the log nothing is ever deleted, so what the index does not know yet lies
// behind what it knows. Extend reads that, with all the checks that the server
// would make, adds it to the index, and leaves an index that the server takes as
// one that it wrote when it was stopped.
//
// Old blocks are then treated as after an orderly stop: they must be there, and
// what is in them is checked when it is read. Damage to one is so found later
// than by a server that reads all at its start, but it is found by whoever needs
// the commit, with its position, and nothing is lost on the way: that server
// would cut the block off before the damage, or delete the stream.
//
// All of this depends on the form of the server's files, so that it is done only
// with the version of the server that was verified: see verified.
//
// Beyond that, Extend does its part only where it is sure: for a stream that denies deletions and has no limits and no keys,
// if every record from the last block of the index on is undamaged and follows
// the one before. The tests hold it to the index that the server itself makes of
// the same files.
package blocks

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats-server/v2/server"
)

// verified is the version of nats-server whose files this package was verified
// against. Before it is set to another one, go through what changed in that
// version's server/filestore.go (recoverFullState, writeFullState,
// recoverMsgBlock, rebuildState, newMsgBlockForWrite, the compression of a block,
// the layout of a record) and run the tests of this package.
//
// When the server that is linked in has another version, nothing here relies on
// knowing its files. Stored yields no message and Extend changes nothing: the
// server reads the log, which is slower. Expand writes no file, and fails where
// it would have to.
const verified = "2.15.2"

// ErrUnverified is returned when the nats-server that is linked in is not of
// the version that this package was verified against.
var ErrUnverified = errors.New("the form of this server's files is not verified")

// verifyVersion returns ErrUnverified unless version is the verified one.
func verifyVersion(version string) error {
	if version == verified {
		return nil
	}
	return fmt.Errorf("%w: the files of nats-server %s are known, not those of %s", ErrUnverified, verified, version)
}

// configuration returns how the stream in dir was made. It fails where that
// cannot be read, and where the stream is encrypted.
func streamConfig(dir string) (c server.StreamConfig, err error) {
	if _, err := os.Stat(filepath.Join(dir, server.JetStreamMetaFileKey)); err == nil {
		return c, errors.New("the stream is encrypted")
	}
	b, err := os.ReadFile(filepath.Join(dir, server.JetStreamMetaFile))
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil {
		err = fmt.Errorf("settings of the stream: %w", err)
	}
	return c, err
}

// appendOnly says whether nothing is ever taken out of the stream, and each
// message is there as soon as it is sent.
func appendOnly(c server.StreamConfig) bool {
	return c.DenyDelete && c.DenyPurge && c.Retention == server.LimitsPolicy && c.MaxAge == 0 && c.MaxMsgs <= 0 && c.MaxBytes <= 0 &&
		c.MaxMsgsPer <= 0 && !c.AllowMsgTTL && !c.AllowMsgSchedules && len(c.Sources) == 0 && c.Mirror == nil
}

// A file is that of a block, <number>.blk.
type blockFile struct {
	path   string
	number uint32
	size   int64
}

// list returns the blocks of the stream in dir by their numbers.
func listBlocks(dir string) ([]blockFile, error) {
	dir = filepath.Join(dir, "msgs")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []blockFile
	for _, e := range entries {
		name, is := strings.CutSuffix(e.Name(), ".blk")
		if !is {
			continue
		}
		number, err := strconv.ParseUint(name, 10, 32)
		if err != nil {
			return nil, err
		}
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		files = append(files, blockFile{filepath.Join(dir, e.Name()), uint32(number), info.Size()})
	}
	slices.SortFunc(files, func(a, b blockFile) int { return cmp.Compare(a.number, b.number) })
	return files, nil
}

// endsWith says whether the file's last record bears the check.
func (f blockFile) endsWith(c checksum) bool {
	var end checksum
	r, err := os.Open(f.path)
	if err != nil {
		return false
	}
	defer r.Close()
	_, err = r.ReadAt(end[:], f.size-int64(len(end)))
	return err == nil && end == c
}

// cut takes the part of a record off that the block ends with, and the file away
// when nothing else is in it.
func (f blockFile) cut(s scannedBlock) error {
	if s.whole == 0 {
		return os.Remove(f.path)
	}
	if s.torn {
		return os.Truncate(f.path, s.whole)
	}
	return nil
}
