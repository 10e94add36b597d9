package events_test

import (
	stdjson "encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
)

// shapes returns the events of which most of the log consists. The unit of the rates
// is the fact: one line of a sheet or run, or one event that has no lines.
func shapes(b *testing.B) []shape {
	all := records(b)
	person := func(i int) uuid.UUID { return uuid.NewSHA1(uuid.Nil, fmt.Append(nil, i)) }

	sheet := all["attendance.reported"]
	days := sheet.Data.(*events.AttendanceReported)
	days.Lines = nil
	for i := range 5 {
		days.Lines = append(days.Lines, events.AttendanceLine{Person: person(i), Marks: ".PPPPP..PPPPP..PPPLP..PPPPP..PP"})
	}
	run := all["payment.instructed"]
	pay := run.Data.(*events.PaymentInstructed)
	pay.Lines = nil
	for i := range 500 {
		pay.Lines = append(pay.Lines, events.PayLine{Line: fmt.Sprint(i + 1), Person: person(i), Post: "370211102231-001", Kind: "allowance", Amount: 60000})
	}
	return []shape{{"sheet", sheet, 5}, {"run", run, 500}, {"hire", all["hire.placed"], 1}}
}

type shape struct {
	name  string
	event *events.Event
	facts int
}

func (s shape) report(b *testing.B, bytes int) {
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	b.ReportMetric(float64(s.facts)*float64(b.N)/b.Elapsed().Seconds(), "facts/s")
}

func BenchmarkDecode(b *testing.B) {
	for _, s := range shapes(b) {
		raw := must(s.event.Append(nil))
		b.Run(s.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := events.Decode(raw); err != nil {
					b.Fatal(err)
				}
			}
			s.report(b, len(raw))
		})
	}
}

func BenchmarkScan(b *testing.B) {
	for _, s := range shapes(b) {
		raw := must(s.event.Append(nil))
		b.Run(s.name, func(b *testing.B) {
			var scanner events.Scanner
			for b.Loop() {
				if _, err := scanner.Scan(raw); err != nil {
					b.Fatal(err)
				}
			}
			s.report(b, len(raw))
		})
	}
}

// BenchmarkSubmission reads submissions that name persons by pseudonym, in the
// canonical form and with the data first. Submissions by identity are left out, so
// that the figure does not include the checksum of identity numbers.
func BenchmarkSubmission(b *testing.B) {
	for _, s := range shapes(b) {
		raw := must(submitted(s.event).Append(nil))
		for _, form := range []struct {
			name string
			raw  []byte
		}{{"canonical", raw}, {"other", arranged(b, raw, true)}} {
			b.Run(s.name+"/"+form.name, func(b *testing.B) {
				for b.Loop() {
					if _, err := events.Submission(form.raw); err != nil {
						b.Fatal(err)
					}
				}
				s.report(b, len(form.raw))
			})
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, s := range shapes(b) {
		b.Run(s.name, func(b *testing.B) {
			var buf []byte
			for b.Loop() {
				var err error
				if buf, err = s.event.Append(buf[:0]); err != nil {
					b.Fatal(err)
				}
			}
			s.report(b, len(buf))
		})
	}
}

// plain is the envelope for encoding/json. The ratios in PERFORMANCE.md are taken
// against it.
type plain struct {
	SpecVersion     string             `json:"specversion,omitzero"`
	ID              string             `json:"id,omitzero"`
	Source          string             `json:"source,omitzero"`
	Type            events.Type        `json:"type,omitzero"`
	Subject         string             `json:"subject,omitzero"`
	Time            string             `json:"time,omitzero"`
	DataContentType string             `json:"datacontenttype,omitzero"`
	DataSchema      string             `json:"dataschema,omitzero"`
	Division        string             `json:"division,omitzero"`
	Submode         string             `json:"submode,omitzero"`
	Replaces        string             `json:"replaces,omitzero"`
	AuthType        string             `json:"authtype,omitzero"`
	AuthID          string             `json:"authid,omitzero"`
	CorrelationID   string             `json:"correlationid,omitzero"`
	PolicyVersion   string             `json:"policyversion,omitzero"`
	Digest          string             `json:"digest,omitzero"`
	RecordedTime    string             `json:"recordedtime,omitzero"`
	Data            stdjson.RawMessage `json:"data,omitzero"`
}

func BenchmarkPlainDecode(b *testing.B) {
	for _, s := range shapes(b) {
		raw := must(s.event.Append(nil))
		b.Run(s.name, func(b *testing.B) {
			for b.Loop() {
				var env plain
				if err := stdjson.Unmarshal(raw, &env); err != nil {
					b.Fatal(err)
				}
				if err := stdjson.Unmarshal(env.Data, events.New(env.Type)); err != nil {
					b.Fatal(err)
				}
			}
			s.report(b, len(raw))
		})
	}
}

func BenchmarkPlainAppend(b *testing.B) {
	for _, s := range shapes(b) {
		var env plain
		if err := stdjson.Unmarshal(must(s.event.Append(nil)), &env); err != nil {
			b.Fatal(err)
		}
		b.Run(s.name, func(b *testing.B) {
			var n int
			for b.Loop() {
				e := env
				e.Data = must(stdjson.Marshal(s.event.Data))
				n = len(must(stdjson.Marshal(&e)))
			}
			s.report(b, n)
		})
	}
}

func must(raw []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return raw
}

// submitted returns a copy of the event without the attributes that only the engine
// sets.
func submitted(e *events.Event) *events.Event {
	s := *e
	s.AuthType, s.AuthID, s.CorrelationID, s.PolicyVersion, s.Digest = "", "", "", "", ""
	if d, ok := s.Data.(*events.HirePlaced); ok {
		hire := *d
		hire.Who, hire.BirthMonth, hire.Sex = who, 0, ""
		s.Data = &hire
	}
	return &s
}
