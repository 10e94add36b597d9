package deployment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"golang.org/x/sync/errgroup"
)

// A year writes the log of a province in which three people followed each other on
// every seat, for benchmarks of what the services must know of it. The log is written
// without deciding, in the form in which the services write it.
//
// With 1.2 million people there are 400,000 seats on 66,667 posts, 800,000 exits, a
// course and an account for each person, 800,000 monthly sheets of 4.8 million lines,
// and pay runs of 9.6 million lines, instructed and settled: 28 million facts.
type year struct {
	people int
	lines  string // format of the name of a pay line, from its number in the run
}

const (
	postSeats       = 6    // on each post
	personsPerSeat  = 3    // people who follow each other on a seat
	monthsPerPerson = 4    // months that each person stays
	personsPerRun   = 2000 // people paid by one run, for a month
	linesPerPart    = 500  // lines of one event
)

func (y year) person(i int) events.Who {
	return events.Who{Person: uuid.UUID(seeded(uint64(i)))}
}

// seeded returns random bytes that are a function of n, since pseudonyms are random.
func seeded(n uint64) (b [16]byte) {
	r := rand.New(rand.NewPCG(n, 1))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func (y year) seats() int { return y.people / personsPerSeat }
func (y year) post(seat int) string {
	return fmt.Sprintf("%012d-S%03d", 370102001001+seat/postSeats/9*1000, seat/postSeats%9)
}
func (y year) month(m int) civil.Month { return civil.MustMonth("2022-01") + civil.Month(m) }

// on returns the number of the person on a seat in a month.
func (y year) on(seat, m int) int { return m/monthsPerPerson*y.seats() + seat }

func (y year) placement(put func(string, events.Data)) {
	for seat := 0; seat < y.seats(); seat += postSeats {
		put("p", &events.PostDeveloped{
			Post: y.post(seat), Category: "public_service", Kind: "保洁护路", Area: "rural", Seats: postSeats,
			From: civil.MustDate("2021-12-01"), Fund: fmt.Sprintf("F-2022-%d", seat%150),
		})
	}
	for m := 0; m < personsPerSeat*monthsPerPerson; m += monthsPerPerson {
		from := y.month(m).First()
		for seat := range y.seats() {
			if m > 0 {
				put("x", &events.ExitRecorded{Who: y.person(y.on(seat, m-1)), Post: y.post(seat), On: from, Kind: "natural", Code: "N5"})
			}
			who := y.person(y.on(seat, m))
			who.Identity = &events.Identity{Sealed: sealed, NameToken: "nt_0123456789abcdef", PhoneToken: "pt_0123456789abcdef"}
			put("h", &events.HirePlaced{
				Who: who, Post: y.post(seat), Seat: seat%postSeats + 1, From: from, Until: from.AddMonths(36), Group: "older",
				BirthMonth: civil.MustMonth("1965-01") + civil.Month(seat%60), Sex: "F", Review: &events.Reviewed{On: from - 10},
				Publicity: &events.Publicity{From: from - 8, Until: from - 4}, Agreement: &events.Agreement{Number: "A-2022-000001", Signed: from - 1},
			})
		}
	}
}

const sealed = "qJ0Qm0p2v2VnY0l3c3R1dnd4eXphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3ODlBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWg=="

func (y year) training(put func(string, events.Data)) {
	for i := range y.people {
		put("t", &events.TrainingCompleted{Who: y.person(i), Course: "pre-service", Hours: 16, On: civil.MustDate("2022-01-20"), PreService: true})
	}
}

func (y year) attendance(put func(string, events.Data)) {
	for m := range personsPerSeat * monthsPerPerson {
		for seat := 0; seat < y.seats(); seat += postSeats {
			d := &events.AttendanceReported{Post: y.post(seat), Month: y.month(m), Recorder: "village-clerk"}
			for s := seat; s < min(seat+postSeats, y.seats()); s++ {
				d.Lines = append(d.Lines, events.AttendanceLine{Person: y.person(y.on(s, m)).Person, Marks: "PPPPP..PPPPP..PPPLP..PPPPP..PP"})
			}
			put("a", d)
		}
	}
}

func (y year) payment(put func(string, events.Data)) {
	for f := range 150 {
		put("f", &events.FundAllocated{Fund: fmt.Sprintf("F-2022-%d", f), Year: 2022, Amount: 1e15})
	}
	for i := range y.people {
		put("c", &events.AccountAssigned{Who: y.person(i), Account: "at_0123456789abcdef", Bank: "農商銀行", From: civil.MustDate("2022-01-01"), Sealed: sealed[:60]})
	}
	for m := range personsPerSeat * monthsPerPerson {
		for first := 0; first < y.seats(); first += personsPerRun {
			run := fmt.Sprintf("R-2022-%02d-%04d", m+1, first/personsPerRun)
			var paid []*events.PaymentSettled
			line := 0
			for from := first; from < min(first+personsPerRun, y.seats()); from += linesPerPart / 2 {
				pay := &events.PaymentInstructed{Run: run, Month: y.month(m), Fund: fmt.Sprintf("F-2022-%d", first%150)}
				settle := &events.PaymentSettled{Run: run, PaidOn: y.month(m+1).First() + 9}
				for s := from; s < min(from+linesPerPart/2, first+personsPerRun, y.seats()); s++ {
					for _, kind := range []string{"", "insurance"} {
						line++
						id := fmt.Sprintf(y.lines, line)
						pay.Lines = append(pay.Lines, events.PayLine{Line: id, Person: y.person(y.on(s, m)).Person, Post: y.post(s), Kind: kind, Amount: 60_000 + events.Fen(s%9)*1_000})
						settle.Lines = append(settle.Lines, events.SettledLine{Line: id, Person: y.person(y.on(s, m)).Person, Account: "at_0123456789abcdef"})
					}
				}
				put("i", pay)
				paid = append(paid, settle)
			}
			for _, settle := range paid {
				put("s", settle)
			}
		}
	}
}

// write appends the year to a log, the boundaries in parallel.
func (y year) write(ctx context.Context, l log.Log) error {
	type boundary struct {
		family events.Family
		tell   func(put func(string, events.Data))
	}
	boundaries := []boundary{
		{events.Hire, y.placement}, {events.Training, y.training}, {events.Attendance, y.attendance}, {events.Payment, y.payment},
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, b := range boundaries {
		g.Go(func() error {
			p, n := &commitWriter{ctx: ctx, log: l, boundary: b.family.Boundary()}, 0
			b.tell(func(id string, d events.Data) {
				n++
				e := &events.Event{
					ID: fmt.Sprintf("%s-2022-%08d", id, n), Source: "/agency/370211-rsj", Type: d.Type(), Time: time.Unix(1.65e9, 0).UTC(),
					Division: "370102000000", AuthType: "token", AuthID: "370211-rsj", CorrelationID: "7d0c5a52-6f0e-4d55-9a51-0d2f7f8b6c11",
					PolicyVersion: "shandong-2022.1", Digest: fmt.Sprintf("%032x", n*7919), Data: d,
				}
				p.put(e)
			})
			p.flush()
			return p.err
		})
	}
	return g.Wait()
}

// A commitWriter gathers events into commits as large as the log allows, and appends
// them.
type commitWriter struct {
	ctx      context.Context
	log      log.Log
	boundary string
	raw      [][]byte
	size     int
	revision log.Revision
	err      error
}

func (p *commitWriter) put(e *events.Event) {
	raw, err := e.Append(nil)
	if err != nil {
		p.err = err
	}
	if len(p.raw) == log.MaxEvents || p.size+len(raw)+4 > log.MaxBytes {
		p.flush()
	}
	p.raw, p.size = append(p.raw, raw), p.size+len(raw)+2
}

func (p *commitWriter) flush() {
	if p.err == nil && len(p.raw) > 0 {
		c := log.Commit{ID: uuid.NewString(), Boundary: p.boundary, Events: p.raw}
		_, revision, err := p.log.Append(p.ctx, c, p.revision)
		for errors.Is(err, log.ErrUnavailable) && p.ctx.Err() == nil {
			time.Sleep(100 * time.Millisecond)
			_, revision, err = p.log.Append(p.ctx, c, p.revision)
		}
		p.revision, p.err = revision, err
	}
	p.raw, p.size = p.raw[:0], 0
}
