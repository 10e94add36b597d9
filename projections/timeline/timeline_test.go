package timeline_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/paying"
	"github.com/muster-works/muster/projections/timeline"
	"pgregory.net/rapid"
)

func day(s string) civil.Date { return civil.MustDate("2022-" + s) }

func developed(seats int, from, until string) events.Data {
	d := &events.PostDeveloped{Post: "p", Category: "public_service", Area: "rural", Seats: seats, From: day(from), Division: "370211102231"}
	if until != "" {
		d.Until = day(until)
	}
	return d
}

func hired(seat int, from string) events.Data {
	return &events.HirePlaced{Post: "p", Seat: seat, From: day(from), Until: day("12-31"), Group: "older", Sex: "F", BirthMonth: civil.MonthOf(1965, 1)}
}

func exited(on, code string) events.Data {
	return &events.ExitRecorded{Post: "p", On: day(on), Kind: "natural", Code: code}
}

// pack packs what is said of a post, an event a commit. Persons are numbered by
// who, and everybody is 1 otherwise.
func pack(said []events.Data, who map[int]timeline.Number) (b []byte) {
	for i, d := range said {
		ref := timeline.MakeRef(uint64(i+1), 0)
		person := timeline.Number(1)
		if n, ok := who[i]; ok {
			person = n
		}
		switch d := d.(type) {
		case *events.PostDeveloped:
			b = timeline.AppendFact(b, ref, timeline.Fact{Tag: timeline.TagDeveloped, Rest: timeline.PackDeveloped(nil, "", "", d)})
		case *events.PostResized:
			b = timeline.AppendFact(b, ref, timeline.Fact{Tag: timeline.TagResized, Rest: timeline.PackResized(nil, d)})
		case *events.PostClosed:
			b = timeline.AppendFact(b, ref, timeline.Fact{Tag: timeline.TagClosed, Rest: timeline.PackClosed(nil, d)})
		case *events.HirePlaced:
			b = timeline.AppendFact(b, ref, timeline.Fact{Tag: timeline.TagHired, Person: person, Rest: timeline.PackHired(nil, d)})
		case *events.HireRenewed:
			b = timeline.AppendFact(b, ref, timeline.Fact{Tag: timeline.TagRenewed, Person: person, Rest: timeline.PackRenewed(nil, d)})
		case *events.ExitRecorded:
			b = timeline.AppendFact(b, ref, timeline.Fact{Tag: timeline.TagExited, Person: person, Rest: timeline.PackExited(nil, d)})
		}
	}
	return b
}

func TestPlacements(t *testing.T) {
	for _, c := range []struct {
		name string
		said []events.Data
		who  map[int]timeline.Number
		want string // person seat from-exit code
	}{
		{"in place", []events.Data{hired(1, "01-10")}, nil, "1/1 01-10–"},
		{"exit", []events.Data{hired(1, "01-10"), exited("03-01", "N1")}, nil, "1/1 01-10–03-01 N1"},
		{"exit first", []events.Data{exited("03-01", "N1"), hired(1, "01-10")}, nil, "1/1 01-10–03-01 N1"},
		{"exit of somebody else", []events.Data{hired(1, "01-10"), exited("03-01", "N1")}, map[int]timeline.Number{1: 2}, "1/1 01-10–"},
		{"exit before the hire", []events.Data{hired(1, "03-10"), exited("03-01", "N1")}, nil, "1/1 03-10–"},
		{"rehired on the exit day", []events.Data{hired(1, "01-10"), exited("03-01", "N1"), hired(2, "03-01")}, nil, "1/1 01-10–03-01 N1, 1/2 03-01–"},
		{"never came", []events.Data{hired(1, "01-10"), exited("01-10", "N5")}, nil, "1/1 01-10–01-10 N5"},
		{"twice under two ids", []events.Data{hired(1, "01-10"), hired(1, "01-10"), exited("03-01", "N1"), exited("03-01", "N1")}, nil, "1/1 01-10–03-01 N1"},
		{"two seats, one exit", []events.Data{hired(1, "01-10"), hired(2, "02-01"), exited("03-01", "N1")}, nil, "1/1 01-10–03-01 N1, 1/2 02-01–03-01 N1"},
		{"two reasons", []events.Data{hired(1, "01-10"), exited("03-01", "N5"), exited("03-01", "N2")}, nil, "1/1 01-10–03-01 N2"},
		{"a second exit", []events.Data{hired(1, "01-10"), exited("03-01", "N5"), exited("04-01", "N2")}, nil, "1/1 01-10–03-01 N5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := timeline.ReadPost(pack(c.said, c.who), timeline.Head)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range p.Placements() {
				s := fmt.Sprintf("%d/%d %s–", p.Person, p.Seat, p.From.String()[5:])
				if p.Exit != 0 {
					s += p.Exit.String()[5:] + " " + p.ExitCode
				}
				got = append(got, s)
			}
			if g := strings.Join(got, ", "); g != c.want {
				t.Errorf("%s, want %s", g, c.want)
			}
		})
	}
}

func TestTerm(t *testing.T) {
	renewed := &events.HireRenewed{Post: "p", Until: civil.MustDate("2024-01-01")}
	p, err := timeline.ReadPost(pack([]events.Data{renewed, hired(1, "01-10"), exited("03-01", "N1"), hired(1, "05-01")}, nil), timeline.Head)
	if err != nil {
		t.Fatal(err)
	}
	placed := p.Placements()
	if placed[0].Term != day("12-31") || placed[1].Term != civil.MustDate("2024-01-01") {
		t.Errorf("terms %v, %v", placed[0].Term, placed[1].Term)
	}
}

func TestSeats(t *testing.T) {
	resized := func(seats int, from string) events.Data {
		return &events.PostResized{Post: "p", Seats: seats, From: day(from)}
	}
	closed := func(on string) events.Data { return &events.PostClosed{Post: "p", On: day(on)} }
	for _, c := range []struct {
		name string
		said []events.Data
		want string
	}{
		{"not developed", []events.Data{resized(3, "01-01")}, ""},
		{"open", []events.Data{developed(2, "01-01", "")}, "01-01:2"},
		{"until", []events.Data{developed(2, "01-01", "06-01")}, "01-01:2 06-01:0"},
		{"closed before until", []events.Data{closed("05-01"), developed(2, "01-01", "06-01")}, "01-01:2 05-01:0"},
		{"closed when it began", []events.Data{developed(2, "01-01", ""), closed("01-01")}, ""},
		{"resized", []events.Data{resized(1, "03-01"), developed(2, "01-01", ""), resized(4, "02-01")}, "01-01:2 02-01:4 03-01:1"},
		{"resized from the first day", []events.Data{developed(5, "01-10", ""), resized(2, "01-10")}, "01-10:2"},
		{"resized before it began", []events.Data{developed(5, "01-10", ""), resized(3, "01-05"), resized(7, "01-01")}, "01-10:3"},
		{"two sizes for a day", []events.Data{developed(5, "01-01", ""), resized(3, "02-01"), resized(2, "02-01")}, "01-01:5 02-01:3"},
		{"resized after the end", []events.Data{developed(5, "01-01", "03-01"), resized(3, "04-01")}, "01-01:5 03-01:0"},
		{"resized to nothing", []events.Data{developed(5, "01-01", "03-01"), resized(0, "02-01")}, "01-01:5 02-01:0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := timeline.ReadPost(pack(c.said, nil), timeline.Head)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range p.Seats() {
				got = append(got, fmt.Sprintf("%s:%d", s.From.String()[5:], s.Seats))
			}
			if g := strings.Join(got, " "); g != c.want {
				t.Errorf("%s, want %s", g, c.want)
			}
		})
	}
}

// What was known at an ordinal stays what it was, and a retraction leaves an event
// out from the ordinal on at which it is known.
func TestKnown(t *testing.T) {
	b := pack([]events.Data{developed(2, "01-01", ""), hired(1, "01-10"), hired(2, "01-20")}, map[int]timeline.Number{2: 2})
	hire, by := timeline.MakeRef(2, 0), timeline.MakeRef(4, 0)
	b = timeline.AppendRetraction(b, by, hire, by)
	for known, want := range map[uint64]int{0: 0, 1: 0, 2: 1, 3: 2, 4: 1, timeline.Head: 1} {
		p, err := timeline.ReadPost(b, known)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(p.Placements()); got != want {
			t.Errorf("%d placements known at %d, want %d", got, known, want)
		}
		if _, out := p.Retracted(hire); out != (known >= 4) {
			t.Errorf("at %d the hire is retracted: %v", known, out)
		}
		prefix, err := timeline.Prefix(b, known)
		if err != nil {
			t.Fatal(err)
		}
		q, err := timeline.ReadPost(prefix, timeline.Head)
		if err != nil || !reflect.DeepEqual(p.Placements(), q.Placements()) || !slices.Equal(p.Trail(), q.Trail()) {
			t.Errorf("the prefix at %d reads otherwise: %v", known, err)
		}
	}
}

func TestMarksRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		month := civil.MonthOf(rapid.IntRange(2015, 2030).Draw(t, "year"), 1) + civil.Month(rapid.IntRange(0, 11).Draw(t, "month"))
		letters := rapid.SampledFrom([]string{"PPPPPPP.", "PHLAS.-"}).Draw(t, "letters")
		n := rapid.IntRange(1, month.Days()).Draw(t, "n")
		marks := rapid.StringOfN(rapid.RuneFrom([]rune(letters)), n, n, -1).Draw(t, "marks")
		if rapid.Bool().Draw(t, "weekly") { // as most sheets are
			b := []byte(marks)
			for i := range b {
				if (int(month.First())+i)%7 >= 5 {
					b[i] = '.'
				}
			}
			marks = string(b)
		}
		var l timeline.Leaf
		l.Add(7, timeline.MakeRef(3, 1), timeline.Fact{Tag: timeline.TagMarks, Post: 9, Rest: timeline.PackMarks(nil, 0, timeline.CalendarOf(month), marks)})
		p, err := timeline.ReadPerson([][]byte{l.Bytes()}, 7, timeline.Head)
		if err != nil {
			t.Fatal(err)
		}
		sheets := p.Sheets()
		want := marks + strings.Repeat("-", 31-n)
		if len(sheets) != 1 || sheets[0].Marks.String() != want || sheets[0].Post != 9 || sheets[0].Month != month {
			t.Fatalf("%v, want %s", sheets, want)
		}
		if l.Len() > 24 {
			t.Errorf("%s takes %d bytes", marks, l.Len())
		}
	})
}

func TestStrongerMark(t *testing.T) {
	may := civil.MonthOf(2022, 5)
	var l timeline.Leaf
	for i, fact := range []timeline.Fact{
		{Tag: timeline.TagMarks, Post: 1, Rest: timeline.PackMarks(nil, 0, timeline.CalendarOf(may), "-.ALSHP")},
		{Tag: timeline.TagMarks, Post: 1, Rest: timeline.PackMarks(nil, 0, timeline.CalendarOf(may), "PHSLA.-P")},
		{Tag: timeline.TagMark, Post: 1, Rest: timeline.PackMark(nil, 0, civil.MustDate("2022-05-31"), "P")},
		{Tag: timeline.TagMark, Post: 2, Rest: timeline.PackMark(nil, 0, civil.MustDate("2022-05-01"), "A")}, // another post
	} {
		l.Add(0, timeline.MakeRef(uint64(i+1), 0), fact)
	}
	p, err := timeline.ReadPerson([][]byte{l.Bytes()}, 0, timeline.Head)
	if err != nil {
		t.Fatal(err)
	}
	a := p.Attendance()
	if want := "PHSLSHPP" + strings.Repeat("-", 22) + "P"; len(a) != 2 || a[0].Marks.String() != want || a[0].Marks.Count("PS") != 6 {
		t.Errorf("%v, want %s", a, want)
	}
	if a[1].Post != 2 || a[1].Marks.String()[0] != 'A' {
		t.Errorf("other post: %v", a[1])
	}
}

func TestPay(t *testing.T) {
	may := civil.MonthOf(2022, 5)
	line := func(name string, amount events.Fen) *events.PayLine {
		return &events.PayLine{Line: name, Amount: amount, Kind: "arrears", Month: may - 1}
	}
	var l timeline.Leaf
	for i, fact := range []timeline.Fact{
		{Tag: timeline.TagSettled, Run: 3, Rest: timeline.PackSettled(nil, day("06-10"), &events.SettledLine{Line: "007", Account: "t"})}, // settled is recorded first
		{Tag: timeline.TagInstructed, Run: 3, Post: 4, Rest: timeline.PackInstructed(nil, may, day("06-01"), line("007", 500))},
		{Tag: timeline.TagInstructed, Run: 3, Post: 4, Rest: timeline.PackInstructed(nil, may, day("06-01"), line("7", 600))}, // another line
		{Tag: timeline.TagInstructed, Run: 3, Post: 4, Rest: timeline.PackInstructed(nil, may, day("06-01"), &events.PayLine{Line: "7", Amount: 700})},
		{Tag: timeline.TagReturned, Run: 3, Rest: timeline.PackReturned(nil, &events.ReturnedLine{Line: "007", On: day("06-12"), Amount: 200})},
		{Tag: timeline.TagReversed, Run: 3, Rest: timeline.PackReturned(nil, &events.ReturnedLine{Line: "x", On: day("06-13")})},
		{Tag: timeline.TagReturned, Run: 3, Rest: timeline.PackReturned(nil, &events.ReturnedLine{Line: "007", On: day("06-14")})}, // the rest
		{Tag: timeline.TagRejected, Run: 3, Rest: timeline.PackRejected(nil, day("06-11"), &events.RejectedLine{Line: "7"})},
		{Tag: timeline.TagSettled, Run: 3, Rest: timeline.PackSettled(nil, day("06-09"), &events.SettledLine{Line: "7", Amount: 100})},
	} {
		l.Add(0, timeline.MakeRef(uint64(i+1), 0), fact)
	}
	p, err := timeline.ReadPerson([][]byte{l.Bytes()}, 0, timeline.Head)
	if err != nil {
		t.Fatal(err)
	}
	ref := func(n uint64) timeline.Ref { return timeline.MakeRef(n, 0) }
	said := func(kind paying.Kind, amount events.Fen, on string, n uint64) timeline.Movement {
		return timeline.Movement{Statement: paying.Statement{Kind: kind, On: day(on), Amount: amount}, Ref: ref(n)}
	}
	paid, taken := said(paying.Settled, 500, "06-10", 1), said(paying.Returned, 0, "06-13", 6)
	paid.Account, taken.Reversed = timeline.Fingerprint("t"), true
	want := []timeline.Pay{
		{Run: 3, Line: "x", Movements: []timeline.Movement{taken}},
		{Run: 3, Line: "007", Post: 4, Month: may - 1, Kind: "arrears", Amount: 500, On: day("06-01"), Instructed: ref(2),
			Movements: []timeline.Movement{paid, said(paying.Returned, 200, "06-12", 5), said(paying.Returned, 300, "06-14", 7)}},
		{Run: 3, Line: "7", Post: 4, Month: may, Kind: "allowance", Amount: 1300, On: day("06-01"), Instructed: ref(3), Again: []timeline.Order{{On: day("06-01"), Amount: 700, Ref: ref(4)}},
			Movements: []timeline.Movement{said(paying.Settled, 100, "06-09", 9), said(paying.Rejected, 1200, "06-11", 8)}},
	}
	if got := p.Pay(); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if s := want[1].Sums(day("06-13")); s != (paying.Sums{Settled: 300, Returned: 200}) {
		t.Errorf("on a day: %+v", s)
	}
}

// Leaves that are joined read as they did apart, and damage is an error and
// never a panic or another person's facts.
func TestLeaves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var whole, part timeline.Leaf
		var leaves [][]byte
		var lasts []timeline.Ref
		ref := timeline.Ref(1000)
		for range rapid.IntRange(1, 30).Draw(t, "facts") {
			ref += timeline.Ref(rapid.IntRange(0, 5000).Draw(t, "gap"))
			slot := byte(rapid.IntRange(0, 3).Draw(t, "slot"))
			fact := timeline.Fact{Tag: timeline.TagRegistry, Rest: timeline.PackRegistry(nil, "death", &events.RegistryLine{From: civil.Date(rapid.IntRange(700000, 760000).Draw(t, "from"))})}
			whole.Add(slot, ref, fact)
			part.Add(slot, ref, fact)
			if rapid.IntRange(0, 4).Draw(t, "cut") == 0 {
				leaves, lasts = append(leaves, part.Bytes()), append(lasts, part.Last())
				part = timeline.Leaf{}
			}
		}
		if part.Len() > 0 {
			leaves, lasts = append(leaves, part.Bytes()), append(lasts, part.Last())
		}
		var joined timeline.Leaf
		for i, l := range leaves {
			if err := joined.Join(l, lasts[i]); err != nil {
				t.Fatal(err)
			}
		}
		if string(joined.Bytes()) != string(whole.Bytes()) || joined.Last() != whole.Last() {
			t.Fatal("joined leaves differ from one leaf")
		}
		damaged := slices.Clone(whole.Bytes())
		damaged[rapid.IntRange(0, len(damaged)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bit"))
		if _, err := timeline.ReadPerson([][]byte{damaged}, 1, timeline.Head); err != nil && !errors.Is(err, timeline.ErrDamaged) {
			t.Fatal(err)
		}
		cut := whole.Bytes()[:rapid.IntRange(0, whole.Len()-1).Draw(t, "length")]
		if _, err := timeline.ReadPost(cut, timeline.Head); err != nil && !errors.Is(err, timeline.ErrDamaged) {
			t.Fatal(err)
		}
	})
}
