// Package tally counts what became of the submissions of each agency, and records
// the counts in the log. Without them the log would hold no trace of a refusal,
// because it holds accepted events alone.
//
// A tally is a matter of record and not an account: what was counted since the
// last record is lost when the process is killed.
package tally

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/muster-works/muster/events"
)

// A Tally holds the counts since it was last taken. It is safe for concurrent use.
type Tally struct {
	mu       sync.Mutex
	agencies map[string]*events.SubmissionsTallied
}

// New returns an empty tally.
func New() *Tally { return &Tally{agencies: map[string]*events.SubmissionsTallied{}} }

// Count adds the receipts of an agency. A rejected event counts under the code of
// its first reason.
func (t *Tally) Count(agency string, receipts []events.Receipt) {
	if len(receipts) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	sum := t.agencies[agency]
	if sum == nil {
		sum = &events.SubmissionsTallied{Agency: agency}
		t.agencies[agency] = sum
	}
	for _, r := range receipts {
		switch r.Status {
		case events.Accepted:
			sum.Accepted++
		case events.Duplicate:
			sum.Duplicate++
		case events.Rejected:
			countRejected(sum, r.Reasons)
		}
	}
}

func countRejected(sum *events.SubmissionsTallied, reasons events.Reasons) {
	if sum.Rejected == nil {
		sum.Rejected = map[string]int{}
	}
	code := ""
	if len(reasons) > 0 {
		code = string(reasons[0].Code)
	}
	sum.Rejected[code]++
}

// Take returns the counts since the last Take and sets them to zero. The list has
// one element for each agency that submitted, in order of their names. from and
// until are the interval that the elements say they cover.
func (t *Tally) Take(from, until time.Time) []*events.SubmissionsTallied {
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []*events.SubmissionsTallied
	for _, sum := range t.agencies {
		sum.From, sum.Until = from, until
		list = append(list, sum)
	}
	clear(t.agencies)
	slices.SortFunc(list, func(a, b *events.SubmissionsTallied) int { return strings.Compare(a.Agency, b.Agency) })
	return list
}
