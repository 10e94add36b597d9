package eslog

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

const (
	// lookMin and lookMax bound the pause before the driver looks again for what
	// the leader has accepted and does not show yet.
	retryMin, retryMax = time.Millisecond, 100 * time.Millisecond
	// concealed is how long a stream may stay unreadable before the driver asks
	// whether its metadata hide it.
	hiddenTimeout = 2 * time.Second
)

// written says whether events are in stream, from event number first on: then an
// earlier append of them arrived, and its answer was lost or is not given yet.
//
// The leader refuses an append by what it has accepted, and shows in reads only
// what is replicated and indexed. So written looks until the stream can be read up
// to the revision that refusal names. A caller who is told of a conflict after
// that finds the commit that it conflicts with.
func wasWritten(ctx context.Context, client *esdb.Client, stream string, first uint64, events []esdb.EventData, refusal error) (bool, error) {
	current, there := refusedAt(refusal)
	pause, begin := retryMin, time.Now()
	for {
		here, decided, err := match(ctx, client, stream, first, events)
		if err != nil || decided || !there {
			return here, err
		}
		last, err := tail(ctx, client, stream)
		if err != nil {
			return false, err
		}
		if last != nil && last.EventNumber >= current {
			// Readable by now; it may have become so since match looked.
			here, _, err = match(ctx, client, stream, first, events)
			return here, err
		}
		if time.Since(begin) > hiddenTimeout {
			if err := verifyRetention(ctx, client, stream); err != nil {
				return false, err
			}
		}
		select {
		case <-time.After(pause):
			pause = min(2*pause, retryMax)
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
}

// match compares events with what stream holds from event number first on. It is
// undecided where the stream cannot be read that far.
func match(ctx context.Context, client *esdb.Client, stream string, first uint64, events []esdb.EventData) (same, decided bool, err error) {
	found, err := client.ReadStream(ctx, stream, esdb.ReadStreamOptions{From: esdb.Revision(first)}, uint64(len(events)))
	if err != nil {
		return false, false, err
	}
	defer found.Close()
	for i := range events {
		e, err := found.Recv()
		if errors.Is(err, io.EOF) || isNotFound(err) {
			return false, false, nil
		}
		if err != nil {
			return false, false, err
		}
		if o := e.OriginalEvent(); o.EventID != events[i].EventID || o.EventNumber != first+uint64(i) {
			return false, true, nil
		}
	}
	return true, true, nil
}

// refusedAt returns the number of the last event of the stream as a refused append
// was told it, and false when there is none. The client has it in its text alone:
//
//	wrong expected version: expecting '3' but got '7'
func refusedAt(refusal error) (number uint64, there bool) {
	_, got, found := strings.Cut(refusal.Error(), "but got '")
	if !found {
		return 0, false
	}
	text, _, _ := strings.Cut(got, "'")
	number, err := strconv.ParseUint(text, 10, 64)
	return number, err == nil
}
