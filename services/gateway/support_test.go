package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/internal/access"
)

func newLog(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// agencies is an access file of a county with a token and a key, and of a bank with
// a key.
func agencies(t testing.TB) *admission.Auth {
	t.Helper()
	hash := sha256.Sum256([]byte("county-token"))
	f := &access.File{Agencies: []access.Agency{
		{Account: access.Account{Name: "370211-rsj", Division: "370211", Tokens: access.Tokens{{SHA256: hex.EncodeToString(hash[:])}}},
			Services: []events.Family{events.Hire, events.Attendance}, NKeys: []string{publicKey(t)}},
		{Account: access.Account{Name: "bank"}, NKeys: []string{publicKey(t)}},
	}}
	list, err := access.NewList(f)
	if err != nil {
		t.Fatal(err)
	}
	return admission.NewAuth(func() *access.List { return list })
}

func publicKey(t testing.TB) string {
	t.Helper()
	_, public, err := access.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return public
}

// files returns all bytes of the files under a folder.
func files(t testing.TB, dir string) (all []byte) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all = append(all, b...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func dial(t testing.TB, url string) *net.TCPConn {
	t.Helper()
	addr, err := net.ResolveTCPAddr("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialTCP("tcp", nil, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// repeated is a line n times.
type repeated struct {
	line []byte
	n    int
	rest []byte
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if len(r.rest) == 0 {
			if r.n == 0 {
				break
			}
			r.rest = r.line
			r.n--
		}
		k := copy(p[n:], r.rest)
		r.rest = r.rest[k:]
		n += k
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// counter counts a text in what is written to it.
type counter struct {
	what []byte
	n    int
	tail []byte
	last []byte
}

func (c *counter) Write(p []byte) (int, error) {
	text := append(c.tail, p...)
	c.n += bytes.Count(text, c.what)
	keep := min(len(text), len(c.what)-1)
	c.last = append([]byte(nil), text[max(0, len(text)-64):]...)
	c.tail = append([]byte(nil), text[len(text)-keep:]...)
	return len(p), nil
}

func newFuzzFixture(f *testing.F) *fixture {
	return newFixture(f, func(o *Options) { o.Services, o.History = acceptor{}, memlog.New() })
}

func lineCount(body []byte) (n int) {
	for line := range bytes.Lines(body) {
		if len(bytes.Trim(line, " \t\r\n")) > 0 {
			n++
		}
	}
	return n
}
