package gateway

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/gateway/admission"
	"github.com/muster-works/muster/services/gateway/intake"
)

// An acceptor accepts everything at once, so that a benchmark measures the gateway's own
// work.
type acceptor struct{}

func (acceptor) Submit(_ context.Context, _ events.Family, batch []*events.Event, _ time.Time) ([]events.Receipt, error) {
	receipts := make([]events.Receipt, len(batch))
	for i, e := range batch {
		receipts[i] = events.Receipt{ID: e.ID, Source: e.Source, Status: events.Accepted}
	}
	return receipts, nil
}

func (a acceptor) Try(ctx context.Context, f events.Family, _, batch []*events.Event, at time.Time) ([]events.Receipt, error) {
	return a.Submit(ctx, f, batch, at)
}

func newFastFixture(b *testing.B) *fixture {
	return newFixture(b, func(o *Options) { o.Services = acceptor{} })
}

// Sheets of 8 lines, 1,000 a submission, of people the vault knows.
func BenchmarkSubmitSheets(b *testing.B) {
	g := newFastFixture(b)
	const people = 8000
	var hires []*events.Event
	for i := range people {
		hires = append(hires, hire(i))
	}
	g.submit(b, admission.Local(), hires...)
	var sheets []*events.Event
	for i := 0; i < people; i += 8 {
		sheets = append(sheets, sheet(fmt.Sprintf("a-%d", i), i, i+1, i+2, i+3, i+4, i+5, i+6, i+7))
	}
	list := items(sheets...)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Submit(b.Context(), admission.Local(), list, time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*people)/b.Elapsed().Seconds(), "lines/s")
}

// Pay runs of 500 lines.
func BenchmarkSubmitPayments(b *testing.B) {
	g := newFastFixture(b)
	const people = 8000
	var hires []*events.Event
	for i := range people {
		hires = append(hires, hire(i))
	}
	g.submit(b, admission.Local(), hires...)
	var runs []*events.Event
	for i := 0; i < people; i += 500 {
		d := &events.PaymentInstructed{Run: "r", Fund: "f"}
		for n := range 500 {
			d.Lines = append(d.Lines, events.PayLine{Line: fmt.Sprintf("%d", n), IDNumber: number(i + n), Post: "370211102231-001", Amount: 80000})
		}
		runs = append(runs, event(fmt.Sprintf("r-%d", i), d))
	}
	list := items(runs...)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Submit(b.Context(), admission.Local(), list, time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*people)/b.Elapsed().Seconds(), "lines/s")
}

// Hires of people the vault has never seen, 1,000 a submission.
func BenchmarkSubmitNewPersons(b *testing.B) {
	g := newFastFixture(b)
	n := 0
	for b.Loop() {
		list := make([]intake.Item, 1000)
		for i := range list {
			list[i].Event = hire(n)
			n++
		}
		if _, err := g.Submit(b.Context(), admission.Local(), list, time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "persons/s")
}
