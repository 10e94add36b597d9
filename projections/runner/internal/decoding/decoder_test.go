package decoding

import (
	"fmt"
	"slices"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/projections/agency"
	"github.com/muster-works/muster/projections/view"
)

// Goal: a digest, and so the state that is hashed of it, follows from its commit alone:
// whatever its digester has seen before and however its maps spread names, which
// differs from one to the next, each agency is in it once. Method: commits of exits of
// few and of many agencies in turn; each digested by a digester of its own, and by one
// that digests them all, in both orders.
func TestDigestsAreOfTheirCommits(t *testing.T) {
	type size struct{ agencies, first int }
	name := func(s size, i int) string { return fmt.Sprintf("%d-rsj", 370000+s.first+i%s.agencies) }
	commit := func(s size) log.Commit {
		c := log.Commit{ID: fmt.Sprint(s)}
		for i := range 3 * s.agencies {
			data := &events.ExitRecorded{Who: events.Who{Person: events.Person{1}}, Post: "post", On: civil.MustDate("2022-05-01"), Kind: "natural", Code: "N1"}
			e := events.Event{ID: fmt.Sprint("e-", i), Source: "/agency/" + name(s, i), Type: data.Type(), Division: "370211102231",
				AuthType: "token", AuthID: name(s, i), CorrelationID: "c", PolicyVersion: "p", Digest: "00112233445566778899aabbccddeeff",
				Data: data}
			raw, err := e.Append(nil)
			if err != nil {
				t.Fatal(err)
			}
			c.Events = append(c.Events, raw)
		}
		return c
	}
	views := []view.View{agency.View()}
	sizes := []size{{20, 0}, {600, 0}, {20, 7}, {600, 300}, {3, 5}}
	var commits []log.Commit
	for _, s := range sizes {
		commits = append(commits, commit(s))
	}
	digestBy := func(g *Decoder, c log.Commit) *Commit {
		d := &Commit{Commit: c}
		if err := g.Decode(d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	forward, back := NewDecoder(views, nil), NewDecoder(views, nil)
	var seen, again []*Commit
	for i := range commits {
		seen = append(seen, digestBy(forward, commits[i]))
		again = append(again, digestBy(back, commits[len(commits)-1-i]))
	}
	slices.Reverse(again)
	for i, c := range commits {
		want := digestBy(NewDecoder(views, nil), c)
		for _, got := range []*Commit{seen[i], again[i]} {
			if got.Hash != want.Hash || !slices.Equal(got.Agencies, want.Agencies) || !slices.Equal(got.Cells, want.Cells) || !slices.Equal(got.Contributions, want.Contributions) {
				t.Errorf("commit %d is another one after others", i)
			}
		}
		for j, x := range want.Decoded {
			from, cell := want.Agencies[x.Agency-1], want.Cells[want.Contributions[j].Cell-1][view.Agency]
			if is := name(sizes[i], j); from != is || cell != is {
				t.Fatalf("commit %d, event %d of %s: agency %s, cell of %s", i, j, is, from, cell)
			}
		}
	}
	for i, s := range sizes {
		if n, cells := len(seen[i].Agencies), len(seen[i].Cells); n != s.agencies || cells != s.agencies {
			t.Errorf("commit %d: %d agencies are there %d times, their cells %d", i, s.agencies, n, cells)
		}
	}
}
