package log

import "context"

// An Examiner is a Log that can be checked for settings which endanger its commits,
// while no commit is lost yet.
//
// Examine checks the named boundaries, and those that were read or written since the
// log was opened. It returns [ErrMisconfigured] with the setting and how to undo it,
// [ErrCorrupt] if commits are lost already, [ErrUnavailable] if it could not check,
// or the error of the context. A deployment examines its log before it starts and
// every hour.
type Examiner interface {
	Examine(ctx context.Context, boundaries ...string) error
}
