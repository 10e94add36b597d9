package events_test

import (
	"testing"

	"github.com/muster-works/muster/events"
)

func TestSay(t *testing.T) {
	where := events.Say("in Qingdao", "在青岛")
	for name, c := range map[string]struct {
		got  events.Sentence
		want events.Sentence
	}{
		"without operands":     {events.Say("at 100 %", "为100%"), events.Sentence{EN: "at 100 %", ZH: "为100%"}},
		"in another order":     {events.Say("seat %d of %s", "%[2]s的第%[1]d个名额", 2, "P1"), events.Sentence{EN: "seat 2 of P1", ZH: "P1的第2个名额"}},
		"a sentence within it": {events.Say("is in place %s", "%s在岗", where), events.Sentence{EN: "is in place in Qingdao", ZH: "在青岛在岗"}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("%+v, want %+v", c.got, c.want)
			}
		})
	}
	r := events.Refusal("seat_taken", "data.seat", where)[0].In(events.Chinese)
	if r.Detail != "在青岛" || r.DetailZH != "" {
		t.Errorf("in Chinese: %+v", r)
	}
	older := events.Reason{Code: "seat_taken", Field: "data.seat", Detail: "is taken"} // from a service of a version before
	if r := older.In(events.Chinese); r.Detail != "is taken" {
		t.Errorf("without a Chinese form: %+v", r)
	}
}
