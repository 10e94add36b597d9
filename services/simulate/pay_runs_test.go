package simulate

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// oneCounty returns a configuration whose table has one county of Shandong, so that its
// runs have many parts.
func oneCounty(t *testing.T, scale float64) Config {
	t.Helper()
	cfg := province(t, scale, 4)
	var csv strings.Builder
	csv.WriteString("code,level,name\n")
	for _, above := range []division.Code{"370000000000", "370200000000"} {
		fmt.Fprintf(&csv, "%s,%s,%s\n", above, above.Level(), cfg.Divisions.Name(above))
	}
	for c := range cfg.Divisions.Under("370211") {
		fmt.Fprintf(&csv, "%s,%s,%s\n", c, c.Level(), cfg.Divisions.Name(c))
	}
	table, err := division.Load(strings.NewReader(csv.String()))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Divisions = table
	return cfg
}

// Goal: what people were paid, less what was returned or reversed, is what they were
// entitled to by their post, the pack and the reported attendance. Method: both sides are
// counted from the submissions alone. Payments come in parts of a thousand lines, which
// make one run together.
func TestPaidAsEntitled(t *testing.T) {
	cfg := oneCounty(t, .004)
	posts := map[string]*events.PostDeveloped{}
	sheets, inspected := map[string]*events.AttendanceReported{}, map[string]string{}
	replaced := map[string]bool{}
	lines, earner := map[string]*events.PayLine{}, map[string]string{}
	paid := map[string]events.Fen{}
	parts := 0
	takeBack := func(run string, list []events.ReturnedLine) {
		for _, l := range list {
			paid[earner[run+"/"+l.Line]] -= lines[run+"/"+l.Line].Amount
		}
	}
	seen, raised := map[events.Key]bool{}, map[string]*events.PostChanged{}
	for s := range submissions(t, cfg) {
		if s.Invalid || seen[s.Event.Key()] {
			continue
		}
		seen[s.Event.Key()] = true
		replaced[s.Event.Replaces] = true
		switch d := s.Event.Data.(type) {
		case *events.PostDeveloped:
			posts[d.Post] = d
		case *events.PostChanged:
			if d.Standard != 0 {
				raised[d.Post] = d
			}
		case *events.AttendanceReported:
			for _, l := range d.Lines {
				if d.Date != 0 { // an inspection goes before the sheet
					inspected[fmt.Sprint(d.Post, l.IDNumber, d.Date)] = l.Mark
				}
			}
			if d.Date == 0 {
				sheets[s.Event.ID] = d
			}
		case *events.PaymentInstructed:
			if len(d.Lines) > 1000 {
				t.Errorf("%s has %d lines", s.Event.ID, len(d.Lines))
			}
			for i := range d.Lines {
				l := &d.Lines[i]
				if l.Amount <= 0 {
					t.Errorf("line %s of %s pays %d", l.Line, d.Run, l.Amount)
				}
				key, month := d.Run+"/"+l.Line, max(l.Month, 0)
				if month == 0 {
					month = d.Month
				}
				lines[key] = l // of the replacement, where there is one
				earner[key] = fmt.Sprint(l.Post, l.IDNumber, month, l.Kind == "insurance")
			}
		case *events.PaymentSettled:
			if parts++; len(d.Lines) > 1000 {
				t.Errorf("%s has %d lines", s.Event.ID, len(d.Lines))
			}
			for _, l := range d.Lines {
				if l.Amount == 0 {
					l.Amount = lines[d.Run+"/"+l.Line].Amount
				}
				paid[earner[d.Run+"/"+l.Line]] += l.Amount
			}
		case *events.PaymentReturned:
			takeBack(d.Run, d.Lines)
		case *events.PaymentReversed:
			takeBack(d.Run, d.Lines)
		}
	}
	if parts < 2*12 {
		t.Errorf("%d parts settled, want more than one a run", parts)
	}
	entitled := map[string]events.Fen{}
	for id, d := range sheets {
		if replaced[id] {
			continue
		}
		p := posts[d.Post]
		standard, required := int(p.Standard), p.RequiredDays
		if c := raised[d.Post]; c != nil && c.On <= d.Month.First() {
			standard = int(c.Standard)
		}
		if standard == 0 {
			standard, required = int(cfg.Policy.Payment.Standard.Rural), cfg.Policy.Payment.RequiredDays
			if p.Area == "urban" {
				standard = int(cfg.Policy.Payment.Standard.Urban)
			}
		}
		for _, l := range d.Lines {
			marks := []byte(l.Marks)
			for i := range marks {
				if found := inspected[fmt.Sprint(d.Post, l.IDNumber, d.Month.First()+civil.Date(i))]; found != "" {
					marks[i] = found[0]
				}
			}
			halves := 2*bytes.Count(marks, []byte("P")) + bytes.Count(marks, []byte("H"))
			fen := (standard*halves + required) / (2 * required)
			entitled[fmt.Sprint(d.Post, l.IDNumber, d.Month, false)] = events.Fen(min(fen, standard))
		}
	}
	for who, fen := range entitled {
		if paid[who] != fen {
			t.Errorf("%s was paid %d, entitled to %d", who, paid[who], fen)
		}
	}
	for who, fen := range paid {
		if _, ok := entitled[who]; !ok && strings.HasSuffix(who, "false") {
			t.Errorf("%s was paid %d for a month without a sheet", who, fen)
		}
	}
	if len(entitled) < 10_000 {
		t.Errorf("%d months of work, want more", len(entitled))
	}
}
