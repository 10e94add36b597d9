// Package blocks repairs the files of a stream before a NATS server opens them, if
// the previous server was killed or lost its power.
//
// The messages of a stream are records in files of up to 8 MB, called blocks. A
// server compresses a block when it begins the next one. It writes an index of all
// blocks, index.db, about every two minutes and when it is stopped.
//
// [UncompressLast] prevents the loss of data. If nothing of the first record in the
// last block survives, the next server drops that block and continues the compressed
// block before it. It then writes at the offset at which that block would end if it
// were not compressed, and the block becomes unreadable, with all its acknowledged
// messages (nats-server 2.15.2, and other versions with compression). UncompressLast
// therefore replaces such a compressed block by its uncompressed form.
//
// [UpdateIndex] makes a start faster. A server uses the index only if no message was
// stored after it was written. Otherwise the server reads and checks all files, which
// takes long for a log of gigabytes. In general it has to, because messages may have
// been deleted anywhere. But nothing is ever deleted from the log, so everything that
// the index lacks lies after what it has. UpdateIndex reads this part with all checks
// of the server, adds it to the index, and writes an index that the server accepts as
// one written at an orderly stop.
//
// Old blocks are then treated as after an orderly stop: they must exist, but their
// content is checked only when it is read. Damage to an old block is found later than
// by a server that reads everything at its start. It is found by a reader of the
// damaged commit, with the position, and nothing is lost, whereas the server would
// truncate the block before the damage or delete the stream.
//
// [Messages] reads messages from blocks that the server no longer writes.
//
// All of this depends on the format of the server's files. It is done only for the
// version of nats-server that was verified, see the constant verified. UpdateIndex
// also requires that the stream denies deletions, has no limits and is not encrypted,
// and that every record from the last block of the index on is undamaged and follows
// the one before. The tests compare the results with the index that the server makes
// of the same files.
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

// verified is the version of nats-server whose files this package was verified with.
// Before you change it, review the changes of server/filestore.go in the new version
// (recoverFullState, writeFullState, recoverMsgBlock, rebuildState,
// newMsgBlockForWrite, the compression of a block, the layout of a record) and run
// the tests of this package.
//
// With any other version, this package does not rely on the format of the files.
// Messages yields no message, and UpdateIndex changes nothing: the server reads the
// log, which is slower. UncompressLast writes no file, and fails if it would have to.
const verified = "2.15.2"

// ErrUnverified is returned if the version of the linked nats-server is not the one
// that this package was verified with.
var ErrUnverified = errors.New("the form of this server's files is not verified")

// verifyVersion returns ErrUnverified unless version is the verified one.
func verifyVersion(version string) error {
	if version == verified {
		return nil
	}
	return fmt.Errorf("%w: the files of nats-server %s are known, not those of %s", ErrUnverified, verified, version)
}

// streamConfig returns the configuration of the stream in dir. It fails if the
// configuration cannot be read or the stream is encrypted.
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

// appendOnly reports whether no message is ever removed from the stream and each
// message is stored as soon as it is sent.
func appendOnly(c server.StreamConfig) bool {
	return c.DenyDelete && c.DenyPurge && c.Retention == server.LimitsPolicy && c.MaxAge == 0 && c.MaxMsgs <= 0 && c.MaxBytes <= 0 &&
		c.MaxMsgsPer <= 0 && !c.AllowMsgTTL && !c.AllowMsgSchedules && len(c.Sources) == 0 && c.Mirror == nil
}

// A blockFile is the file of a block, <number>.blk.
type blockFile struct {
	path   string
	number uint32
	size   int64
}

// listBlocks returns the blocks of the stream in dir in the order of their numbers.
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

// endsWith reports whether the last record in the file has the given checksum.
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

// cut truncates the file before an incomplete last record. It removes the file if
// nothing else is in it.
func (f blockFile) cut(s scannedBlock) error {
	if s.whole == 0 {
		return os.Remove(f.path)
	}
	if s.torn {
		return os.Truncate(f.path, s.whole)
	}
	return nil
}
