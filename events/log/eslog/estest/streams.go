package estest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

type featuresService struct {
	serverfeatures.UnimplementedServerFeaturesServer
	version string
}

func (f featuresService) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	const service = "event_store.client.streams.streams"
	return &serverfeatures.SupportedMethods{
		EventStoreServerVersion: f.version,
		Methods: []*serverfeatures.SupportedMethod{
			{ServiceName: service, MethodName: "append"},
			{ServiceName: service, MethodName: "read"},
		},
	}, nil
}

type streamsService struct {
	streams.UnimplementedStreamsServer
	server *Server
}

// maxLateRepeats is how many repeated appends are answered late.
const maxLateRepeats = 20

// Append handles one append. A refusal because of the revision is an answer; any
// other refusal is a status with trailers that name it.
func (s *streamsService) Append(call streams.Streams_AppendServer) error {
	first, err := call.Recv()
	if err != nil {
		return err
	}
	options := first.GetOptions()
	if options == nil {
		return status.Error(codes.InvalidArgument, "an append begins with its options")
	}
	expected, err := expectedRevision(options)
	if err != nil {
		return err
	}
	var events []Event
	size := 0
	for {
		request, err := call.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		e, err := proposed(request.GetProposedMessage())
		if err != nil {
			return err
		}
		if size += len(e.Data) + len(e.Metadata) + 2*len(e.Type); size > s.server.options.MaxAppend {
			call.SetTrailer(metadata.Pairs("exception", "maximum-append-size-exceeded", "maximum-append-size", strconv.Itoa(s.server.options.MaxAppend)))
			return status.Errorf(codes.InvalidArgument, "Maximum Append Size of %d Exceeded.", s.server.options.MaxAppend)
		}
		events = append(events, e)
	}
	if trailer, err := s.server.store.checkTombstone(string(options.StreamIdentifier.GetStreamName())); err != nil {
		call.SetTrailer(trailer)
		return err
	}
	f := &s.server.faults
	if f.take(func(f *faults) *int { return &f.refusals }) {
		return status.Error(codes.Unavailable, "Server Is Too Busy")
	}
	o := s.server.store.append(string(options.StreamIdentifier.GetStreamName()), expected, events)
	if o.repeated && s.server.options.Forgetful {
		o.ok = false
	}
	if s.server.options.LateRepeats > 0 && o.repeated && o.age < s.server.options.LateRepeats/2 && s.server.late.Add(1) <= maxLateRepeats {
		select {
		case <-time.After(s.server.options.LateRepeats):
			return status.Error(codes.Aborted, "Operation timed out")
		case <-call.Context().Done():
			return call.Context().Err()
		}
	}
	if f.take(func(f *faults) *int { return &f.lostAcks }) {
		s.server.cut(remote(call.Context()))
		return status.Error(codes.Unavailable, "unheard")
	}
	if o.ok {
		if err := s.server.store.awaitReadable(call.Context(), o.readable); err != nil {
			return err
		}
	}
	return call.SendAndClose(answer(o, expected, s.server.options.Old))
}

func expectedRevision(o *streams.AppendReq_Options) (int64, error) {
	switch e := o.ExpectedStreamRevision.(type) {
	case *streams.AppendReq_Options_Revision:
		return int64(e.Revision), nil
	case *streams.AppendReq_Options_NoStream:
		return noStream, nil
	case *streams.AppendReq_Options_Any:
		return anyRevision, nil
	case *streams.AppendReq_Options_StreamExists:
		return streamExists, nil
	}
	return 0, status.Error(codes.InvalidArgument, "no expected revision")
}

func proposed(m *streams.AppendReq_ProposedMessage) (Event, error) {
	if m == nil {
		return Event{}, status.Error(codes.InvalidArgument, "want a proposed message")
	}
	for _, key := range []string{"type", "content-type"} {
		if _, ok := m.Metadata[key]; !ok {
			return Event{}, status.Errorf(codes.InvalidArgument, "Required Metadata Property '%s' is missing", key)
		}
	}
	id, err := readID(m.Id)
	if err != nil {
		return Event{}, status.Error(codes.InvalidArgument, err.Error())
	}
	return Event{ID: id, Type: m.Metadata["type"], JSON: m.Metadata["content-type"] == "application/json", Data: m.Data, Metadata: m.CustomMetadata}, nil
}

func readID(id *shared.UUID) (uuid.UUID, error) {
	if st := id.GetStructured(); st != nil {
		var u uuid.UUID
		binary.BigEndian.PutUint64(u[:8], uint64(st.MostSignificantBits))
		binary.BigEndian.PutUint64(u[8:], uint64(st.LeastSignificantBits))
		return u, nil
	}
	u, err := uuid.Parse(id.GetString_())
	if err != nil {
		return u, fmt.Errorf("event id: %w", err)
	}
	return u, nil
}

func writeID(u uuid.UUID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(u[:8])),
		LeastSignificantBits: int64(binary.BigEndian.Uint64(u[8:])),
	}}}
}

func answer(o appendResult, expected int64, old bool) *streams.AppendResp {
	empty := &shared.Empty{}
	if !o.ok {
		wrong := &streams.AppendResp_WrongExpectedVersion{}
		if o.last < 0 {
			wrong.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: empty}
		} else {
			wrong.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: uint64(o.last)}
		}
		switch expected {
		case anyRevision:
			wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedAny{ExpectedAny: empty}
		case streamExists:
			wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: empty}
		case noStream:
			wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: empty}
		default:
			wrong.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: uint64(expected)}
		}
		return &streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: wrong}}
	}
	done := &streams.AppendResp_Success{}
	if o.last < 0 {
		done.CurrentRevisionOption = &streams.AppendResp_Success_NoStream{NoStream: empty}
	} else {
		done.CurrentRevisionOption = &streams.AppendResp_Success_CurrentRevision{CurrentRevision: uint64(o.last)}
	}
	if o.position == 0 || o.repeated && old {
		done.PositionOption = &streams.AppendResp_Success_NoPosition{NoPosition: empty}
	} else {
		done.PositionOption = &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{CommitPosition: o.position, PreparePosition: o.position}}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_Success_{Success: done}}
}
