package estest

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// A retention is the part of a stream's metadata that limits how long events are
// kept.
type retention struct {
	TruncateBefore *uint64 `json:"$tb"`
	MaxCount       *uint64 `json:"$maxCount"`
	MaxAge         *int64  `json:"$maxAge"` // in seconds
}

// retention returns the retention of a stream. The caller holds the lock.
func (s *store) retention(stream string) (r retention) {
	if index := s.streams["$$"+stream]; len(index) > 0 {
		_ = json.Unmarshal(s.all[index[len(index)-1]].Data, &r)
	}
	return r
}

// hides reports whether e is hidden in a stream with the given number of events.
func (r retention) hides(e Event, events int) bool {
	switch {
	case r.TruncateBefore != nil && e.Number < *r.TruncateBefore:
		return true
	case r.MaxCount != nil && e.Number+*r.MaxCount < uint64(events):
		return true
	}
	return r.MaxAge != nil && time.Since(e.Created) > time.Duration(*r.MaxAge)*time.Second
}

// deleted reports whether a stream was softly deleted.
func (r retention) deleted() bool {
	return r.TruncateBefore != nil && *r.TruncateBefore == math.MaxInt64
}

// setMetadata writes the metadata of stream. The caller holds the lock.
func (s *store) setMetadata(stream, data string) {
	s.write("$$"+stream, []Event{{ID: uuid.New(), Type: "$metadata", Data: []byte(data), JSON: true}})
}

// SetMetadata writes the metadata of stream, a JSON object.
func (s *Server) SetMetadata(stream, data string) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.setMetadata(stream, data)
}

// Delete softly deletes a stream: readers find no stream, and the next append
// continues its numbers. $all contains its events until the next scavenge.
func (s *streamsService) Delete(_ context.Context, request *streams.DeleteReq) (*streams.DeleteResp, error) {
	s.server.SetMetadata(string(request.GetOptions().GetStreamIdentifier().GetStreamName()), fmt.Sprintf(`{"$tb":%d}`, int64(math.MaxInt64)))
	return &streams.DeleteResp{PositionOption: &streams.DeleteResp_Position_{Position: &streams.DeleteResp_Position{}}}, nil
}

// Tombstone deletes a stream for good.
func (s *streamsService) Tombstone(_ context.Context, request *streams.TombstoneReq) (*streams.TombstoneResp, error) {
	st := s.server.store
	st.mu.Lock()
	defer st.mu.Unlock()
	st.tombstones[string(request.GetOptions().GetStreamIdentifier().GetStreamName())] = true
	return &streams.TombstoneResp{PositionOption: &streams.TombstoneResp_Position_{Position: &streams.TombstoneResp_Position{}}}, nil
}

// checkTombstone returns an error if stream, or the stream whose metadata it holds,
// has a tombstone.
func (s *store) checkTombstone(stream string) (metadata.MD, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := stream
	if len(name) > 2 && name[:2] == "$$" {
		name = name[2:]
	}
	if !s.tombstones[name] {
		return nil, nil
	}
	return metadata.Pairs("exception", "stream-deleted", "stream-name", stream),
		status.Errorf(codes.FailedPrecondition, "Event stream '%s' is deleted.", stream)
}
