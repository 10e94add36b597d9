package eslog

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/muster-works/muster/events/log"
)

// ended returns the reason why ctx, made by bind, has ended.
func ended(ctx context.Context) error {
	if cause := context.Cause(ctx); errors.Is(cause, errClosed) {
		return cause
	}
	return ctx.Err()
}

// translate turns an error of the client into an error of package log. It returns
// errors of package log unchanged. It searches the chain of errors, because the
// client wraps its own errors in some places.
func translate(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ended(ctx)
	}
	if d, ok := ctx.Deadline(); ok && !time.Now().Before(d) {
		// The client has a timer of its own for the deadline, which may fire first.
		return context.DeadlineExceeded
	}
	for _, own := range []error{log.ErrConflict, log.ErrTooLarge, log.ErrUnavailable, log.ErrForeign, log.ErrCorrupt, log.ErrMisconfigured} {
		if errors.Is(err, own) {
			return err
		}
	}
	code, rpc := esdb.ErrorCodeUnknown, codes.Unknown
	var esErr *esdb.Error
	if errors.As(err, &esErr) {
		code = esErr.Code()
	}
	if st, ok := status.FromError(err); ok {
		rpc = st.Code()
	}
	switch {
	case code == esdb.ErrorCodeWrongExpectedVersion:
		return fmt.Errorf("%w: %w", log.ErrConflict, err)
	case code == esdb.ErrorCodeStreamDeleted:
		// The text of err names the stream.
		return fmt.Errorf("%w: EventStoreDB: a stream was deleted for good (a hard deletion, or tombstone), and its events go with the next scavenge: stop, start no scavenge, and restore a backup from before: %w", log.ErrCorrupt, err)
	case code == esdb.ErrorCodeUnauthenticated || rpc == codes.Unauthenticated:
		return fmt.Errorf("%w: EventStoreDB does not know this user or password: %w", log.ErrMisconfigured, err)
	case code == esdb.ErrorCodeAccessDenied || rpc == codes.PermissionDenied:
		return fmt.Errorf("%w: the user may not do this in EventStoreDB; it must read $all and write %s*: %w", log.ErrMisconfigured, streamPrefix, err)
	case code == esdb.ErrorCodeUnsupportedFeature || rpc == codes.Unimplemented:
		return fmt.Errorf("%w: the server does not answer as EventStoreDB does: %w", log.ErrMisconfigured, err)
	case rpc == codes.InvalidArgument && strings.Contains(strings.ToLower(err.Error()), "append size"):
		return fmt.Errorf("%w: EventStoreDB is set to less than 1 MiB an append: %w", log.ErrTooLarge, err)
	}
	return fmt.Errorf("%w: EventStoreDB: %w", log.ErrUnavailable, err)
}

func isNotLeader(err error) bool {
	var e *esdb.Error
	return errors.As(err, &e) && e.Code() == esdb.ErrorCodeNotLeader
}

func isNotFound(err error) bool {
	var e *esdb.Error
	return errors.As(err, &e) && e.Code() == esdb.ErrorCodeResourceNotFound
}
