package eslog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/go-json-experiment/json"

	"github.com/muster-works/muster/events/log"
)

// metadataPrefix is the prefix of the name of the stream that holds a stream's
// metadata.
const metadataPrefix = "$$"

// softDeleted is the value of $tb after a soft deletion.
const softDeleted = math.MaxInt64

// A retention is the part of a stream's metadata that limits how long events are
// kept. It has no effect until the next scavenge, which deletes events for good.
type retention struct {
	TruncateBefore *int64 `json:"$tb"`
	MaxCount       *int64 `json:"$maxCount"`
	MaxAge         *int64 `json:"$maxAge"` // in seconds
}

// retentionKeys are the members of the metadata that form a retention.
var retentionKeys = []string{"$tb", "$maxCount", "$maxAge"}

// set returns what r limits, in the names that operators know.
func (r retention) set() (all []string) {
	switch {
	case r.TruncateBefore != nil && *r.TruncateBefore == softDeleted:
		all = append(all, "was deleted (softly: $tb is its end)")
	case r.TruncateBefore != nil:
		all = append(all, fmt.Sprintf("has $tb %d, which gives up the events before that number", *r.TruncateBefore))
	}
	if r.MaxCount != nil {
		all = append(all, fmt.Sprintf("has $maxCount %d, which gives up all but the last events", *r.MaxCount))
	}
	if r.MaxAge != nil {
		all = append(all, fmt.Sprintf("has $maxAge %d s, which gives up what is older", *r.MaxAge))
	}
	return all
}

// Examine implements [log.Examiner]. It checks the metadata of each boundary's
// stream, and whether the stream was deleted.
func (l *Log) Examine(ctx context.Context, boundaries ...string) error {
	d := l.driver
	d.mu.Lock()
	all := slices.Collect(maps.Keys(d.heads))
	d.mu.Unlock()
	all = append(all, boundaries...)
	slices.Sort(all)
	var found []error
	for _, boundary := range slices.Compact(all) {
		_, err := call(ctx, d.pool, func(ctx context.Context, client *esdb.Client) (none struct{}, err error) {
			return none, verifyRetention(ctx, client, d.prefix+boundary)
		})
		if err != nil && !errors.Is(err, log.ErrMisconfigured) && !errors.Is(err, log.ErrCorrupt) {
			return err
		}
		found = append(found, err)
	}
	return errors.Join(found...)
}

// verifyRetention returns log.ErrMisconfigured if the metadata of stream limit how
// long its events are kept, and log.ErrCorrupt if the stream was deleted for good.
func verifyRetention(ctx context.Context, client *esdb.Client, stream string) error {
	e, err := tail(ctx, client, metadataPrefix+stream)
	if isDeleted(err) {
		return tombstone(stream)
	}
	if err != nil || e == nil {
		return err
	}
	var r retention
	if err := json.Unmarshal(e.Data, &r); err != nil {
		return nil // the server ignores such metadata
	}
	set := r.set()
	if set == nil {
		return nil
	}
	return fmt.Errorf("%w: EventStoreDB: stream %s %s. Nothing is lost until the next scavenge, which deletes for good: start none, and take it back with muster provision --log esdb://… --apply, or write the metadata of %s again without %s",
		log.ErrMisconfigured, stream, strings.Join(set, "; it "), stream, strings.Join(retentionKeys, ", "))
}

// tombstone returns the error for a stream that was deleted for good.
func tombstone(stream string) error {
	return fmt.Errorf("%w: EventStoreDB: stream %s was deleted for good (a hard deletion, or tombstone): nothing can be read from it or written to it again, and its events go with the next scavenge. Stop, start no scavenge, and restore a backup from before",
		log.ErrCorrupt, stream)
}

// isDeleted reports whether err means that a stream has a tombstone.
func isDeleted(err error) bool {
	var e *esdb.Error
	return errors.As(err, &e) && e.Code() == esdb.ErrorCodeStreamDeleted
}
