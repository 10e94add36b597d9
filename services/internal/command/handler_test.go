package command

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
	"github.com/muster-works/muster/services/internal/snapshot"
)

// seats is a state with one rule: a course takes one person, until the event
// that put them there is withdrawn. It is the smallest thing that two
// submitters can fight over.
type seats struct {
	StateBase
	taken map[string]events.Person
	by    map[string]string // event id to course
}

func newSeats() *seats {
	return &seats{taken: map[string]events.Person{}, by: map[string]string{}}
}

func (s *seats) Apply(e *events.Event, _ IndexEntry) {
	switch d := e.Data.(type) {
	case *events.TrainingCompleted:
		course := strings.Clone(d.Course)
		s.set(course, d.Person)
		s.by[strings.Clone(e.ID)] = course
	case *events.EventWithdrawn:
		s.set(s.by[d.ID], events.Person{})
	}
}

func (s *seats) set(course string, p events.Person) {
	old, had := s.taken[course]
	if s.Open() {
		s.Did(func() {
			if had {
				s.taken[course] = old
			} else {
				delete(s.taken, course)
			}
		})
	}
	s.taken[course] = p
}

func (s *seats) Save(w *snapshot.Writer) {
	w.Uint(uint64(len(s.taken)))
	for _, course := range slices.Sorted(maps.Keys(s.taken)) {
		w.Text(course)
		who := s.taken[course]
		w.Bytes(who[:])
	}
	w.Uint(uint64(len(s.by)))
	for _, id := range slices.Sorted(maps.Keys(s.by)) {
		w.Text(id)
		w.Text(s.by[id])
	}
}

func (s *seats) Load(r *snapshot.Reader, _ uint32) func() {
	t := newSeats()
	for n := r.Below(1 << 20); n > 0 && r.Err() == nil; n-- {
		var who events.Person
		course := r.Text()
		r.Fill(who[:])
		t.taken[course] = who
	}
	for n := r.Below(1 << 20); n > 0 && r.Err() == nil; n-- {
		id := r.Text()
		t.by[id] = r.Text()
	}
	return func() { s.taken, s.by = t.taken, t.by }
}

func (s *seats) Decide(e *events.Event) (*events.Event, events.Reasons) {
	if d, ok := e.Data.(*events.TrainingCompleted); ok && s.taken[d.Course] != (events.Person{}) {
		return nil, events.Refusal("taken", "data.course", events.Say("is taken", "已有人"))
	}
	return e, nil
}

// start runs a handler with a fold of its own over l.
func start(t *testing.T, l log.Log) *Handler {
	t.Helper()
	s := newSeats()
	return run(t, NewHandler(events.Training, s, NewFold(l, "training", s)))
}

// run runs a handler until the end of the test.
func run(t *testing.T, d *Handler) *Handler {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- d.Run(ctx, func() { close(ready) }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("handler ended: %v", err)
		}
	})
	<-ready
	return d
}

func take(id, course string, content int) *events.Event {
	return &events.Event{
		ID: id, Source: "/agency/local", Type: events.TrainingCompletedType, Division: "370211102231",
		Digest: fmt.Sprintf("%016x", content+1),
		Data: &events.TrainingCompleted{
			Who: events.Who{Person: uuid.UUID{1}}, Course: course, Hours: 1, On: civil.MustDate("2022-05-01"),
		},
	}
}

func withdraw(id, of string) *events.Event {
	return &events.Event{
		ID: id, Source: "/agency/local", Type: events.EventWithdrawnType, Digest: fmt.Sprintf("%016x", 7),
		Data: &events.EventWithdrawn{Of: events.TrainingCompletedType, ID: of, Reason: "typed twice"},
	}
}

func submit(t *testing.T, d *Handler, batch ...*events.Event) []events.Receipt {
	t.Helper()
	r, err := d.Submit(t.Context(), batch, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r) != len(batch) {
		t.Fatalf("%d receipts for %d events", len(r), len(batch))
	}
	for i := range r {
		if r[i].ID != batch[i].ID {
			t.Fatalf("receipt %d is of %s, want %s", i, r[i].ID, batch[i].ID)
		}
	}
	return r
}

func summary(r events.Receipt) string {
	s := string(r.Status)
	for _, reason := range r.Reasons {
		s += " " + string(reason.Code)
	}
	return s
}

func TestAnswers(t *testing.T) {
	d := start(t, memlog.New())
	for i, c := range []struct {
		event *events.Event
		want  string
	}{
		{take("1", "a", 1), "accepted"},
		{take("1", "a", 1), "duplicate"},
		{take("1", "b", 2), "rejected id_reused"},
		{take("2", "a", 3), "rejected taken"},
		{take("2", "b", 4), "accepted"}, // the id of a refused event may be used again
		{withdraw("3", "9"), "rejected unknown_replaced"},
		{withdraw("3", "1"), "accepted"},
		{withdraw("4", "1"), "rejected already_voided"},
		{take("5", "a", 5), "accepted"},
	} {
		if got := summary(submit(t, d, c.event)[0]); got != c.want {
			t.Errorf("%d: %s, want %s", i, got, c.want)
		}
	}
}

// In record mode a correction may come before the event that it corrects, once.
func TestSupersededEarly(t *testing.T) {
	d := start(t, memlog.New())
	early := func(id string) *events.Event {
		e := withdraw(id, "late")
		e.Submode = events.ModeRecord
		return e
	}
	for i, c := range []struct {
		event *events.Event
		want  string
	}{
		{early("1"), "accepted"},
		{early("2"), "rejected already_voided"},
		{take("late", "a", 1), "accepted"},
		{early("3"), "rejected already_voided"},
	} {
		if got := summary(submit(t, d, c.event)[0]); got != c.want {
			t.Errorf("%d: %s, want %s", i, got, c.want)
		}
	}
}

// Each event of a batch is decided on the events before it, including events that are not
// in the log yet: an equal one is a duplicate, with the position of the first.
func TestBodyIsDecidedInOrder(t *testing.T) {
	l := memlog.New()
	d := start(t, l)
	got := submit(t, d, take("1", "a", 1), take("1", "a", 1), take("2", "a", 2), withdraw("3", "1"), take("4", "a", 4), take("1", "a", 9))
	want := []string{"accepted", "duplicate", "rejected taken", "accepted", "accepted", "rejected id_reused"}
	for i, r := range got {
		if summary(r) != want[i] {
			t.Errorf("%d: %s, want %s", i, summary(r), want[i])
		}
	}
	if got[1].Position != got[0].Position || got[0].Position.IsZero() {
		t.Errorf("the duplicate is at %s, the first at %s", got[1].Position, got[0].Position)
	}
	commits := 0
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		commits++
		if len(c.Events) != 3 {
			t.Errorf("%d events in the commit, want 3", len(c.Events))
		}
	}
	if commits != 1 {
		t.Errorf("%d commits, want 1", commits)
	}
}

// A handler whose fold is behind the log must neither refuse nor accept on its old state:
// here another process has freed one course and taken another.
func TestNothingIsDecidedOnStaleKnowledge(t *testing.T) {
	l := memlog.New()
	a, b := start(t, l), start(t, l)
	submit(t, a, take("1", "x", 1))
	if got := summary(submit(t, b, take("2", "x", 2))[0]); got != "rejected taken" {
		t.Errorf("b gives x away again: %s", got)
	}
	submit(t, a, withdraw("3", "1"))
	if got := summary(submit(t, b, take("4", "x", 4))[0]); got != "accepted" {
		t.Errorf("b refuses x, which a freed: %s", got)
	}
	if got := summary(submit(t, a, take("4", "x", 4))[0]); got != "duplicate" {
		t.Errorf("a does not know b's event: %s", got)
	}
}

func TestBatchOverSeveralCommits(t *testing.T) {
	l := memlog.New()
	d := start(t, l)
	var batch []*events.Event
	for i := range 2500 {
		e := take(fmt.Sprint(i), fmt.Sprint("c", i), i)
		e.Subject = strings.Repeat("s", 800) // so that bytes, not events, fill the commits
		batch = append(batch, e)
	}
	huge := take("huge", strings.Repeat("h", log.MaxBytes), 1)
	batch = append(batch, huge, take("last", "last", 1))
	for i, r := range submit(t, d, batch...) {
		want := "accepted"
		if r.ID == "huge" {
			want = "rejected too_large"
		}
		if summary(r) != want {
			t.Fatalf("%d: %s, want %s", i, summary(r), want)
		}
	}
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Check(); err != nil {
			t.Error(err)
		}
	}
}

func TestImport(t *testing.T) {
	l := memlog.New()
	d := start(t, l)
	day := time.Date(2022, 5, 1, 12, 0, 0, 0, time.UTC)
	put := func(id string, imported time.Time) string {
		r, err := d.Submit(t.Context(), []*events.Event{take(id, id, 1)}, imported)
		if err != nil {
			t.Fatal(err)
		}
		return summary(r[0])
	}
	for _, c := range []struct {
		id, want string
		at       time.Time
	}{
		{"1", "accepted", day},
		{"2", "accepted", day.AddDate(0, 0, 1)},
		{"3", "rejected import_closed", day},
		{"4", "accepted", time.Time{}},
		{"5", "rejected import_closed", day.AddDate(0, 0, 2)},
	} {
		if got := put(c.id, c.at); got != c.want {
			t.Errorf("event %s: %s, want %s", c.id, got, c.want)
		}
	}
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		if !c.Imported.IsZero() && !c.Recorded.Equal(c.Imported) {
			t.Errorf("imported at %v, recorded %v", c.Imported, c.Recorded)
		}
		break
	}
}

// lossy is a log that loses some acknowledgements: it appends the commit and fails with
// [log.ErrUnavailable], as if the outcome were unknown.
type lossy struct {
	log.Log
	mu    sync.Mutex
	every int
	n     int
}

func (l *lossy) Append(ctx context.Context, c log.Commit, expected log.Revision) (log.Position, log.Revision, error) {
	at, revision, err := l.Log.Append(ctx, c, expected)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n++; err == nil && l.n%l.every == 0 {
		return log.Position{}, 0, fmt.Errorf("%w: ack lost", log.ErrUnavailable)
	}
	return at, revision, err
}

// Goal: whatever the interleaving, each course goes to one event, every receipt is true,
// and no event is in the log twice. Method: three handlers, with folds of their own, over
// one log that loses acknowledgements. Many submitters compete for few courses and submit
// again whatever got no answer: event by event, or so many events at once that rounds are
// decided ahead. The receipts are compared with the log.
func TestSubmittersFight(t *testing.T) {
	for _, c := range []struct {
		name                                string
		submitters, rounds, together, bytes int
	}{
		{"event by event", 16, 30, 1, 0},
		{"several commits at once", 4, 12, 50, log.MaxBytes / 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			shared := memlog.New()
			l := &lossy{Log: shared, every: 5}
			handlers := []*Handler{start(t, l), start(t, l), start(t, l)}
			var wg sync.WaitGroup
			receipts := make([]map[string]events.Receipt, c.submitters)
			for s := range c.submitters {
				receipts[s] = map[string]events.Receipt{}
				wg.Go(func() {
					random := rand.New(rand.NewPCG(1, uint64(s)))
					for i := range c.rounds {
						var batch []*events.Event
						for n := range c.together {
							e := take(fmt.Sprintf("%d-%d-%d", s, i, random.IntN(n+1)), "", i)
							e.Data.(*events.TrainingCompleted).Course = fmt.Sprint("course", len(e.ID)+random.IntN(200*c.together))
							if n := slices.IndexFunc(batch, func(b *events.Event) bool { return b.ID == e.ID }); n >= 0 {
								e = batch[n] // the same event again
							}
							e.Subject = strings.Repeat("s", c.bytes)
							batch = append(batch, e)
						}
						for {
							got, err := handlers[random.IntN(len(handlers))].Submit(t.Context(), batch, time.Time{})
							if errors.Is(err, ErrBusy) || errors.Is(err, log.ErrUnavailable) {
								continue
							}
							if err != nil {
								t.Error(err)
								return
							}
							for n, r := range got {
								if r.ID != batch[n].ID {
									t.Errorf("receipt of %s for %s", r.ID, batch[n].ID)
								}
								if old, ok := receipts[s][r.ID]; ok && old.Position != r.Position {
									t.Errorf("%s is at %s and at %s", r.ID, old.Position, r.Position)
								}
								receipts[s][r.ID] = r
							}
							break
						}
					}
				})
			}
			wg.Wait()
			checkReceipts(t, shared, receipts)
		})
	}
}

// checkReceipts compares receipts with the log.
func checkReceipts(t *testing.T, l log.Log, receipts []map[string]events.Receipt) {
	t.Helper()
	course, at := map[string]string{}, map[string]log.Position{}
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		for i, raw := range c.Events {
			e, err := events.Decode(raw)
			if err != nil {
				t.Fatal(err)
			}
			name := e.Data.(*events.TrainingCompleted).Course
			if course[name] != "" {
				t.Errorf("%s went to %s and %s", name, course[name], e.ID)
			}
			if _, ok := at[e.ID]; ok {
				t.Errorf("%s stands twice", e.ID)
			}
			course[name], at[e.ID] = e.ID, c.Position.Event(i)
		}
	}
	for _, m := range receipts {
		for id, r := range m {
			if p, ok := at[id]; ok != (r.Status != events.Rejected) || ok && r.Position != p {
				t.Errorf("%s: receipt %s at %s, log has it %v at %s", id, summary(r), r.Position, ok, p)
			}
		}
	}
}
