// Package timeline turns events into what is known of one post, one person or
// one plan line.
//
// A timeline is a pure function of the set of its events. It depends on what
// they say, on which of them were replaced or withdrawn, and on nothing else:
// not on the order in which they came, not on a clock, not on other timelines.
// (One exception stands in the contract itself: the plan set last holds.)
//
// Packed, a timeline is its facts in log order, one behind the other. Facts are
// only ever appended: what was known at an ordinal is the facts up to it, and
// a packed timeline is at once the row, the snapshot and the history. An event
// that is replaced or withdrawn stays, with a void beside it; it is left out
// from the void on, and from the beginning where the void came first.
//
// A fact that contradicts another is kept. How contradictions count:
//
//   - Hires, exits and renewals: see the comment of placements.
//   - Two sheets for one day of a person count the stronger mark:
//     P > H > S > L > A > . > -.
//   - Two lines of one run under one name are one line.
//
// The packed form is private to this package and has a Version; rows of another
// version are rebuilt from the log, never upgraded.
package timeline
