//go:build unix

package access

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// lock takes a folder for this process, and leaves no file behind. The kernel
// drops the lock when the process ends, however it ends.
func lock(dir string, patience time.Duration) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return func() { f.Close() }, nil
		case errors.Is(err, syscall.EINTR), errors.Is(err, syscall.EWOULDBLOCK) && time.Now().Before(deadline):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return nil, errors.Join(fmt.Errorf("another process has been editing for %v; run the command again", patience), f.Close())
		default:
			return nil, errors.Join(fmt.Errorf("lock the folder: %w", err), f.Close())
		}
	}
}

// own gives a file the owner and the group that another one has.
func own(f *os.File, other os.FileInfo) error {
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	has, _ := mine.Sys().(*syscall.Stat_t)
	want, _ := other.Sys().(*syscall.Stat_t)
	if has == nil || want == nil || has.Uid == want.Uid && has.Gid == want.Gid {
		return nil
	}
	return f.Chown(int(want.Uid), int(want.Gid))
}
