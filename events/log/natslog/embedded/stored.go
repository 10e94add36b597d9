package embedded

import (
	"iter"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-works/muster/events/log/natslog/embedded/internal/blocks"
)

// Stored yields the messages of a stream that follow a sequence, in order, from
// the server's own files, as far as they lie in files that it no longer writes
// to: all but the last 8 MB, more or less. It takes a third of what a consumer
// takes, and checks each message as the server does when it reads one. It ends
// where the rest is to be had from the server: after the last such file, and
// before a message that it cannot read. The data of a message lie in what room
// returns. See natslog.Files.
func (s *Server) Stored(stream string, after uint64, room func(n int) []byte) iter.Seq[*jetstream.RawStreamMsg] {
	return func(yield func(*jetstream.RawStreamMsg) bool) {
		for m, err := range blocks.Messages(filepath.Join(s.streamsDir(), stream), after, room) {
			var header nats.Header
			if err == nil && len(m.Header) > 0 {
				header, err = nats.DecodeHeadersMsg(m.Header)
			}
			if err != nil {
				s.say(slog.LevelWarn, "the log's files are not read directly from here on", "stream", stream, "because", err)
				return
			}
			if !yield(&jetstream.RawStreamMsg{Subject: m.Subject, Sequence: m.Sequence, Header: header, Data: m.Data, Time: time.Unix(0, m.Time)}) {
				return
			}
		}
	}
}
