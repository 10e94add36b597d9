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

// Stored yields the messages of a stream after a sequence, in order, from the
// server's own files. It reads the files that the server no longer writes: all but
// about the last 8 MB. It takes a third of the time of a consumer, and checks each
// message as the server does. It ends after the last such file, or before a message
// that it cannot read; the caller asks the server for the rest. The data of a message
// is in memory from room. Stored implements natslog.Files.
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
