package natslog

import (
	"context"
	"fmt"

	json "github.com/go-json-experiment/json"

	"github.com/muster-works/muster/events/log"
)

// streamState is what the server knows about missing data. The client library leaves
// out what was lost. Lost bytes without a lost message are the rest of a message that
// was being written at a crash and was never acknowledged.
type streamState struct {
	Messages uint64   `json:"messages"`
	First    uint64   `json:"first_seq"`
	Last     uint64   `json:"last_seq"`
	Deleted  []uint64 `json:"deleted"`
	Lost     *struct {
		Messages []uint64 `json:"msgs"`
	} `json:"lost"`
}

// verifyState returns log.ErrCorrupt if the server knows that a commit is missing.
func (l *driver) verifyState(ctx context.Context) error {
	var info struct {
		State streamState `json:"state"`
	}
	err := l.request(ctx, "ask for the state of the stream", func(ctx context.Context) error {
		m, err := l.nc.RequestWithContext(ctx, "$JS.API.STREAM.INFO."+l.options.Stream, []byte(`{"deleted_details":true}`))
		if err != nil {
			return err
		}
		return json.Unmarshal(m.Data, &info)
	})
	if err != nil {
		return err
	}
	s := info.State
	at, what := uint64(0), ""
	switch {
	case s.Lost != nil && len(s.Lost.Messages) > 0:
		at, what = s.Lost.Messages[0], fmt.Sprintf("the server lost %d commits, the first", len(s.Lost.Messages))
	case s.Last == 0: // an empty stream reports sequence 0 as deleted
		return nil
	case s.First > 1:
		at, what = 1, fmt.Sprintf("the log begins at %d, it misses the commits from the one", s.First)
	case len(s.Deleted) > 0:
		at, what = s.Deleted[0], fmt.Sprintf("%d commits are missing, the first", len(s.Deleted))
	case s.Messages != s.Last:
		at, what = s.Last, fmt.Sprintf("%d commits up to the one", s.Messages)
	default:
		l.connection.noteSequence(s.Last)
		return nil
	}
	return fmt.Errorf("%w: stream %s: %s at %s: restore it from a backup or a replica", log.ErrCorrupt, l.options.Stream, what, log.At(at, 0))
}

// Examine implements log.Examiner. Whatever boundaries are named, it checks the
// stream: its settings, which may have been changed since the log was opened, and the
// data that the server knows to be missing.
func (l *Log) Examine(ctx context.Context, _ ...string) error {
	d := l.driver
	err := d.request(ctx, "look at the stream", func(ctx context.Context) error {
		info, err := d.stream.Info(ctx)
		if err != nil {
			return err
		}
		return verifyConfig(d.options, info.Config)
	})
	if err != nil {
		return err
	}
	return d.verifyState(ctx)
}
