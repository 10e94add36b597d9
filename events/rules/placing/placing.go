// Package placing is the rule by which events about posts and persons add up to
// seats and placements. It is the only implementation: the services decide by it,
// and the timelines of the projections are read by it.
//
// The rule reads the events that stand: those that no other event replaces or
// withdraws. Its result depends on what these events say, and never on their order
// in the log, so that history may be brought in in any order (submode record).
//
// # Placements
//
// A placement is one person on one seat of a post, from the on-duty day until an
// exit:
//
//   - Hires of one person on one seat from one day are one placement, however many
//     events say so. The term is the longest that any of them names.
//   - An exit ends every placement of its person on its post that began before the
//     day of the exit and that no earlier exit ended. If there is none, the exit ends
//     the placements that began on that very day: those have no day and never count.
//     Exits of one person from one post on one day are one exit.
//   - A renewal moves the term of the last placement of its person on its post that
//     began before the new end. Of placements that began on one day the one on the
//     highest seat is the last. A term is never made shorter.
//
// For example:
//
//	hire.placed    from 03-01 until 09-01  ●───────────────────○            the agreed term
//	hire.renewed   until 12-01                                 └───────○    the term moves
//	exit.recorded  on 10-01                                       ×         the first day out
//	placement                              ├──────────────────────┤
//
// # Suspensions and stand-ins
//
//   - A suspension belongs to the placement of its person on its post that holds on its
//     first day. If there is none, it has no effect. It lasts until the day that it names,
//     until a resumption, or until the exit, whichever is first.
//   - A resumption ends the suspensions of its person on its post that began before its day
//     and have not ended by then. If there is none, it ends those that began on that very
//     day: these have no day.
//   - A hire may stand in for a suspended person. It stands in on the days on which somebody
//     else on the seat is suspended. On the other days it is a placement as any other: so the
//     stand-in keeps the seat when the suspended person leaves.
//   - Two people may have one seat on a day if one of them is suspended and the hire of the
//     other stands in. Of two others on one seat, one is too many.
//   - A change of group belongs to the placement that holds on its day, and holds from that
//     day on until the exit or the next change. Of two for one day the last by name holds.
//
// For example:
//
//	hire.placed     A from 03-01           ●──────────────────────────────────
//	hire.suspended  A from 05-01                      ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┐
//	hire.placed     B from 05-10, stands in             ●─────────────────────
//	exit.recorded   A on 08-01                                       ×
//	working                                AAAAAAAAAAA  BBBBBBBBBBBBBBBBBBBBBB
//	suspended                                         AAAAAAAAAAAAAAA
//	stands in                                           BBBBBBBBBBBBB
//
// # Month of birth and sex
//
//   - A hire says what the identity number of its person said when it was recorded.
//   - Another number holds from the day of its person.identified on. If the number before was
//     mistyped, the new one holds from the first day on, in place of all that was said before.
//   - It holds for the posts that the event names: those on which the person was by then. Later
//     hires say the new number themselves.
//
// # Seats
//
// A post has seats from the day it is developed until it ends. They are numbered
// from 1:
//
//   - From the day of a post.resized on the post has the number given there. Of two
//     for one day the larger holds. A post.resized for the first day, or for a day
//     before it, holds from the first day on, in place of the number that the
//     post.developed names.
//   - A post ends on the earliest of its closings and of the end with which it was
//     developed.
//   - Of several post.developed for one post one holds entirely: the first in the
//     order of [Development.Compare]. The others count for nothing while it stands.
//     In decide mode there is never more than one.
//
// For example:
//
//	post.developed  2 seats from 01-01     ├──────────────────────────────
//	post.resized    4 seats from 02-01               ├────────────────────
//	post.closed     on 05-01                                      ×
//	seats                                  2         4            0
//
// # Details
//
// What else holds of a post, such as the division in which it lies, holds from day to day
// (see [AppendPeriods]):
//
//   - From the first day of the post on, the details hold with which it was developed.
//   - From the day of a post.changed on, each detail that the event names holds until the
//     next change of the same detail. The details that it leaves out stay as they were.
//   - Of several changes of one detail from one day the largest value holds. In decide mode
//     there is never more than one.
//   - A change from a day before the post begins holds from its first day on.
//
// For example:
//
//	post.developed  in A, 600 yuan         ├──────────────────────────────
//	post.changed    800 yuan from 02-01              ├────────────────────
//	post.changed    in B from 03-01                       ├───────────────
//	division                               A              B
//	standard                               600       800
package placing
