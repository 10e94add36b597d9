package command

import (
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log/memlog"
)

// Goal: a refusal names the event in the books that it speaks of by source and id, in both
// languages. Method: a decider that cites an event, which is in the log or in the same body.
func TestCitations(t *testing.T) {
	l := memlog.New()
	d := start(t, l)
	submit(t, d, take("1", "a", 1))
	submit(t, d, take("2", "b", 2))
	citing := func(n uint32) events.Reasons {
		return events.Refusal("taken", "data", events.Say("the same, %s, twice: %[1]s", "相同，%s，两次：%[1]s", Cite(n)))
	}
	for n, id := range map[uint32]string{1: "1", 2: "2"} {
		refused := citing(n)
		if err := d.fillCitations(t.Context(), refused); err != nil {
			t.Fatal(err)
		}
		en, zh := "reported by /agency/local under id "+id, "由/agency/local以编号"+id+"报送"
		if got := refused[0].Detail; got != "the same, "+en+", twice: "+en {
			t.Errorf("%d: %q", n, got)
		}
		if got := refused[0].DetailZH; got != "相同，"+zh+"，两次："+zh {
			t.Errorf("%d: %q", n, got)
		}
	}
	plain := events.Refusal("taken", "data", events.Say("nothing is cited", "未引用"))
	if err := d.fillCitations(t.Context(), plain); err != nil || strings.ContainsAny(plain[0].Detail, citationBegin+citationEnd) {
		t.Errorf("%v, %v", plain, err)
	}
}
