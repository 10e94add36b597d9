package embedded

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	lockFile     = "lock"
	passwordFile = "internal.password"
	storeDir     = "jetstream" // nats-server makes a folder jetstream in this folder
)

// lockDir locks the directory for this process. The lock ends when the file is
// closed.
func lockDir(dir string) (*os.File, error) {
	name := filepath.Join(dir, lockFile)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("embedded: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			owner := make([]byte, 20)
			n, _ := f.Read(owner)
			return nil, fmt.Errorf("%w: %s (process %s): stop it, or choose another directory", ErrInUse, dir, strings.TrimSpace(string(owner[:n])))
		}
		return nil, fmt.Errorf("embedded: lock %s: %w", name, err)
	}
	// The file names the process that holds the lock, for the error message of
	// another process.
	err = f.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintln(f, os.Getpid())
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("embedded: %w", err)
	}
	return f, nil
}

// ensurePassword returns the password of the internal user. It creates one if the
// directory is new.
func ensurePassword(dir string) (string, error) {
	name := filepath.Join(dir, passwordFile)
	b, err := os.ReadFile(name)
	if password := strings.TrimSpace(string(b)); err == nil && password != "" {
		return password, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("embedded: %w", err)
	}
	password := rand.Text()
	// The password is written to another file first, so that a crash cannot leave an
	// empty file.
	if err := os.WriteFile(name+".new", []byte(password+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("embedded: %w", err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		return "", fmt.Errorf("embedded: %w", err)
	}
	return password, nil
}
