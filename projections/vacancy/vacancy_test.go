package vacancy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/projections/timeline"
	"github.com/muster-works/muster/projections/vacancy"
	"github.com/muster-works/muster/projections/view"
)

func day(s string) civil.Date { return civil.MustDate("2022-" + s) }

// A post of two seats from 1 January, and what happens on it, person by person.
func TestSpans(t *testing.T) {
	type stay struct {
		seat       int
		from, exit string
		code       string
	}
	for _, c := range []struct {
		name   string
		stays  []stay
		closed string
		want   string
	}{
		{"never filled", nil, "", "1:01-01–, 2:01-01–"},
		{"closed", nil, "03-01", "1:01-01–03-01, 2:01-01–03-01"},
		{"filled", []stay{{seat: 1, from: "01-11"}}, "", "1:01-01–01-11 filled 10, 2:01-01–"},
		{"filled on the first day", []stay{{seat: 1, from: "01-01"}, {seat: 2, from: "01-01"}}, "", ""},
		{"left", []stay{{1, "01-01", "02-01", "N1"}, {seat: 2, from: "01-01"}}, "", "1:02-01– N1"},
		{"filled again", []stay{{1, "01-01", "02-01", "N1"}, {seat: 1, from: "02-11"}, {seat: 2, from: "01-01"}}, "", "1:02-01–02-11 N1 filled 10"},
		{"handed over", []stay{{1, "01-01", "02-01", "N1"}, {seat: 1, from: "02-01"}, {seat: 2, from: "01-01"}}, "", ""},
		{"two on one seat", []stay{{1, "01-01", "02-01", "N1"}, {1, "01-10", "03-01", "D1"}, {seat: 2, from: "01-01"}}, "", "1:03-01– D1"},
		{"two leave together", []stay{{1, "01-01", "02-01", "N5"}, {1, "01-10", "02-01", "N1"}, {seat: 2, from: "01-01"}}, "", "1:02-01– N1"},
		{"two leave together, the other way", []stay{{1, "01-01", "02-01", "N1"}, {1, "01-10", "02-01", "N5"}, {seat: 2, from: "01-01"}}, "", "1:02-01– N1"},
		{"two begin together", []stay{{1, "01-01", "02-01", "N1"}, {1, "01-01", "03-01", "D1"}, {seat: 2, from: "01-01"}}, "", "1:03-01– D1"},
		{"two begin together, the other way", []stay{{1, "01-01", "03-01", "D1"}, {1, "01-01", "02-01", "N1"}, {seat: 2, from: "01-01"}}, "", "1:03-01– D1"},
		{"two begin together, one stays", []stay{{1, "01-05", "02-01", "N1"}, {seat: 1, from: "01-05"}, {seat: 2, from: "01-01"}}, "", "1:01-01–01-05 filled 4"},
		{"never came", []stay{{1, "02-01", "02-01", "N5"}, {seat: 2, from: "01-01"}}, "", "1:01-01–"},
		{"before the post", []stay{{1, "01-01", "01-01", "N5"}}, "02-01", "1:01-01–02-01, 2:01-01–02-01"},
		{"left after the end", []stay{{1, "01-01", "04-01", "N5"}, {seat: 2, from: "01-01"}}, "03-01", ""},
		{"filled after the end", []stay{{seat: 1, from: "04-01"}, {seat: 2, from: "01-01"}}, "03-01", "1:01-01–03-01"},
		{"a seat that is not there", []stay{{seat: 3, from: "01-01"}, {seat: 2, from: "01-01"}}, "", "1:01-01–"},
	} {
		t.Run(c.name, func(t *testing.T) {
			said := func(tag timeline.Tag, rest []byte) timeline.Fact { return timeline.Fact{Tag: tag, Rest: rest} }
			b := timeline.AppendFact(nil, timeline.MakeRef(1, 0), said(timeline.TagDeveloped,
				timeline.PackDeveloped(nil, "370211102231", "", &events.PostDeveloped{Seats: 2, From: day("01-01")})))
			if c.closed != "" {
				b = timeline.AppendFact(b, timeline.MakeRef(2, 0), said(timeline.TagClosed, timeline.PackClosed(nil, &events.PostClosed{On: day(c.closed)})))
			}
			for i, s := range c.stays {
				ref, person := timeline.MakeRef(uint64(i+3), 0), timeline.Number(i+1)
				hired := said(timeline.TagHired, timeline.PackHired(nil, &events.HirePlaced{Seat: s.seat, From: day(s.from)}))
				hired.Person = person
				b = timeline.AppendFact(b, ref, hired)
				if s.exit != "" {
					exited := said(timeline.TagExited, timeline.PackExited(nil, &events.ExitRecorded{On: day(s.exit), Kind: "natural", Code: s.code}))
					exited.Person = person
					b = timeline.AppendFact(b, ref, exited)
				}
			}
			p, err := timeline.ReadPost(b, timeline.Head)
			if err != nil {
				t.Fatal(err)
			}
			if got := spans(p); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// A post of one seat from 1 January, that changes.
func TestSpansOfChangedPost(t *testing.T) {
	moved := func(on, to string) *events.PostChanged {
		return &events.PostChanged{On: day(on), Division: division.Code(to)}
	}
	for _, c := range []struct {
		name    string
		changes []*events.PostChanged
		from    string // when somebody comes to the seat
		want    string
	}{
		{"moved while it is vacant", []*events.PostChanged{moved("03-01", "370212001001")}, "", "1:01-01–03-01, 370212001001 after 59 days, 1:03-01–"},
		{"filled after the move", []*events.PostChanged{moved("03-01", "370212001001")}, "03-11",
			"1:01-01–03-01, 370212001001 after 59 days, 1:03-01–03-11 filled 69"},
		{"filled on the day of the move", []*events.PostChanged{moved("03-01", "370212001001")}, "03-01", "1:01-01–03-01 filled 59"},
		{"filled before the move", []*events.PostChanged{moved("03-01", "370212001001")}, "02-01", "1:01-01–02-01 filled 31"},
		{"moved there and back", []*events.PostChanged{moved("03-01", "370212001001"), moved("03-11", "370211102231")}, "",
			"1:01-01–03-01, 370212001001 after 59 days, 1:03-01–03-11, 370211102231 after 69 days, 1:03-11–"},
		{"moved on its first day", []*events.PostChanged{moved("01-01", "370212001001")}, "", "1:01-01–"},
		{"better paid", []*events.PostChanged{{On: day("03-01"), Standard: 88000}}, "", "1:01-01–"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := timeline.AppendFact(nil, timeline.MakeRef(1, 0), timeline.Fact{Tag: timeline.TagDeveloped,
				Rest: timeline.PackDeveloped(nil, "370211102231", "", &events.PostDeveloped{Seats: 1, From: day("01-01")})})
			for i, d := range c.changes {
				b = timeline.AppendFact(b, timeline.MakeRef(uint64(i+2), 0), timeline.Fact{Tag: timeline.TagChanged, Rest: timeline.PackChanged(nil, d)})
			}
			if c.from != "" {
				b = timeline.AppendFact(b, timeline.MakeRef(9, 0), timeline.Fact{Tag: timeline.TagHired, Person: 1,
					Rest: timeline.PackHired(nil, &events.HirePlaced{Seat: 1, From: day(c.from)})})
			}
			p, err := timeline.ReadPost(b, timeline.Head)
			if err != nil {
				t.Fatal(err)
			}
			if got := spans(p); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// spans puts the spans and what was filled into words.
func spans(p *timeline.Post) string {
	var all []string
	vacancy.View().Spans(p, func(s view.Span) {
		w := fmt.Sprintf("%d:%s–", s.Seat, s.Since.String()[5:])
		if s.Earlier != 0 {
			w = fmt.Sprintf("%s after %d days, %s", s.Cell[view.Division], s.Earlier, w)
		}
		if s.Until != 0 {
			w += s.Until.String()[5:]
		}
		if s.Cell[view.Reason] != "" {
			w += " " + s.Cell[view.Reason]
		}
		if s.Filled {
			w += " filled"
		}
		if on, measure, n := vacancy.Filled().Span(s); n != 0 {
			w += fmt.Sprintf(" %d", measure)
			if on != s.Until || n != 1 {
				w += fmt.Sprintf("?! %d on %s", n, on)
			}
		}
		all = append(all, w)
	})
	return strings.Join(all, ", ")
}
