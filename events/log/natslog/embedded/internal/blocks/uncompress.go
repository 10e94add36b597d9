package blocks

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/nats-io/nats-server/v2/server"
)

// UncompressLast makes sure that the block which the server will continue is not
// compressed, and reports whether it changed a file. No server may have the stream
// open. After an error the server must not be started, since it could overwrite the
// content of that block. The error is ErrUnverified, and no file is changed, if a
// file must be changed but the version of the linked server is not the verified one.
func UncompressLast(dir string) (changed bool, err error) { return uncompressLast(dir, server.VERSION) }

func uncompressLast(dir, version string) (changed bool, err error) {
	c, err := streamConfig(dir)
	if err != nil {
		return false, nil // the server reports what is wrong
	}
	files, err := listBlocks(dir)
	if err != nil {
		return false, err
	}
	for _, f := range slices.Backward(files) {
		b, err := os.ReadFile(f.path)
		if err != nil {
			return changed, err
		}
		b, compressed, err := uncompressed(b)
		if err != nil {
			return changed, nil // the server reports what is wrong
		}
		if compressed {
			if err := verifyVersion(version); err != nil {
				return changed, fmt.Errorf("%s: %w; start once with a build that has nats-server %s in it, which leaves the files in order", f.path, err, verified)
			}
			if err := f.replace(b); err != nil {
				return changed, err
			}
			changed = true
		}
		// The server drops a block whose first record it cannot read, and continues
		// the one before.
		if _, err := parseRecord(b, newHash(block{number: f.number}.key(c.Name))); err == nil || errors.Is(err, errDeleted) {
			break
		}
	}
	return changed, nil
}

// replace replaces the content of the file by b. It changes nothing if it fails.
func (f blockFile) replace(b []byte) error {
	temporary := f.path + ".tmp" // the server uses the same suffix for temporary files
	w, err := os.OpenFile(temporary, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	if err = errors.Join(err, w.Sync(), w.Close()); err == nil {
		err = os.Rename(temporary, f.path)
	}
	if err != nil {
		os.Remove(temporary)
	}
	return err
}
