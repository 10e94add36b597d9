package estest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Read answers all reads and subscriptions.
func (s *streamsService) Read(request *streams.ReadReq, call streams.Streams_ReadServer) error {
	o := request.GetOptions()
	if o.GetAll() != nil && s.server.options.Reserved {
		call.SetTrailer(metadata.Pairs("exception", "access-denied"))
		return status.Error(codes.PermissionDenied, "Access Denied")
	}
	_, subscribe := o.GetCountOption().(*streams.ReadReq_Options_Subscription)
	r := reader{service: s, call: call, all: o.GetAll() != nil}
	switch {
	case o.GetAll() == nil && o.GetStream() == nil:
		return status.Error(codes.InvalidArgument, "neither a stream nor $all")
	case subscribe && r.all:
		return r.subscribeAll(o)
	case subscribe:
		return status.Error(codes.Unimplemented, "subscriptions to one stream are not part of this server")
	case o.GetFilter() != nil:
		return status.Error(codes.Unimplemented, "reads with a filter are not part of this server")
	case r.all:
		return r.readAll(o)
	default:
		return r.readStream(o)
	}
}

// A reader is one call of Read.
type reader struct {
	service *streamsService
	call    streams.Streams_ReadServer
	all     bool
}

func (r reader) readStream(o *streams.ReadReq_Options) error {
	name := string(o.GetStream().GetStreamIdentifier().GetStreamName())
	if trailer, err := r.service.server.store.checkTombstone(name); err != nil {
		r.call.SetTrailer(trailer)
		return err
	}
	events := r.service.server.store.stream(name)
	if len(events) == 0 {
		return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{
			StreamNotFound: &streams.ReadResp_StreamNotFound{StreamIdentifier: o.GetStream().GetStreamIdentifier()},
		}})
	}
	backwards := o.ReadDirection == streams.ReadReq_Options_Backwards
	from := uint64(0)
	switch at := o.GetStream().GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_Revision:
		from = at.Revision
	case *streams.ReadReq_Options_StreamOptions_End:
		from = 1<<64 - 1
	}
	events = slices.DeleteFunc(events, func(e Event) bool { return backwards && e.Number > from || !backwards && e.Number < from })
	if backwards {
		slices.Reverse(events)
	}
	return r.send(events, o.GetCount())
}

func (r reader) readAll(o *streams.ReadReq_Options) error {
	all, _ := r.service.server.store.snapshot()
	at, err := start(all, o.GetAll())
	if err != nil {
		return err
	}
	if o.ReadDirection == streams.ReadReq_Options_Backwards {
		// Reading backwards, the position is that of the first event that is not
		// read.
		all = slices.Clone(all[:at])
		slices.Reverse(all)
		return r.send(all, o.GetCount())
	}
	return r.send(all[at:], o.GetCount())
}

// start returns the index in all of the position in o. A server that is asked to read
// between two records fails.
func start(all []Event, o *streams.ReadReq_Options_AllOptions) (int, error) {
	switch at := o.GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_End:
		return len(all), nil
	case *streams.ReadReq_Options_AllOptions_Position:
		i, ok := find(all, at.Position.CommitPosition)
		if !ok && i < len(all) {
			return 0, status.Error(codes.Unknown, "Unexpected ReadAllResult: Error")
		}
		return i, nil
	}
	return 0, nil
}

func (r reader) send(events []Event, count uint64) error {
	for i, e := range events {
		if uint64(i) == count {
			break
		}
		if err := r.event(e); err != nil {
			return err
		}
	}
	return nil
}

// subscribeAll sends the events after the given position that the filter selects,
// checkpoints, and later events.
func (r reader) subscribeAll(o *streams.ReadReq_Options) error {
	r.service.server.faults.beforeSubscription()
	store := r.service.server.store
	all, _ := store.snapshot()
	at, err := start(all, o.GetAll())
	if err != nil {
		return err
	}
	if _, ok := o.GetAll().GetAllOption().(*streams.ReadReq_Options_AllOptions_Position); ok && at < len(all) {
		at++ // the subscriber has already seen the event at the position
	}
	selects, err := filter(o.GetFilter())
	if err != nil {
		return err
	}
	_, fromStart := o.GetAll().GetAllOption().(*streams.ReadReq_Options_AllOptions_Start)
	m := checkpointSender{reader: r, kinds: r.service.server.options.Checkpoints, start: fromStart,
		every: uint64(o.GetFilter().GetMax()) * uint64(max(1, o.GetFilter().GetCheckpointIntervalMultiplier()))}
	if err := r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{
		Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: uuid.NewString()},
	}}); err != nil {
		return err
	}
	if r.service.server.faults.take(func(f *faults) *int { return &f.passes }) && len(all) > at {
		if err := m.checkpoint(all[len(all)-1].Position); err != nil {
			return err
		}
		at = len(all)
	}
	for {
		if err := m.send(all[min(at, len(all)):], selects); err != nil {
			return err
		}
		at = len(all)
		var grown <-chan struct{}
		if all, grown = store.snapshot(); len(all) > at {
			continue
		}
		if err := m.live(); err != nil {
			return err
		}
		if err := r.caughtUp(); err != nil {
			return err
		}
		select {
		case <-grown:
			all, _ = store.snapshot()
			if err := r.fellBehind(); err != nil {
				return err
			}
		case <-r.call.Context().Done():
			return r.call.Context().Err()
		}
	}
}

// caughtUp tells a subscription that it is live. Old servers do not do this.
func (r reader) caughtUp() error {
	o := r.service.server.options
	if o.Old {
		return nil
	}
	m := &streams.ReadResp_CaughtUp{}
	if o.Newer {
		m.ProtoReflect().SetUnknown(unknownFields)
	}
	return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: m}})
}

// fellBehind tells a subscription that it is no longer live. Only newer servers do
// this.
func (r reader) fellBehind() error {
	if !r.service.server.options.Newer {
		return nil
	}
	m := &streams.ReadResp_FellBehind{}
	m.ProtoReflect().SetUnknown(unknownFields)
	return r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_FellBehind_{FellBehind: m}})
}

// unknownFields are a time (field 1, a message) and a position (field 3, a message),
// which are not in the protocol of this client.
var unknownFields = []byte{1<<3 | 2, 2, 8, 1, 3<<3 | 2, 4, 8, 1, 16, 1}

// filter returns the predicate that o describes.
func filter(o *streams.ReadReq_Options_FilterOptions) (func(Event) bool, error) {
	if o == nil {
		return func(Event) bool { return true }, nil
	}
	expression, field := o.GetStreamIdentifier(), func(e Event) string { return e.Stream }
	if expression == nil {
		expression, field = o.GetEventType(), func(e Event) string { return e.Type }
	}
	if expression.GetRegex() != "" {
		re, err := regexp.Compile(expression.GetRegex())
		if err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "filter: %v", err)
		}
		return func(e Event) bool { return re.MatchString(field(e)) }, nil
	}
	return func(e Event) bool {
		return slices.ContainsFunc(expression.GetPrefix(), func(p string) bool { return strings.HasPrefix(field(e), p) })
	}, nil
}

// event sends one event. Old servers return its position only when $all is read.
func (r reader) event(e Event) error {
	if err := r.service.server.faults.wait(r.call.Context()); err != nil {
		return err
	}
	position := e.Position
	event := &streams.ReadResp_ReadEvent{Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: position}}
	if !r.all && r.service.server.options.Old {
		position = 1<<64 - 1
		event.Position = &streams.ReadResp_ReadEvent_NoPosition{NoPosition: &shared.Empty{}}
	}
	contentType := "application/octet-stream"
	if e.JSON {
		contentType = "application/json"
	}
	event.Event = &streams.ReadResp_ReadEvent_RecordedEvent{
		Id:               writeID(e.ID),
		StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(e.Stream)},
		StreamRevision:   e.Number,
		PreparePosition:  position,
		CommitPosition:   position,
		Metadata: map[string]string{
			"type":         e.Type,
			"content-type": contentType,
			"created":      strconv.FormatInt(e.Created.UnixNano()/100, 10),
		},
		CustomMetadata: e.Metadata,
		Data:           e.Data,
	}
	if err := r.call.Send(&streams.ReadResp{Content: &streams.ReadResp_Event{Event: event}}); err != nil {
		return err
	}
	r.service.server.sent(r.call.Context())
	return nil
}
