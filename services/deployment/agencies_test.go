package deployment

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/services/internal/access"
)

// An office is one agency of the test, with the hires that it submits and the answer
// that each must get.
type office struct {
	name, token string
	village     division.Code
	number      int // number of the office, from 0

	list  []*events.Event
	want  []string // a code; "" is accepted; contested is accepted for one of two agencies
	seats int      // number of seats filled so far
	pairs int      // number of contested people so far
}

const contested = "contested"

// hires makes n hires, of which a tenth contradict another hire or a rule. A hire and
// what it contradicts stand in the same body or in an earlier body of the same agency,
// so that the answer is certain. The exception is contested people, whom two agencies
// hire at once: the agency that comes first gets the person.
func (o *office) hires(n int) {
	for i := range n {
		e, want := o.hire(i, o.number*1_000_000+i, o.seats/benchSeats), ""
		d := e.Data.(*events.HirePlaced)
		if i%10 != 9 {
			o.seats++
			o.add(e, want)
			continue
		}
		d.Post = o.post("spare", 0)
		switch i / 10 % 11 {
		case 0:
			want, d.Who = "person_placed", o.list[i-1].Data.(*events.HirePlaced).Who
		case 1:
			want, d.Post, d.Seat = "seat_taken", o.post("p", (o.seats-1)/benchSeats), (o.seats-1)%benchSeats+1
		case 2:
			want, e.ID = "id_reused", o.list[i-2].ID
		case 3:
			want, d.Identity.IDNumber = "age_outside", "37021119900101001"+string(idnumber.Check("37021119900101001"))
		case 4:
			want, d.Post = "unknown_post", o.post("none", i)
		case 5:
			want, d.Publicity.Until = "publicity_short", d.Publicity.From+1
		case 6:
			want, e.Division = "not_entitled", "370000000000"
		case 7:
			want, d.Until = "term_too_long", d.From.AddMonths(400)
		case 8:
			want, d.Agreement.Signed = "agreement_late", d.From+1
		case 9:
			want, d.Identity.IDNumber = "invalid_id_number", d.Identity.IDNumber[:17]+"?"
		default:
			want, d.Post = contested, o.post("c", o.pairs/benchSeats)
			d.Who = identified((o.number/2+100)*1_000_000 + o.pairs)
			o.pairs++
		}
		o.add(e, want)
	}
}

func (o *office) add(e *events.Event, want string) {
	o.list, o.want = append(o.list, e), append(o.want, want)
}

func (o *office) post(kind string, n int) string { return fmt.Sprintf("%s-%s%05d", o.village, kind, n) }

func (o *office) hire(i, who, post int) *events.Event {
	e := hired(fmt.Sprintf("h-%06d", i), identified(who), 0, onDuty)
	e.Source, e.Division, e.Data.(*events.HirePlaced).Post = "/agency/"+o.name, o.village, o.post("p", post)
	return e
}

// posts returns the posts that the hires need.
func (o *office) posts() (list []*events.Event) {
	add := func(kind string, n int) {
		e := developedPost(0)
		e.ID, e.Source, e.Division = fmt.Sprintf("%s%05d", kind, n), "/agency/"+o.name, o.village
		e.Data.(*events.PostDeveloped).Post = o.post(kind, n)
		list = append(list, e)
	}
	add("spare", 0)
	for n := range o.seats/benchSeats + 1 {
		add("p", n)
	}
	for n := range o.pairs/benchSeats + 1 {
		add("c", n)
	}
	return list
}

// Goal: of 100,000 hires from 50 agencies at once, a tenth contradictory, exactly the
// consistent ones are accepted. Each refusal has its code, receipts come in the order
// of the events, no person is on two posts, and no seat has two people. Method: the
// hires go over HTTP with the token of each agency, in bodies of 500 lines. Of two
// agencies that hire the same person one succeeds. The log is recounted at the end.
// There are 4,400 hires, and 100,000 with MUSTER_LONG=1.
func TestAgenciesInParallel(t *testing.T) {
	total := 4_400
	if os.Getenv("MUSTER_LONG") != "" {
		total = 100_000
	}
	offices, file := enrolAgencies(t, 50)
	var posts []*events.Event
	for _, o := range offices {
		o.hires(total / len(offices))
		posts = append(posts, o.posts()...)
	}
	server, closed := startTestDeployment(t, nil, func(c *Config) { c.Auth = file })
	defer closed()
	server.take(t, posts)

	answers := make([]map[string]string, len(offices)) // for each office, by the index of the event: the code of the refusal, empty if accepted
	took := inParallel(offices, func(o *office) { answers[o.number] = o.submit(t, server.url) })
	t.Logf("%d hires in %.1f s", total, took.Seconds())
	if t.Failed() {
		return
	}
	taken, winners := map[string]bool{}, map[int]int{}
	for _, o := range offices {
		for i, e := range o.list {
			key := fmt.Sprint(o.name, " ", e.ID, " ", i)
			switch got, want := answers[o.number][fmt.Sprint(i)], o.want[i]; {
			case want == contested && got == "":
				winners[o.number/2]++
				taken[e.Source+" "+e.ID] = true
			case want == contested && got == "person_placed":
			case got != want:
				t.Errorf("%s: %q, want %q", key, got, want)
			case want == "":
				taken[e.Source+" "+e.ID] = true
			}
		}
	}
	for pair, n := range winners {
		if n != offices[2*pair].pairs {
			t.Errorf("agencies %d and %d: %d of %d contested people are in place", 2*pair, 2*pair+1, n, offices[2*pair].pairs)
		}
	}
	recount(t, server.log, taken)
}

// enrolAgencies makes n agencies, each of a county, and the access file that lists
// them.
func enrolAgencies(t *testing.T, n int) (offices []*office, file string) {
	t.Helper()
	table, err := division.Shandong()
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "agencies.json")
	var list access.File
	seen := map[string]bool{}
	for c := range table.Under("") {
		county := c.At(division.County).Prefix()
		if c.Level() != division.Village || seen[county] || len(offices) == n {
			continue
		}
		seen[county] = true
		name := county + "-rsj"
		secret, token := access.NewToken(time.Now(), time.Time{})
		list.Agencies = append(list.Agencies, access.Agency{Account: access.Account{Name: name, Division: county, Tokens: access.Tokens{token}}})
		offices = append(offices, &office{name: name, token: secret, village: c, number: len(offices)})
	}
	if err := access.Edit(file, func(f *access.File) error { *f = list; return nil }); err != nil {
		t.Fatal(err)
	}
	return offices, file
}

// submit submits the hires of an office over HTTP. It returns the answer to each hire
// by its index: empty if it was accepted, or the code of the refusal.
func (o *office) submit(t *testing.T, url string) map[string]string {
	const lines = 500
	answers := map[string]string{}
	last := log.Position{}
	for at := 0; at < len(o.list); at += lines {
		part := o.list[at:min(at+lines, len(o.list))]
		var body []byte
		for _, e := range part {
			raw, err := e.Append(nil)
			if err != nil {
				t.Error(err)
				return nil
			}
			body = append(append(body, raw...), '\n')
		}
		receipts, again := submission{url: url, token: o.token}.send(t, body)
		if len(receipts) != len(part) {
			t.Errorf("%s: %d receipts for %d events", o.name, len(receipts), len(part))
			return nil
		}
		for i, r := range receipts {
			code := ""
			switch {
			case r.ID != part[i].ID:
				t.Errorf("%s: receipt %d is of %s, want %s", o.name, at+i, r.ID, part[i].ID)
			case r.Status == events.Rejected:
				code = string(r.Reasons[0].Code)
			case !again && (r.Status != events.Accepted || r.Position.Compare(last) <= 0):
				t.Errorf("%s: event %d is %s at %s, the one before at %s", o.name, at+i, r.Status, r.Position, last)
			default:
				last = r.Position
			}
			answers[fmt.Sprint(at+i)] = code
		}
	}
	return answers
}

// recount reads the log. The hires in it must be the ones that were accepted, and must
// not contradict each other.
func recount(t *testing.T, l log.Log, taken map[string]bool) {
	t.Helper()
	people, seats, found := map[events.Person]string{}, map[string]string{}, 0
	for c, err := range l.Read(t.Context(), log.Position{}, log.Filter{Boundary: events.Hire.Boundary()}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range c.Events {
			e, err := events.Decode(raw)
			if err != nil {
				t.Fatal(err)
			}
			d, ok := e.Data.(*events.HirePlaced)
			if !ok {
				continue
			}
			found++
			key, seat := e.Source+" "+e.ID, fmt.Sprintf("%s/%d", d.Post, d.Seat)
			if !taken[key] {
				t.Errorf("%s is in the log and was not taken", key)
			}
			if other := people[d.Person]; other != "" {
				t.Errorf("a person is on duty by %s and by %s", other, key)
			}
			if other := seats[seat]; other != "" || d.Seat < 1 || d.Seat > benchSeats {
				t.Errorf("seat %s is taken by %q and by %s", seat, other, key)
			}
			if strings.TrimPrefix(e.Source, "/agency/") != e.AuthID {
				t.Errorf("%s was submitted by %s", key, e.AuthID)
			}
			people[d.Person], seats[seat] = key, key
		}
	}
	if found != len(taken) {
		t.Errorf("%d hires in the log, %d were taken", found, len(taken))
	}
}
