package gateway

import (
	"bytes"
	"strings"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/services/gateway/admission"
)

// exitWithNote is the exit of a person with what the clerk wrote.
func exitWithNote(id string, i int, note string) *events.Event {
	return event(id, &events.ExitRecorded{
		Who: events.Who{Identity: &events.Identity{IDNumber: number(i)}}, Post: "p-1", On: civil.MustDate("2022-06-10"), Kind: "natural", Code: "N1", Note: note,
	})
}

// Goal: what people write of a person is sealed in the log with the person. Who may reveal can read it,
// and nobody after the person was erased. A code stays as it is.
func TestFreeTextsAreSealed(t *testing.T) {
	f := newFixture(t)
	person := f.submit(t, admission.Local(), hire(1), hire(2))[0].Person
	const note, reason = "王小1随女儿迁往外地", "王小2的离岗报错了"
	f.submit(t, admission.Local(), exitWithNote("x-1", 1, note), exitWithNote("x-2", 2, "moved_away"),
		event("w-1", &events.EventWithdrawn{Of: events.ExitRecordedType, ID: "x-2", Reason: reason}))
	exits, raw := f.records(t, events.Exit)
	if bytes.Contains(bytes.Join(raw, nil), []byte("王小")) {
		t.Errorf("the log holds a text in clear: %s", raw)
	}
	sealed := exits[0].Data.(*events.ExitRecorded).Note
	if !events.IsSealed(sealed) || exits[1].Data.(*events.ExitRecorded).Note != "moved_away" {
		t.Errorf("the notes are %q and %q", sealed, exits[1].Data.(*events.ExitRecorded).Note)
	}
	if again := f.submit(t, admission.Local(), exitWithNote("x-1", 1, note))[0]; again.Status != events.Duplicate {
		t.Errorf("sent again: %+v", again)
	}
	withdrawn := exits[2].Data.(*events.EventWithdrawn).Reason
	told, err := f.Reveal(t.Context(), admission.Local(), person, Wish{Texts: []string{sealed, withdrawn}, Purpose: "audit"})
	if err != nil || len(told.Fields) != 2 || told.Fields[0].Text != note || told.Fields[1].Text != reason {
		t.Errorf("revealed %+v, %v", told, err)
	}
	other := f.vault.Find(nil, number(2))[0]
	for name, w := range map[string]Wish{
		"of somebody else": {Texts: []string{sealed}, Purpose: "audit"}, "not sealed": {Texts: []string{"moved_away"}, Purpose: "audit"},
		"damaged": {Texts: []string{sealed[:len(sealed)-8]}, Purpose: "audit"},
	} {
		if _, err := f.Reveal(t.Context(), admission.Local(), other, w); err == nil || !strings.Contains(err.Error(), "texts") {
			t.Errorf("a text %s: %v", name, err)
		}
	}
	if _, err := f.vault.Erase(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	if _, err := f.vault.OpenText(t.Context(), other, events.Sealed(sealed)); err == nil {
		t.Error("the text of somebody who was erased opens")
	}
}
