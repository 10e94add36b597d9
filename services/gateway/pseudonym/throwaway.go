package pseudonym

import (
	"context"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/services/gateway/vault"
)

// A Throwaway replaces the identities of events and writes nothing to the vault.
// People whom the vault does not know get a pseudonym that lives as long as the
// Throwaway, so that two events about one of them are seen to be about the same
// person. Account numbers and sealed texts are left out.
//
// It is a [Directory] that extends the one of the vault. It is not safe for
// concurrent use.
type Throwaway struct {
	acquaintances
	stakes []stake
}

// NewThrowaway returns a Throwaway that knows the people of a directory.
func NewThrowaway(d Directory) *Throwaway { return &Throwaway{acquaintances: acquaintancesOf(d)} }

// Invented reports whether a pseudonym was made here. Nobody will know it again,
// so no answer may show it.
func (t *Throwaway) Invented(p events.Person) bool {
	_, invented := t.numbers[p]
	return invented
}

// Resolve replaces the identities of events and returns for each event why it is
// refused, nil if it is not. It does not fail.
func (t *Throwaway) Resolve(_ context.Context, list []*events.Event) ([]events.Reasons, error) {
	refused := make([]events.Reasons, len(list))
	for i, e := range list {
		if events.Identifies(e) {
			refused[i] = t.reidentify(e)
			continue
		}
		refused[i] = t.resolveEvent(e.Data)
		events.ClearPrivate(e.Data)
	}
	return refused, nil
}

func (t *Throwaway) resolveEvent(d events.Data) events.Reasons {
	if events.Introduces(d) {
		number := d.About().Identity.IDNumber
		parsed, err := idnumber.Parse(number)
		if err != nil {
			return invalidNumber(err)
		}
		*d.About() = events.Who{Person: t.introduce(number, parsed)}
	}
	if events.AdmitsStrangers(d) {
		t.meetStrangers(d.PersonLines())
	}
	if refused := replaceNumbers(t, d); refused != nil {
		return refused
	}
	if refused := replaceSecond(t, d); refused != nil {
		return refused
	}
	if needsProfile(d) {
		p := vault.Profile{Person: d.About().Person}
		p.Birth, p.Female, _ = t.Birth(p.Person)
		completePayload(d, p)
	}
	return nil
}

// introduce returns the pseudonym of an identity number, and makes one if there is
// none.
func (t *Throwaway) introduce(number string, parsed idnumber.Number) events.Person {
	p := t.Find(nil, number)[0]
	if p == (events.Person{}) {
		p = uuid.New()
		t.add(number, parsed, p)
	}
	return p
}

// meetStrangers makes the people of lines known here.
func (t *Throwaway) meetStrangers(lines events.PersonLines) {
	for i := range lines.Len() {
		if number := *lines.IDNumber(i); number != "" {
			if parsed, err := idnumber.Parse(number); err == nil {
				t.introduce(number, parsed)
			}
		}
	}
}
