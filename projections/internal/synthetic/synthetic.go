// Package synthetic generates logs for tests and benchmarks. A generated log
// holds a small programme, month by month, in the form in which the services
// write events.
package synthetic

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/log"
)

// Size is the size of a programme.
type Size struct {
	Posts    int // number of posts, each with five seats
	Months   int // months with attendance and pay
	Counties int
	Seed     uint64
}

const (
	seats    = 5
	runLines = 500
)

// Start is the first month of every programme.
var Start = civil.MonthOf(2022, time.January)

// A Writer appends commits of up to a few hundred events to a log.
type Writer struct {
	Facts int // lines written so far

	log       log.Log
	name      string // prefix of the ID of each commit
	revisions map[string]log.Revision
	at        time.Time
	commits   int
	batch     map[string][][]byte
	bytes     map[string]int
}

// NewWriter returns a Writer that labels its commits with name. Recorded times
// begin with the month Start.
func NewWriter(l log.Log, name string) *Writer {
	return &Writer{log: l, name: name, revisions: map[string]log.Revision{}, at: Start.First().Start(time.UTC),
		batch: map[string][][]byte{}, bytes: map[string]int{}}
}

// Add adds an event to the pending commit of the event's boundary; facts is the
// number of lines of the event.
func (w *Writer) Add(ctx context.Context, e *events.Event, facts int) error {
	raw, err := e.Append(nil)
	if err != nil {
		return err
	}
	b := e.Family().Boundary()
	if len(w.batch[b]) == log.MaxEvents || w.bytes[b]+len(raw)+2 > log.MaxBytes-2 {
		if err := w.Commit(ctx, b); err != nil {
			return err
		}
	}
	w.batch[b] = append(w.batch[b], raw)
	w.bytes[b] += len(raw) + 2
	w.Facts += facts
	return nil
}

// Commit appends the pending events of a boundary to the log.
func (w *Writer) Commit(ctx context.Context, boundary string) error {
	if len(w.batch[boundary]) == 0 {
		return nil
	}
	w.commits++
	w.at = w.at.Add(time.Minute)
	c := log.Commit{ID: fmt.Sprintf("%s-%d", w.name, w.commits), Boundary: boundary, Events: w.batch[boundary], Imported: w.at}
	_, revision, err := w.log.Append(ctx, c, w.revisions[boundary])
	if err != nil {
		return err
	}
	w.revisions[boundary] = revision
	delete(w.batch, boundary)
	delete(w.bytes, boundary)
	return nil
}

// CommitAll appends the pending events of every boundary to the log.
func (w *Writer) CommitAll(ctx context.Context) error {
	for _, b := range []string{"placement", "training", "attendance", "payment", "registry"} {
		if err := w.Commit(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// A programme is the state of Fill while it writes a log.
type programme struct {
	*Writer
	size Size
	rand *rand.Rand
	ids  int
	on   []uuid.UUID // person in each seat
}

// Fill writes a programme to the log. It first writes the posts, and a hire
// with training and account for every seat. For each month it then writes
// sheets of five lines, some suspensions, exits and hires, and pay runs of five hundred
// lines, instructed and settled. Fill returns the number of facts.
func Fill(ctx context.Context, l log.Log, size Size) (int, error) {
	p := &programme{Writer: NewWriter(l, fmt.Sprint("programme-", size.Seed)), size: size, rand: rand.New(rand.NewPCG(size.Seed, 1)), on: make([]uuid.UUID, size.Posts*seats)}
	steps := []func(context.Context) error{p.develop, p.hireAll}
	for m := range size.Months {
		month := Start + civil.Month(m)
		steps = append(steps,
			func(ctx context.Context) error { return p.attendance(ctx, month) },
			func(ctx context.Context) error { return p.suspensions(ctx, month) },
			func(ctx context.Context) error { return p.turnover(ctx, month) },
			func(ctx context.Context) error { return p.pay(ctx, month) })
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return 0, err
		}
		if err := p.CommitAll(ctx); err != nil {
			return 0, err
		}
	}
	return p.Facts, nil
}

func (p *programme) county(post int) int { return post % p.size.Counties }

func (p *programme) event(post int, data events.Data) *events.Event {
	p.ids++
	county := 370100 + p.county(post)
	return &events.Event{
		ID: fmt.Sprintf("e-%d-%d", p.size.Seed, p.ids), Source: fmt.Sprintf("/agency/%d-rsj", county), Type: data.Type(),
		Division: division.Code(fmt.Sprintf("%d%06d", county, 1000+post%500)), AuthType: "token", AuthID: fmt.Sprintf("%d-rsj", county),
		CorrelationID: "0190b0a0-0000-7000-8000-000000000000", PolicyVersion: "shandong-2022.1",
		Digest: "00112233445566778899aabbccddeeff", Data: data,
	}
}

func name(post int) string { return fmt.Sprintf("post-%d", post) }

func (p *programme) develop(ctx context.Context) error {
	categories := []string{"facility_maintenance", "public_service", "public_management", "social_governance", "social_undertaking"}
	for i := range p.size.Posts {
		e := p.event(i, &events.PostDeveloped{Post: name(i), Category: categories[i%5], Kind: fmt.Sprintf("kind-%d", i%30),
			Area: []string{"rural", "urban"}[i%7/6], Seats: seats, From: Start.First(), Standard: 80000, Fund: "fund"})
		if err := p.Add(ctx, e, 1); err != nil {
			return err
		}
	}
	return nil
}

func (p *programme) person() (id uuid.UUID) {
	for i := range id {
		id[i] = byte(p.rand.Uint32())
	}
	return id
}

func (p *programme) hireAll(ctx context.Context) error {
	for i := range p.on {
		if err := p.hire(ctx, i, Start.First()+civil.Date(p.rand.IntN(28))); err != nil {
			return err
		}
	}
	return nil
}

func (p *programme) hire(ctx context.Context, seat int, from civil.Date) error {
	post := seat / seats
	who := events.Who{Person: p.person()}
	p.on[seat] = who.Person
	sealed := who
	sealed.Identity = &events.Identity{Sealed: fmt.Sprintf("%0160d", seat), PhoneToken: fmt.Sprintf("phone-%016d", seat)}
	for _, d := range []events.Data{
		&events.HirePlaced{Who: sealed, Post: name(post), Seat: seat%seats + 1, From: from, Until: from.AddMonths(36),
			Group: []string{"older", "out_of_poverty", "low_income", "disabled"}[p.rand.IntN(4)], BirthMonth: civil.MonthOf(1960+p.rand.IntN(40), 3), Sex: []string{"F", "M"}[p.rand.IntN(2)]},
		&events.TrainingCompleted{Who: who, Course: "safety", Hours: 8, On: from - 3, PreService: true},
		&events.AccountAssigned{Who: who, Account: fmt.Sprintf("account-%016d", seat), Bank: "bank", From: from},
	} {
		if err := p.Add(ctx, p.event(post, d), 1); err != nil {
			return err
		}
	}
	return nil
}

func (p *programme) attendance(ctx context.Context, month civil.Month) error {
	rest := make([]byte, month.Days())
	for i := range rest {
		if rest[i] = 'P'; (int(month.First())+i)%7 >= 5 {
			rest[i] = '.'
		}
	}
	for post := range p.size.Posts {
		sheet := &events.AttendanceReported{Post: name(post), Month: month, Recorder: "clerk"}
		for s := range seats {
			marks := append([]byte(nil), rest...)
			if p.rand.IntN(8) == 0 {
				marks[p.rand.IntN(len(marks))] = "LAH"[p.rand.IntN(3)]
			}
			sheet.Lines = append(sheet.Lines, events.AttendanceLine{Person: p.on[post*seats+s], Marks: string(marks)})
		}
		if err := p.Add(ctx, p.event(post, sheet), seats); err != nil {
			return err
		}
	}
	return nil
}

// suspensions suspends some people for ten days, and moves some to another group.
func (p *programme) suspensions(ctx context.Context, month civil.Month) error {
	first := month.First()
	for seat := int(month) % 60; seat < len(p.on); seat += 60 {
		who, post := events.Who{Person: p.on[seat]}, name(seat/seats)
		for _, d := range []events.Data{
			&events.HireSuspended{Who: who, Post: post, From: first + 9, Reason: "illness"},
			&events.HireResumed{Who: who, Post: post, On: first + 19},
			&events.HireChanged{Who: who, Post: post, On: first + 24, Group: "disabled"},
		} {
			if err := p.Add(ctx, p.event(seat/seats, d), 1); err != nil {
				return err
			}
		}
	}
	return nil
}

// turnover ends some placements and fills the vacated seats with new hires.
func (p *programme) turnover(ctx context.Context, month civil.Month) error {
	for seat := range p.on {
		if p.rand.IntN(50) != 0 {
			continue
		}
		on := month.First() + civil.Date(p.rand.IntN(28))
		exit := &events.ExitRecorded{Estimated: []string{"month", "", "", "", "", "", "", "year"}[seat%8], Who: events.Who{Person: p.on[seat]}, Post: name(seat / seats), On: on, Kind: "natural", Code: fmt.Sprintf("N%d", 1+p.rand.IntN(5))}
		if err := p.Add(ctx, p.event(seat/seats, exit), 1); err != nil {
			return err
		}
		if err := p.hire(ctx, seat, on+civil.Date(1+p.rand.IntN(20))); err != nil {
			return err
		}
	}
	return nil
}

func (p *programme) pay(ctx context.Context, month civil.Month) error {
	for county := range p.size.Counties {
		run := fmt.Sprintf("pay-%v-%d", month, county)
		instructed := &events.PaymentInstructed{Run: run, Month: month, Fund: "fund"}
		settled := &events.PaymentSettled{Run: run, PaidOn: (month + 1).First() + 9}
		add := func() error {
			if len(instructed.Lines) == 0 {
				return nil
			}
			i, s := *instructed, *settled
			instructed.Lines, settled.Lines = nil, nil
			if err := p.Add(ctx, p.event(county, &i), len(i.Lines)); err != nil {
				return err
			}
			return p.Add(ctx, p.event(county, &s), len(s.Lines))
		}
		n := 0
		for post := county; post < p.size.Posts; post += p.size.Counties {
			for s := range seats {
				n++
				person := p.on[post*seats+s]
				line := fmt.Sprint(n)
				instructed.Lines = append(instructed.Lines, events.PayLine{Line: line, Person: person, Post: name(post), Amount: 80000})
				settled.Lines = append(settled.Lines, events.SettledLine{Line: line, Person: person, Account: fmt.Sprintf("account-%016d", post*seats+s)})
				if len(instructed.Lines) == runLines {
					if err := add(); err != nil {
						return err
					}
				}
			}
		}
		if err := add(); err != nil {
			return err
		}
	}
	return nil
}
