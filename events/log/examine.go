package log

import "context"

// An Examiner is a Log whose driver can say whether the log is about to lose
// commits, or is set up so that it might, while that can still be taken back.
//
// Examine looks at the boundaries that are named, and at those that were read or
// written since the log was opened. It fails with [ErrMisconfigured], whose text
// says what is set where and how to take it back; with [ErrCorrupt] when commits
// are gone already; with [ErrUnavailable], which says nothing about the log; or with
// the context's error. Whoever runs a deployment examines the log before it starts
// and every hour.
type Examiner interface {
	Examine(ctx context.Context, boundaries ...string) error
}
