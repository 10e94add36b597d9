// Package timeline turns events into what is known of one post, one person or
// one plan line.
//
// A timeline is a pure function of the set of its events. It depends on what the events
// say and on which of them were replaced or withdrawn. It does not depend on the order
// in which they came, on a clock or on other timelines. (The contract itself makes one
// exception: of several plans for one key, the plan set last holds.)
//
// A packed timeline is its facts in log order, one behind the other. Facts are only
// ever appended. So what was known at an ordinal is the facts up to that ordinal, and a
// packed timeline is row, snapshot and history in one:
//
//	post    [ developed 1/0 ][ hired 2/4 ][ sheet 5/0 ][ retracted 7/1: 2/4 ]
//	        └─ known at ordinal 2 ───────┘
//
// When an event is replaced or withdrawn, its fact stays and a retraction is appended.
// The event is left out for every ordinal from the retraction on. When the retraction
// came before the event, the event is left out from its beginning.
//
// A fact that contradicts another one is kept. How contradictions count:
//
//   - Hires, exits and renewals: as package placing says.
//   - Of two sheets of one authority for one day of a person the stronger mark counts:
//     P > H > S > L > A > . > -. What sheets of different authorities say is kept side by
//     side, since the policy pack says which of them counts.
//   - Two lines of one run under one name are one line.
//
// The packed form is private to this package and has a Version. Rows of another version
// are not upgraded: the read model is rebuilt from the log.
package timeline
